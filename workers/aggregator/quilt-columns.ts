/**
 * The columns of an open quilt, from the tiers or the storage nodes, each verified.
 *
 * A patch lies in consecutive columns and the index in the first ones; only these are fetched.
 */
import { decodeQuiltIndex, type QuiltIndex } from "../../shared/codec/index.ts";
import { HeldMemory } from "../../shared/held-memory.ts";
import { PATCH_BYTES_MAX } from "../../shared/limits.ts";
import { type ColumnShape, columnShape } from "../../shared/nodes/read-columns.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";
import { takeInTime } from "./memory-in-time.ts";
import type { OpenBlob } from "./open-blob.ts";
import { readSpan, type SpanColumns } from "./read-span.ts";
import type { AggregatorServices } from "./services.ts";
import type { TierName } from "./tiers.ts";
import { checkingEveryDigest } from "./verified-store.ts";

/** Columns of a quilt. */
export interface Columns extends SpanColumns {
  /**
   * Memory for the columns and as much again for what is taken out of them (which passes last): whoever
   * has read them gives it back.
   */
  readonly held: HeldMemory;
}

/**
 * Reads columns of one quilt, at most `PATCH_BYTES_MAX` at once; the nodes are asked only where the
 * tiers have nothing.
 */
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
  /** Reads the same and checks the digest of all that is cached: for columns that make no sense. */
  doubting(): QuiltReader;
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
  return ok(columnsOf(services, blob, shape));
}

function columnsOf(services: AggregatorServices, blob: OpenBlob, shape: ColumnShape): QuiltReader {
  return {
    ...shape,
    doubting: () => columnsOf(checkingEveryDigest(services), blob, shape),
    async read(startIndex, endIndex, signal) {
      const bytesHeld = (endIndex - startIndex) * shape.columnBytes;
      if (bytesHeld > PATCH_BYTES_MAX)
        return err({ kind: "patch-too-large", patchBytes: bytesHeld });
      // The columns, and what is taken out of them.
      const held = new HeldMemory(services.workingMemory, bytesHeld, bytesHeld);
      if (!(await takeInTime(services, held, signal))) return err({ kind: "overloaded" });
      const span = { startIndex, endIndex };
      const reading = readSpan({ services, blob, shape, span, signal });
      const read = await reading.catch((error: unknown) => {
        held.release();
        throw error;
      });
      if (!read.ok) held.release();
      return read.ok ? ok({ ...read.value, held }) : read;
    },
  };
}

type ReadIndex = Result<{ index: QuiltIndex; tier: TierName | null }, AggregatorFailure>;

/** Reads the quilt's table of contents. */
export async function readIndex(quilt: QuiltReader, signal: AbortSignal): Promise<ReadIndex> {
  const read = await readIndexOnce(quilt, signal);
  if (read.ok || read.failure.kind !== "patch-not-found") return read;
  return readIndexOnce(quilt.doubting(), signal);
}

async function readIndexOnce(quilt: QuiltReader, signal: AbortSignal): Promise<ReadIndex> {
  const first = await quilt.read(0, 1, signal);
  if (!first.ok) return first;
  const { columns, tier, held } = first.value;
  try {
    const index = decodeQuiltIndex(columns);
    if (index.ok) return ok({ index: index.value, tier });
    if (index.failure.kind !== "quilt-columns-missing") return notAQuilt();
    const { columnCount } = index.failure;
    // A small network's blobs have fewer columns than an index may take.
    if (columnCount > quilt.columnCount) return notAQuilt();
    // Given back before more is asked for.
    held.release();
    return await readWholeIndex(quilt, columnCount, columns, signal);
  } finally {
    held.release();
  }
}

async function readWholeIndex(
  quilt: QuiltReader,
  columnCount: number,
  known: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<ReadIndex> {
  const rest = await quilt.read(known.length, columnCount, signal);
  if (!rest.ok) return rest;
  const { columns, tier, held } = rest.value;
  try {
    const whole = decodeQuiltIndex([...known, ...columns]);
    return whole.ok ? ok({ index: whole.value, tier }) : notAQuilt();
  } finally {
    held.release();
  }
}

function notAQuilt(): Result<never, AggregatorFailure> {
  return err({ kind: "patch-not-found", what: "not-a-quilt" });
}
