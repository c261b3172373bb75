/**
 * What a Fill object does, over ports: reads of the same cold content that share their node requests.
 *
 * It stores nothing and holds nothing but what its present callers are reading; whoever comes when
 * they have left finds it in the cache (`read-again.ts`). Many may live in one isolate: each reserves
 * the isolate's working memory.
 */
import { blobGeometry, type RowSpan } from "../../../shared/nodes/read-geometry.ts";
import { openColumns } from "../../../shared/nodes/read-columns.ts";
import { openRows } from "../../../shared/nodes/read-rows.ts";
import { FOUND_HOLD_MS } from "../../../shared/limits.ts";
import type { BytePipe } from "../../../shared/platform-streams.ts";
import { ok, type Result } from "../../../shared/result.ts";
import type { WorkingMemory } from "../../../shared/working-memory.ts";
import type { AggregatorFailure } from "../failure-to-problem.ts";
import { type FoundBlob, learnBlob } from "../learn-blob.ts";
import { type Standing, UNPROVEN } from "../learn-standing.ts";
import type { NetworkView } from "../network-view.ts";
import { readWindows } from "../column-windows.ts";
import type { AggregatorServices } from "../services.ts";
import type { ColumnSpan, FillJob, FillRpc, FoundByFill } from "./fill.ts";
import { sendRows } from "./frames.ts";
import { columnsAgain, rowsAgain } from "./read-again.ts";
import { SegmentFill } from "./segment-fill.ts";

/** What an object gives its engine. */
export interface FillPorts {
  /** Services of one call, with six requests in flight of its own. */
  readonly services: () => AggregatorServices;
  readonly memory: WorkingMemory;
  /** Lets work outlive a call. */
  readonly background: (work: Promise<void>) => void;
  /** A pipe that neither takes nor keeps what is written to it. */
  readonly pipe: () => BytePipe;
}

/** One object: a segment, or a span of columns, of one blob, or its opening. */
export class FillEngine implements FillRpc {
  readonly #ports: FillPorts;
  readonly #segment: SegmentFill;
  #finding: Promise<Result<FoundBlob, AggregatorFailure>> | null = null;
  #columns: Promise<Result<readonly Uint8Array[], AggregatorFailure>> | null = null;
  /** Columns were given to somebody. */
  #hasGivenColumns = false;
  #standing: Promise<Standing> = Promise.resolve(UNPROVEN);

  constructor(ports: FillPorts) {
    this.#ports = ports;
    this.#segment = new SegmentFill(ports.memory);
  }

  /** See `FillRpc.rows`. */
  rows(job: FillJob, span: RowSpan): Promise<ReadableStream<Uint8Array>> {
    const services = this.#ports.services();
    const { unencodedBytes, shardCount } = job.metadata;
    const geometry = blobGeometry(unencodedBytes, shardCount);
    const { given } = this.#segment;
    const rows = this.#segment.rows(
      (withoutMemory) => {
        const options = { lane: services.lane, withoutMemory };
        const reader = openRows(services, job.committees, job.metadata, options);
        if (!reader.ok || given === "nothing") return reader;
        return ok(rowsAgain(services, job, reader.value, given === "all"));
      },
      geometry,
      span,
    );
    return Promise.resolve(this.#sent(rows));
  }

  /** See `FillRpc.columns`. */
  columns(job: FillJob, span: ColumnSpan): Promise<ReadableStream<Uint8Array>> {
    this.#columns ??= this.#readColumns(job, span).finally(() => {
      this.#columns = null;
    });
    return Promise.resolve(this.#sent(eachOf(this.#columns)));
  }

  /** The rows as frames of a stream, while they come. */
  #sent(rows: Parameters<typeof sendRows>[0]): ReadableStream<Uint8Array> {
    const { readable, writable } = this.#ports.pipe();
    this.#ports.background(sendRows(rows, writable));
    return readable;
  }

  async #readColumns(
    job: FillJob,
    span: ColumnSpan,
  ): Promise<Result<readonly Uint8Array[], AggregatorFailure>> {
    const services = this.#ports.services();
    const cached = this.#hasGivenColumns ? await columnsAgain(services, job, span) : null;
    if (cached !== null) return ok(cached);
    const reader = openColumns(services, job.committees, job.metadata);
    // Whoever came first may leave: the others still want them, so no client's signal ends it.
    const { signal } = new AbortController();
    const read = await readWindows(span, (columnIndex) => reader.column(columnIndex, signal));
    this.#hasGivenColumns ||= read.ok;
    return read;
  }

  /** See `FillRpc.find`. */
  async find(
    view: NetworkView,
    blobId: Uint8Array,
  ): Promise<Result<FoundByFill, AggregatorFailure>> {
    this.#finding ??= this.#learn(view, blobId);
    const found = await this.#finding;
    if (!found.ok) return found;
    const { standing, ...rest } = found.value;
    this.#standing = standing;
    return ok(rest);
  }

  /** What was found is told for a moment more: until it has reached the cache, which waits for Standing. */
  async #learn(
    view: NetworkView,
    blobId: Uint8Array,
  ): Promise<Result<FoundBlob, AggregatorFailure>> {
    const { services: open, background } = this.#ports;
    const services = open();
    let held: Promise<unknown> | null = null;
    try {
      const found = await learnBlob(services, view, blobId, undefined);
      if (found.ok) held = found.value.standing.then(() => services.timer.sleep(FOUND_HOLD_MS));
      return found;
    } finally {
      const forget = () => {
        this.#finding = null;
      };
      if (held === null) forget();
      else background(held.then(forget));
    }
  }

  /** See `FillRpc.standing`. */
  standing(): Promise<Standing> {
    return this.#standing;
  }
}

/** Shared columns one by one, or the failure. */
async function* eachOf(
  columns: Promise<Result<readonly Uint8Array[], AggregatorFailure>>,
): AsyncGenerator<Result<Uint8Array, AggregatorFailure>> {
  const read = await columns;
  if (!read.ok) return yield read;
  for (const column of read.value) yield ok(column);
}
