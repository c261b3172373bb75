/**
 * Collects storage confirmations until they weigh a quorum. Pure.
 *
 * A confirmation counts only when its message is, byte for byte, the one we expect; its signature
 * is checked later, in one piece with the others. A message that differs only in its epoch says that
 * the network has moved on, or that the node has yet to. Source: `walrus-core messages/storage_confirmation.rs`,
 * `walrus-sdk node_client.rs::collect_confirmations`.
 */
import { equalBytes } from "../bytes/arrays.ts";
import type { SignatureShare } from "../protocol/certificate.ts";
import { memberAt, type Committee, weightOf } from "../protocol/committee.ts";
import type { SignedMessage } from "./client.ts";

/** What became of a confirmation. */
export type ConfirmationVerdict =
  | "counted"
  | "repeated"
  /** The network has moved on. */
  | "later-epoch"
  /** The node has yet to follow the chain. */
  | "earlier-epoch"
  | "other-message";

const SIGNATURE_BYTES = 96;
const EPOCH_OFFSET = 3;
const EPOCH_BYTES = 4;

/** The confirmations of one blob in one epoch. */
export class ConfirmationCollector {
  readonly #committee: Committee;
  readonly #message: Uint8Array;
  readonly #signatures = new Map<number, Uint8Array>();
  readonly #later = new Set<number>();

  constructor(committee: Committee, expectedMessage: Uint8Array) {
    this.#committee = committee;
    this.#message = expectedMessage;
  }

  /** Shards behind the counted signatures. */
  get weight(): number {
    return weightOf(this.#committee, this.#signatures.keys());
  }

  /** Shards of the members that sign for a later epoch. */
  get laterEpochWeight(): number {
    return weightOf(this.#committee, this.#later);
  }

  /** Counted signatures in the order they came. */
  get signatures(): SignatureShare[] {
    return Array.from(this.#signatures, ([memberIndex, signature]) => ({ memberIndex, signature }));
  }

  /**
   * Takes the confirmation of one member.
   *
   * @throws {RangeError} When the committee has no such member.
   */
  add(memberIndex: number, signed: SignedMessage): ConfirmationVerdict {
    memberAt(this.#committee, memberIndex);
    if (this.#signatures.has(memberIndex)) return "repeated";
    if (!equalBytes(signed.message, this.#message)) {
      if (!this.#isOfOtherEpoch(signed.message)) return "other-message";
      if (epochOf(signed.message) < epochOf(this.#message)) return "earlier-epoch";
      this.#later.add(memberIndex);
      return "later-epoch";
    }
    if (signed.signature.length !== SIGNATURE_BYTES) return "other-message";
    this.#signatures.set(memberIndex, signed.signature);
    return "counted";
  }

  /** Takes back signatures that turned out not to verify. */
  drop(memberIndices: readonly number[]): void {
    for (const memberIndex of memberIndices) this.#signatures.delete(memberIndex);
  }

  #isOfOtherEpoch(message: Uint8Array): boolean {
    if (message.length !== this.#message.length) return false;
    const shifted = message.slice();
    shifted.set(this.#message.subarray(EPOCH_OFFSET, EPOCH_OFFSET + EPOCH_BYTES), EPOCH_OFFSET);
    return equalBytes(shifted, this.#message);
  }
}

function epochOf(message: Uint8Array): number {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  return view.getUint32(EPOCH_OFFSET, true);
}
