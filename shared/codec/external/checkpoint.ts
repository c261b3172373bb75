/**
 * How far the work on a blob larger than memory has come, as plain JSON.
 *
 * Written by one invocation and read by another, so what comes back is checked against the plan
 * it names before anything is done with it.
 */
import { encodingParameters, symbolBytesFor } from "../parameters.ts";
import { dataRowCount, type ExternalPlan, groupAt, groupCountOf } from "./plan.ts";

/** The state between two steps. */
export interface ExternalCheckpoint {
  readonly version: 1;
  readonly plan: ExternalPlan;
  /** Rows whose parity is in scratch, from the first on. */
  readonly ingestedRows: number;
  /** Groups whose digests (and columns) are in scratch, ascending. */
  readonly finishedGroups: readonly number[];
}

/** Nothing done yet. */
export function firstCheckpoint(plan: ExternalPlan): ExternalCheckpoint {
  return { version: 1, plan, ingestedRows: 0, finishedGroups: [] };
}

/** The groups that are left, ascending. */
export function openGroups({ plan, finishedGroups }: ExternalCheckpoint): number[] {
  const finished = new Set(finishedGroups);
  return Array.from({ length: groupCountOf(plan) }, (_, index) => index).filter(
    (groupIndex) => !finished.has(groupIndex),
  );
}

/** Bytes of rows and columns expanded so far: a measure of the work, about six times the blob in all. */
export function expandedBytesDone({
  plan,
  ingestedRows,
  finishedGroups,
}: ExternalCheckpoint): number {
  const columnCount = finishedGroups.reduce(
    (total, groupIndex) => total + groupAt(plan, groupIndex).columnCount,
    0,
  );
  return (ingestedRows + columnCount) * plan.shardCount * plan.symbolBytes;
}

/** A checkpoint with one more group, which may have been finished elsewhere. */
export function withGroup(checkpoint: ExternalCheckpoint, groupIndex: number): ExternalCheckpoint {
  const finishedGroups = [...new Set([...checkpoint.finishedGroups, groupIndex])].sort(
    (left, right) => left - right,
  );
  return { ...checkpoint, finishedGroups };
}

/**
 * Checks a checkpoint that was stored.
 *
 * @throws {TypeError} When it is none of this version, or contradicts itself.
 */
export function assertCheckpoint(checkpoint: ExternalCheckpoint): void {
  const { version, plan, ingestedRows, finishedGroups } = checkpoint;
  if (version !== 1) {
    throw new TypeError(
      `Cannot resume: expected a checkpoint of version 1, got ${String(version)}`,
    );
  }
  assertPlan(plan);
  if (!isCount(ingestedRows, 0, dataRowCount(plan))) {
    throw new TypeError(`Cannot resume: expected ingested rows, got ${ingestedRows}`);
  }
  const last = groupCountOf(plan) - 1;
  if (!finishedGroups.every((groupIndex) => isCount(groupIndex, 0, last))) {
    throw new TypeError(
      `Cannot resume: expected groups up to ${last}, got ${finishedGroups.join()}`,
    );
  }
}

/**
 * Checks a plan that was stored.
 *
 * @throws {TypeError} When it is not a plan for its own blob.
 */
export function assertPlan(plan: ExternalPlan): void {
  const { unencodedBytes, shardCount, symbolBytes, rowsTogether, columnsTogether } = plan;
  const { primaryCount } = encodingParameters(shardCount);
  const expected = symbolBytesFor(unencodedBytes, shardCount);
  const isPowerOfTwo = (columnsTogether & (columnsTogether - 1)) === 0;
  const isSound =
    expected.ok &&
    expected.value === symbolBytes &&
    isCount(rowsTogether, 1, primaryCount) &&
    isCount(columnsTogether, 1, 2 * shardCount) &&
    isPowerOfTwo &&
    isCount(plan.pieceBytes, 1, Number.MAX_SAFE_INTEGER);
  if (!isSound) {
    throw new TypeError(`Cannot resume: expected a plan of its blob, got ${JSON.stringify(plan)}`);
  }
}

function isCount(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
