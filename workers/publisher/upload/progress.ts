/**
 * Which nodes of the committee have confirmed or failed: two bitmaps, one row. Pure.
 *
 * For whoever watches an upload; nothing is decided by it.
 */
import { signersBitmap, signersOfBitmap } from "../../../shared/protocol/signers.ts";

/** The state of all nodes of one fan-out. */
export interface NodeProgress {
  readonly memberCount: number;
  readonly confirmed: Uint8Array<ArrayBuffer>;
  readonly failed: Uint8Array<ArrayBuffer>;
}

/** Numbers for people. */
export interface ProgressCounts {
  readonly nodes: number;
  readonly confirmed: number;
  readonly failed: number;
  readonly pending: number;
}

/** Nobody has answered yet. */
export function emptyProgress(memberCount: number): NodeProgress {
  return {
    memberCount,
    confirmed: signersBitmap([], memberCount),
    failed: signersBitmap([], memberCount),
  };
}

/** The same with one node's state replaced: a node that failed may confirm in a later round. */
export function withNode(
  progress: NodeProgress,
  memberIndex: number,
  state: "confirmed" | "failed",
): NodeProgress {
  const members = (bitmap: Uint8Array) => signersOfBitmap(bitmap, progress.memberCount) ?? [];
  const change = (bitmap: Uint8Array<ArrayBuffer>, isIn: boolean) => {
    const others = members(bitmap).filter((each) => each !== memberIndex);
    return signersBitmap(isIn ? [...others, memberIndex] : others, progress.memberCount);
  };
  return {
    memberCount: progress.memberCount,
    confirmed: change(progress.confirmed, state === "confirmed"),
    failed: change(progress.failed, state === "failed"),
  };
}

/** Counts both bitmaps. */
export function countProgress(progress: NodeProgress): ProgressCounts {
  const confirmed = signersOfBitmap(progress.confirmed, progress.memberCount)?.length ?? 0;
  const failed = signersOfBitmap(progress.failed, progress.memberCount)?.length ?? 0;
  return {
    nodes: progress.memberCount,
    confirmed,
    failed,
    pending: progress.memberCount - confirmed - failed,
  };
}
