/**
 * How a read joins the Fill object that others share: by blob and segment, and by blob for what must
 * be known before the first row.
 */
import type { RowSpan } from "../../../shared/nodes/read-geometry.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { AggregatorFailure } from "../failure-to-problem.ts";
import type { FoundBlob } from "../learn-blob.ts";
import type { NetworkView } from "../network-view.ts";
import type { ColumnSpan, FillJob, FillRpc } from "./fill.ts";
import { type RowPlace, rowsOf } from "./frames.ts";

/** A blob and the segment of it that rows are wanted of. */
export interface WantedRows {
  /** 43 characters. */
  readonly id: string;
  readonly job: FillJob;
  readonly segmentIndex: number;
  readonly span: RowSpan;
  readonly place?: RowPlace;
}

/** Columns of a blob that are wanted. */
export interface WantedColumns {
  /** 43 characters. */
  readonly id: string;
  readonly job: FillJob;
  readonly span: ColumnSpan;
}

/** Reads that are shared. They reject when the object behind them is lost. */
export interface Fills {
  /**
   * Verified rows in order, each in a place of the caller's or a buffer that nobody else holds; a
   * failure is the last thing that is yielded. Asked for at once.
   */
  rows(wanted: WantedRows): AsyncGenerator<Result<Uint8Array, AggregatorFailure>>;
  /** Verified columns in order; a failure is the last thing that is yielded. */
  columns(wanted: WantedColumns): AsyncGenerator<Result<Uint8Array, AggregatorFailure>>;
  /** Finds a blob. */
  find(
    view: NetworkView,
    id: string,
    blobId: Uint8Array,
  ): Promise<Result<FoundBlob, AggregatorFailure>>;
}

/** The part of a namespace of Durable Objects that is used. */
export interface FillNamespace {
  getByName(name: string): FillRpc;
}

/** Fills over Durable Objects. */
export function createFills(namespace: FillNamespace): Fills {
  return {
    rows({ id, job, segmentIndex, span, place }) {
      const name = `${id}/${job.metadata.shardCount}/${segmentIndex}`;
      const stream = namespace.getByName(name).rows(job, span);
      // Whoever reads is told; when nobody comes to read there is nobody to tell.
      stream.catch(() => undefined);
      return later(stream, place);
    },
    columns({ id, job, span }) {
      const columns = `${span.startIndex}-${span.endIndex}`;
      const name = `${id}/${job.metadata.shardCount}/columns/${columns}`;
      const stream = namespace.getByName(name).columns(job, span);
      stream.catch(() => undefined);
      return later(stream);
    },
    async find(view, id, blobId) {
      const object = namespace.getByName(`${id}/opening`);
      const found = await object.find(view, blobId);
      if (!found.ok) return found;
      return ok({ ...found.value, standing: object.standing() });
    },
  };
}

async function* later(
  stream: Promise<ReadableStream<Uint8Array>>,
  place?: RowPlace,
): AsyncGenerator<Result<Uint8Array, AggregatorFailure>> {
  yield* rowsOf(await stream, place);
}
