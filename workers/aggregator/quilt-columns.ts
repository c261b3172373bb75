/**
 * The columns of an open quilt, from the tiers or the storage nodes, each verified.
 *
 * A patch lies in consecutive columns and the index in the first ones; only these are fetched.
 */
import { columnKey } from "../../shared/cache/keys.ts";
import { decodeQuiltIndex, type QuiltIndex } from "../../shared/codec/index.ts";
import { PATCH_COLUMNS_WINDOW } from "../../shared/limits.ts";
import { type ColumnReader, columnShape, openColumns } from "../../shared/nodes/read-columns.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { metadataOf, type OpenBlob } from "./open-blob.ts";
import type { AggregatorServices } from "./services.ts";
import type { TierName } from "./tiers.ts";
import { keepVerified, readVerified } from "./verified-store.ts";

/** Columns of a quilt. */
export interface Columns {
  readonly columns: readonly Uint8Array[];
  /** Where they came from; `null` when a storage node was asked for any. */
  readonly tier: TierName | null;
}

/** Reads columns of one quilt; the nodes are asked only where the tiers have nothing. */
export interface QuiltReader {
  /** S */
  readonly columnCount: number;
  /** C */
  readonly columnBytes: number;
  read(
    startIndex: number,
    endIndex: number,
    signal: AbortSignal,
  ): Promise<Result<Columns, AggregatorFailure>>;
}

/** Opens a blob as a quilt; a blob that does not fill its matrix is none. */
export function openQuilt(
  services: AggregatorServices,
  blob: OpenBlob,
): Result<QuiltReader, AggregatorFailure> {
  const { unencodedBytes, shardCount } = blob.entry;
  const shape = columnShape(unencodedBytes, shardCount);
  if (unencodedBytes !== shape.columnCount * shape.columnBytes) {
    return err({ kind: "patch-not-found", what: "not-a-quilt" });
  }
  let reader: Promise<Result<ColumnReader, AggregatorFailure>> | undefined;

  async function column(
    columnIndex: number,
    signal: AbortSignal,
  ): Promise<Result<{ bytes: Uint8Array; tier: TierName | null }, AggregatorFailure>> {
    const key = columnKey(blob, columnIndex);
    const hit = await readVerified(services, key, shape.columnBytes);
    if (hit !== null) return ok({ bytes: hit.value, tier: hit.tier });
    reader ??= openReader(services, blob, signal);
    const opened = await reader;
    if (!opened.ok) return opened;
    const read = await opened.value.column(columnIndex, signal);
    if (!read.ok) return read;
    keepVerified(services, key, read.value);
    return ok({ bytes: read.value, tier: null });
  }

  return ok({
    ...shape,
    async read(startIndex, endIndex, signal) {
      const columns: Uint8Array[] = [];
      const tiers = new Set<TierName | null>();
      for (let index = startIndex; index < endIndex; index += PATCH_COLUMNS_WINDOW) {
        const count = Math.min(PATCH_COLUMNS_WINDOW, endIndex - index);
        const window = Array.from({ length: count }, (_, offset) => column(index + offset, signal));
        for (const read of await Promise.all(window)) {
          if (!read.ok) return read;
          columns.push(read.value.bytes);
          tiers.add(read.value.tier);
        }
      }
      const tier = tiers.has(null) ? null : tiers.has("kv") ? "kv" : "edge";
      return ok({ columns, tier });
    },
  });
}

/** Reads the quilt's table of contents. */
export async function readIndex(
  quilt: QuiltReader,
  signal: AbortSignal,
): Promise<Result<{ index: QuiltIndex; tier: TierName | null }, AggregatorFailure>> {
  const first = await quilt.read(0, 1, signal);
  if (!first.ok) return first;
  const { columns, tier } = first.value;
  const index = decodeQuiltIndex(columns);
  if (index.ok) return ok({ index: index.value, tier });
  if (index.failure.kind !== "quilt-columns-missing") return notAQuilt();
  const { columnCount } = index.failure;
  const rest = await quilt.read(1, columnCount, signal);
  if (!rest.ok) return rest;
  const whole = decodeQuiltIndex([...columns, ...rest.value.columns]);
  return whole.ok ? ok({ index: whole.value, tier: rest.value.tier }) : notAQuilt();
}

async function openReader(
  services: AggregatorServices,
  blob: OpenBlob,
  signal: AbortSignal,
): Promise<Result<ColumnReader, AggregatorFailure>> {
  const metadata = await metadataOf(services, blob, signal);
  if (!metadata.ok) return metadata;
  return ok(openColumns(services, blob.committees, metadata.value));
}

function notAQuilt(): Result<never, AggregatorFailure> {
  return err({ kind: "patch-not-found", what: "not-a-quilt" });
}
