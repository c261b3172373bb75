/**
 * Consecutive columns of an open blob: from the tiers, and what these do not have from the nodes, by
 * this request alone or through the Fill object that it shares with others who read the same ones.
 *
 * The memory for them is the caller's to reserve.
 */
import { columnKey } from "../../shared/cache/keys.ts";
import {
  type ColumnReader,
  type ColumnShape,
  openColumns,
} from "../../shared/nodes/read-columns.ts";
import { type Committees, readCommittees } from "../../shared/protocol/epoch.ts";
import { ok, type Result } from "../../shared/result.ts";
import { readWindows } from "./column-windows.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import type { ColumnSpan } from "./fill/fill.ts";
import { movedOn } from "./network-view.ts";
import { metadataOf, type OpenBlob } from "./open-blob.ts";
import type { AggregatorServices } from "./services.ts";
import type { TierHit, TierName } from "./tiers.ts";
import { readVerified, sealAndKeep } from "./verified-store.ts";

/** Columns and where they came from. */
export interface SpanColumns {
  readonly columns: readonly Uint8Array[];
  /** `null` when a storage node was asked for any. */
  readonly tier: TierName | null;
}

type Bytes = Result<readonly Uint8Array[], AggregatorFailure>;

/** One read of columns. */
export interface SpanRead {
  readonly services: AggregatorServices;
  readonly blob: OpenBlob;
  readonly shape: ColumnShape;
  readonly span: ColumnSpan;
  readonly signal: AbortSignal;
}

/** Reads the columns of the span, in order. */
export async function readSpan(read: SpanRead): Promise<Result<SpanColumns, AggregatorFailure>> {
  const { services, blob, span } = read;
  let hits = await lookUp(read);
  let first = hits.indexOf(null);
  if (first < 0) return ok(cached(hits));
  const key = `${columnKey(blob, span.startIndex)}-${span.endIndex}`;
  const { filling } = services.remembered;
  const fetch = filling.enter(key) ? fetchShared : fetchAlone;
  let isOver = false;
  try {
    // Looking up many takes a while: somebody may have been at it, and have cached them since.
    if ((await lookUpOne(read, span.startIndex + first)) !== null) {
      hits = await lookUp(read);
      first = hits.indexOf(null);
      if (first < 0) return ok(cached(hits));
    }
    const startIndex = span.startIndex + first;
    const missing = { startIndex, endIndex: span.startIndex + hits.lastIndexOf(null) + 1 };
    const fetched = await fetch({ ...read, span: missing });
    if (!fetched.ok) return fetched;
    // Until they are cached others join in.
    services.background(keep(read, missing, fetched.value).finally(() => filling.leave(key, true)));
    isOver = true;
    const columns = hits.map((hit, offset) => hit?.value ?? fetched.value[offset - first]);
    return ok({ columns: columns.filter((column) => column !== undefined), tier: null });
  } finally {
    if (!isOver) filling.leave(key, !read.signal.aborted);
  }
}

async function lookUp(read: SpanRead): Promise<readonly (TierHit | null)[]> {
  const found = await readWindows<TierHit | null, never>(read.span, async (index) =>
    ok(await lookUpOne(read, index)),
  );
  return found.ok ? found.value : [];
}

function lookUpOne({ services, blob, shape }: SpanRead, index: number): Promise<TierHit | null> {
  return readVerified(services, columnKey(blob, index), shape.columnBytes);
}

function cached(hits: readonly (TierHit | null)[]): SpanColumns {
  const tier = hits.some((hit) => hit?.tier === "kv") ? "kv" : "edge";
  return { columns: hits.flatMap((hit) => hit?.value ?? []), tier };
}

/** Caches the columns, unless somebody is at it or was until a moment ago. */
async function keep(
  { services, blob }: SpanRead,
  { startIndex, endIndex }: ColumnSpan,
  columns: readonly Uint8Array[],
): Promise<void> {
  const { keeping } = services.remembered;
  const key = `${columnKey(blob, startIndex)}-${endIndex}`;
  const isKept = keeping.enter(key);
  try {
    if (isKept) return;
    const kept = columns.map((column, offset) =>
      sealAndKeep(services, columnKey(blob, startIndex + offset), column),
    );
    await Promise.all(kept);
  } finally {
    // Not done, as far as others are told: who comes within a moment has nothing to keep.
    keeping.leave(key, isKept);
  }
}

/** By this request alone; once more where the network has moved on. */
async function fetchAlone(read: SpanRead): Promise<Bytes> {
  const { services, blob, signal } = read;
  const first = await fetchFrom(read, blob.committees);
  if (first.ok || signal.aborted || !isMiss(first.failure)) return first;
  const moved = await movedOn(services.views, blob.view);
  return moved === null ? first : fetchFrom(read, readCommittees(moved));
}

/** Through the object that all who read them at the same time share; alone when that is lost. */
async function fetchShared(read: SpanRead): Promise<Bytes> {
  const { services, blob, span, signal } = read;
  const { fills, log } = services;
  const metadata = await metadataOf(services, blob, signal);
  if (!metadata.ok) return metadata;
  if (fills === null) return fetchAlone(read);
  const { id, committees } = blob;
  const columns: Uint8Array[] = [];
  try {
    const { purgeGeneration } = blob.entry;
    const job = { metadata: metadata.value, committees, purgeGeneration };
    for await (const column of fills.columns({ id, job, span })) {
      if (!column.ok) return isMiss(column.failure) ? await fetchAlone(read) : column;
      columns.push(column.value);
    }
    return ok(columns);
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    if (!signal.aborted) log.warn({ event: "fill.lost", blobId: id, error: cause });
    return fetchAlone(read);
  }
}

async function fetchFrom(read: SpanRead, committees: Committees): Promise<Bytes> {
  const { services, blob, span, signal } = read;
  const metadata = await metadataOf(services, blob, signal);
  if (!metadata.ok) return metadata;
  const reader: ColumnReader = openColumns(services, committees, metadata.value);
  return readWindows(span, (columnIndex) => reader.column(columnIndex, signal));
}

/** Whether other nodes may have what these did not give. */
function isMiss({ kind }: AggregatorFailure): boolean {
  return kind === "column-unavailable" || kind === "blob-not-found";
}
