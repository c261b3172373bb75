/**
 * Reads a blob row by row from the storage nodes: verified, in order, within a window of memory.
 *
 * Only the rows asked for are fetched, each from the owner of its shard; rows of padding never. More
 * than a dozen go through lanes where there are any. A row its owner does not give is rebuilt; one
 * its owner is slow with is rebuilt beside it, and the first wins. No byte leaves here before its
 * row's hash matched, and the last row's padding was seen to be zero. Source: walrus-sdk
 * `node_client/streaming.rs`.
 */
import { checkRowPadding, type Sliver, type VerifiedMetadata } from "../codec/index.ts";
import { READ_LANE_ROWS_MAX } from "../limits.ts";
import type { Committees } from "../protocol/epoch.ts";
import { err, ok, type Result } from "../result.ts";
import type { ReadFailure } from "./read-failure.ts";
import { type BlobGeometry, blobGeometry, bytesOfRows, type RowSpan } from "./read-geometry.ts";
import type { RowLane } from "./read-lanes.ts";
import type { ReadPorts } from "./read-metadata.ts";
import { askAhead, askThroughLanes, type RowDesk } from "./read-ahead.ts";
import { createRowStore, type RowStore } from "./read-store.ts";
import { type BlobReading, createReading } from "./read-sliver.ts";

/** A blob being read. What one call learns (bad nodes, a decoded blob) serves the next. */
export interface RowReader {
  readonly geometry: BlobGeometry;
  /**
   * Yields the bytes of the rows of `span` in order, the last content row cut at the blob's end;
   * a failure is the last thing it yields.
   */
  rows(span: RowSpan, signal?: AbortSignal): AsyncGenerator<Result<Uint8Array, ReadFailure>>;
}

/**
 * Whether what lies past the blob's end must be zero. `ignored` leaves what each delivered row's
 * hash says: the official `skip_consistency_check`.
 */
export type PaddingCheck = "checked" | "ignored";

/** How to read. */
export interface RowOptions {
  /** `checked` unless given. */
  readonly padding?: PaddingCheck;
  /** Where more than a dozen rows go; without it they all take this invocation's own slots. */
  readonly lane?: RowLane | null;
  /**
   * Runs work that asks for memory of its own; whoever holds some gives it back meanwhile, so that
   * nobody waits for memory while holding it.
   */
  readonly withoutMemory?: <T>(work: () => Promise<T>) => Promise<T>;
}

/**
 * Opens a blob of verified metadata for reading from `committees`.
 *
 * @returns `blob-inconsistent` when the rows past the blob's end are not the zeros they must be.
 */
export function openRows(
  ports: ReadPorts,
  committees: Committees,
  metadata: VerifiedMetadata,
  options: RowOptions = {},
): Result<RowReader, ReadFailure> {
  const { padding = "checked" } = options;
  const geometry = blobGeometry(metadata.unencodedBytes, metadata.shardCount);
  const reading = createReading(ports, committees, metadata, geometry);
  const flaw = padding === "checked" ? paddingFlaw(reading) : null;
  if (flaw !== null) return err(flaw);
  const store = createRowStore(reading, options.withoutMemory);
  return ok({
    geometry,
    rows: (span, signal) => streamRows({ reading, store, padding, options }, span, signal),
  });
}

interface RowRun {
  readonly reading: BlobReading;
  readonly store: RowStore;
  readonly padding: PaddingCheck;
  readonly options: RowOptions;
}

async function* streamRows(
  { reading, store, padding, options }: RowRun,
  span: RowSpan,
  signal: AbortSignal | undefined,
): AsyncGenerator<Result<Uint8Array, ReadFailure>> {
  const { geometry } = reading;
  const end = Math.min(span.firstRow + span.rowCount, geometry.contentRowCount);
  const { lane = null } = options;
  const throughLanes = lane !== null && end - span.firstRow > READ_LANE_ROWS_MAX;
  const desk = throughLanes
    ? askThroughLanes(reading, store, lane, span.firstRow, end, signal)
    : askAhead(reading, store, end, signal);
  try {
    for (let rowIndex = span.firstRow; rowIndex < end; rowIndex++) {
      const row = await obtain(store, desk, { rowIndex, end, signal });
      if (!row.ok) {
        yield row;
        return;
      }
      const content = contentOf(geometry, rowIndex, row.value, padding);
      yield content;
      if (!content.ok) return;
    }
  } finally {
    desk.close();
  }
}

interface Wanted {
  readonly rowIndex: number;
  /** End of the span: rows up to here are still to come. */
  readonly end: number;
  readonly signal: AbortSignal | undefined;
}

/** The row from its owner, or rebuilt once the owner has failed or is slow. */
async function obtain(
  store: RowStore,
  desk: RowDesk,
  { rowIndex, end, signal }: Wanted,
): Promise<Result<Sliver, ReadFailure>> {
  const taken = desk.take(rowIndex);
  const { answer, slow } = taken;
  const first = await Promise.race([answer, slow.then(() => "slow" as const)]);
  if (typeof first === "object") return ok(first);
  // Requests ahead may hold every slot on silent nodes; rebuilding needs the slots.
  desk.drop();
  if (first !== "slow") return store.rebuild(rowIndex, { end, isSlow: false }, signal);
  const stop = new AbortController();
  const giveUp = () => stop.abort(new DOMException("The row is not needed", "AbortError"));
  // Who has left in the very turn in which the owner was found slow is told of no more.
  if (signal?.aborted === true) giveUp();
  signal?.addEventListener("abort", giveUp, { once: true });
  const fromOwner = answer.then((sliver) => (typeof sliver === "object" ? ok(sliver) : null));
  const rebuilt = store.rebuild(rowIndex, { end, isSlow: true }, stop.signal);
  try {
    return await Promise.race([
      fromOwner.then((sliver) => sliver ?? rebuilt),
      rebuilt.then(async (result) => (result.ok ? result : ((await fromOwner) ?? result))),
    ]);
  } finally {
    signal?.removeEventListener("abort", giveUp);
    giveUp();
    taken.abort();
  }
}

/** The blob's bytes of a verified row; what follows them must be zero where that is checked. */
function contentOf(
  geometry: BlobGeometry,
  rowIndex: number,
  sliver: Sliver,
  padding: PaddingCheck,
): Result<Uint8Array, ReadFailure> {
  const { start, end } = bytesOfRows(geometry, { firstRow: rowIndex, rowCount: 1 });
  if (
    padding === "checked" &&
    !checkRowPadding(sliver.data, rowIndex, geometry.unencodedBytes).ok
  ) {
    return err(paddingAt(rowIndex));
  }
  return ok(sliver.data.subarray(0, end - start));
}

/** The rows past the blob's end are checked by their hashes; they are never fetched. */
function paddingFlaw(reading: BlobReading): ReadFailure | null {
  const checked = reading.ports.codec.checkPaddingRows(reading.metadata);
  if (checked.ok) return null;
  // Metadata was verified, so its length is encodable: what is left is the writer's doing.
  const { failure } = checked;
  return paddingAt("rowIndex" in failure ? failure.rowIndex : 0);
}

function paddingAt(rowIndex: number): ReadFailure {
  return { kind: "blob-inconsistent", what: "padding", rowIndex };
}
