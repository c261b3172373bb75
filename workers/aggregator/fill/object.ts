/**
 * `Fill`: the Durable Object through which reads of the same cold content share its node requests.
 *
 * One object is one segment, or one span of columns, of one blob, or its opening. It stores nothing and holds
 * nothing but what its present callers are reading; whoever comes when they have left finds it in
 * the cache (`read-again.ts`). Many may live in one isolate: each reserves the isolate's working
 * memory.
 */
import { DurableObject } from "cloudflare:workers";
import { blobGeometry, type RowSpan } from "../../../shared/nodes/read-geometry.ts";
import { openColumns } from "../../../shared/nodes/read-columns.ts";
import { openRows } from "../../../shared/nodes/read-rows.ts";
import { FOUND_HOLD_MS } from "../../../shared/limits.ts";
import { platformPipe } from "../../../shared/platform-streams.ts";
import { ok, type Result } from "../../../shared/result.ts";
import { isolateMemory } from "../../../shared/working-memory.ts";
import { type AggregatorEnv, createServices } from "../compose.ts";
import type { AggregatorFailure } from "../failure-to-problem.ts";
import { type FoundBlob, learnBlob } from "../learn-blob.ts";
import { type Standing, UNPROVEN } from "../learn-standing.ts";
import type { NetworkView } from "../network-view.ts";
import { readWindows } from "../column-windows.ts";
import type { ColumnSpan, FillJob, FillRpc, FoundByFill } from "./fill.ts";
import { sendRows } from "./frames.ts";
import { columnsAgain, rowsAgain } from "./read-again.ts";
import { SegmentFill } from "./segment-fill.ts";

export class Fill extends DurableObject<AggregatorEnv> implements FillRpc {
  readonly #segment = new SegmentFill(isolateMemory);
  #finding: Promise<Result<FoundBlob, AggregatorFailure>> | null = null;
  #columns: Promise<Result<readonly Uint8Array[], AggregatorFailure>> | null = null;
  /** Columns were given to somebody. */
  #hasGivenColumns = false;
  #standing: Promise<Standing> = Promise.resolve(UNPROVEN);

  /** See `FillRpc.rows`. */
  rows(job: FillJob, span: RowSpan): Promise<ReadableStream<Uint8Array>> {
    const services = this.#services();
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
    const { readable, writable } = platformPipe();
    this.ctx.waitUntil(sendRows(rows, writable));
    return readable;
  }

  async #readColumns(
    job: FillJob,
    span: ColumnSpan,
  ): Promise<Result<readonly Uint8Array[], AggregatorFailure>> {
    const services = this.#services();
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

  /** What was found is told for a moment more: until it has reached the cache. */
  async #learn(
    view: NetworkView,
    blobId: Uint8Array,
  ): Promise<Result<FoundBlob, AggregatorFailure>> {
    const services = this.#services();
    let holdMs = 0;
    try {
      const found = await learnBlob(services, view, blobId, undefined);
      if (found.ok) holdMs = FOUND_HOLD_MS;
      return found;
    } finally {
      const forget = () => {
        this.#finding = null;
      };
      if (holdMs === 0) forget();
      else this.ctx.waitUntil(services.timer.sleep(holdMs).then(forget));
    }
  }

  /** See `FillRpc.standing`. */
  standing(): Promise<Standing> {
    return this.#standing;
  }

  #services(): ReturnType<typeof createServices> {
    return createServices(this.env, (work) => this.ctx.waitUntil(work));
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
