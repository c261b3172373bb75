/**
 * Which nodes of the committee have confirmed or failed: two bitmaps, one row. Pure.
 *
 * For whoever watches an upload; nothing is decided by it.
 */
import { PROGRESS_SAVE_MS } from "../../../shared/limits.ts";
import type { Clock } from "../../../shared/ports.ts";
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

/** Writes progress down as it goes, but not for each of a hundred nodes: a row costs a millisecond. */
export class ProgressNotes {
  readonly #clock: Clock;
  readonly #write: (progress: NodeProgress) => void;
  #progress: NodeProgress;
  #savedAtMs = 0;

  /** Writes that nobody has answered yet. */
  constructor(clock: Clock, memberCount: number, write: (progress: NodeProgress) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#progress = emptyProgress(memberCount);
    this.save();
  }

  /** Notes one node. */
  note(memberIndex: number, state: "confirmed" | "failed"): void {
    this.#progress = withNode(this.#progress, memberIndex, state);
    if (this.#clock.nowMs() - this.#savedAtMs >= PROGRESS_SAVE_MS) this.save();
  }

  /** Writes what has been noted. */
  save(): void {
    this.#savedAtMs = this.#clock.nowMs();
    this.#write(this.#progress);
  }
}
