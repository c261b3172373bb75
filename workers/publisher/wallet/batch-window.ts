/**
 * How long the next batch stays open for more commands.
 *
 * A lone upload on an idle wallet is never held up. Others are waited for, at most a window, where
 * they are known to be on their way (room was offered to them, or their blobs were registered here
 * and have no certificate yet) or may well be, because registrations come in bursts. The window ends
 * early when nobody is on the way any more, or the batch can take no more. What is known is held in
 * memory only: after a crash a batch may leave a little early.
 */
import {
  WALLET_BATCH_DEFAULT,
  WALLET_BATCH_WINDOW_MS,
  WALLET_CERTIFY_EXPECTED_MS,
} from "../../../shared/limits.ts";
import type { Clock, Timer } from "../../../shared/ports.ts";
import type { WalletCommand, WalletReply } from "./commands.ts";
import type { CommandQueue } from "./queue.ts";

/** What a window needs of its wallet. */
export interface WindowPorts {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly queue: CommandQueue;
  /** Uploads that were offered room and have not sent their registration. */
  readonly offeredCount: () => number;
}

/** The window of one wallet. */
export class BatchWindow {
  readonly #ports: WindowPorts;
  /** When blobs were registered whose certificate has not come, by object ID. */
  readonly #uncertified = new Map<string, number>();
  /** When the last batch of several commands has ended. */
  #lastSharedMs = -Infinity;
  #open: AbortController | null = null;

  constructor(ports: WindowPorts) {
    this.#ports = ports;
  }

  /** A command has come: the batch may be full now, and its blob is waited for no more. */
  came(command: WalletCommand): void {
    if (command.kind === "certify") this.#uncertified.delete(command.blobObjectId);
    if (!this.#expectsMore()) this.#open?.abort();
  }

  /** A batch has ended, with these answers. */
  ended(replies: readonly WalletReply[]): void {
    const nowMs = this.#ports.clock.nowMs();
    const registered = replies.flatMap((reply) =>
      reply.ok && reply.value.kind === "registered" ? [reply.value.blob.objectId] : [],
    );
    for (const objectId of registered) this.#uncertified.set(objectId, nowMs);
    if (replies.length > 1) this.#lastSharedMs = nowMs;
  }

  /** Resolves when the next batch is to be taken. */
  async close(): Promise<void> {
    const { timer } = this.#ports;
    if (!this.#expectsMore()) return;
    const open = new AbortController();
    this.#open = open;
    try {
      await timer.sleep(WALLET_BATCH_WINDOW_MS, open.signal);
    } catch (error) {
      if (!open.signal.aborted) throw error;
    } finally {
      this.#open = null;
    }
  }

  /** Whether to wait for others that could still join the next batch. */
  #expectsMore(): boolean {
    const { queue, offeredCount } = this.#ports;
    const { head, nextSize } = queue;
    if (head === null || !queue.hasRoom) return false;
    // A certificate can only come for a blob that was registered here.
    if (head.kind === "certify") return this.#expectsCertificates();
    if (offeredCount() > 0) return true;
    return nextSize < WALLET_BATCH_DEFAULT && (nextSize > 1 || this.#isCrowded());
  }

  /** Several were served a moment ago: they may come back, or others of their kind. */
  #isCrowded(): boolean {
    return this.#ports.clock.nowMs() - this.#lastSharedMs <= WALLET_BATCH_WINDOW_MS;
  }

  #expectsCertificates(): boolean {
    const nowMs = this.#ports.clock.nowMs();
    for (const [objectId, registeredMs] of this.#uncertified) {
      if (nowMs - registeredMs > WALLET_CERTIFY_EXPECTED_MS) this.#uncertified.delete(objectId);
    }
    return this.#uncertified.size > 0;
  }
}
