/**
 * How long the next batch stays open for more commands.
 *
 * A lone upload on an idle wallet is never held up. Others are waited for, at most a window, where
 * they are known to be on their way (room was offered to them, or their blobs were registered here
 * and have no certificate yet) or may well be, because somebody else was served a moment ago. What
 * is known is held in memory only: after a crash a batch may leave a little early.
 */
import { WALLET_BATCH_WINDOW_MS, WALLET_CERTIFY_EXPECTED_MS } from "../../../shared/limits.ts";
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
  #lastBatchMs = -Infinity;
  /** The blob of the last batch, where it was a registration alone. */
  #lastAlone: string | null = null;
  #open: AbortController | null = null;

  constructor(ports: WindowPorts) {
    this.#ports = ports;
  }

  /** A command has come: the batch may be full now, and its blob is waited for no more. */
  came(command: WalletCommand): void {
    if (command.kind === "certify") this.#uncertified.delete(command.blobObjectId);
    if (!this.#ports.queue.hasRoom) this.#open?.abort();
  }

  /** A batch has ended, with these answers. */
  ended(replies: readonly WalletReply[]): void {
    const nowMs = this.#ports.clock.nowMs();
    const registered = replies.flatMap((reply) =>
      reply.ok && reply.value.kind === "registered" ? [reply.value.blob.objectId] : [],
    );
    for (const objectId of registered) this.#uncertified.set(objectId, nowMs);
    this.#lastAlone = replies.length === 1 ? (registered[0] ?? null) : null;
    this.#lastBatchMs = nowMs;
  }

  /** Resolves when the next batch is to be taken. */
  async close(): Promise<void> {
    const { queue, timer } = this.#ports;
    const { head } = queue;
    if (head === null || !queue.hasRoom || !this.#expectsMore(head)) return;
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

  #expectsMore(head: WalletCommand): boolean {
    const { clock, queue, offeredCount } = this.#ports;
    if (queue.length > 1) return true;
    const nowMs = clock.nowMs();
    const isItsOwn = head.kind === "certify" && head.blobObjectId === this.#lastAlone;
    if (nowMs - this.#lastBatchMs <= WALLET_BATCH_WINDOW_MS && !isItsOwn) return true;
    if (head.kind === "register") return offeredCount() > 0;
    for (const [objectId, registeredMs] of this.#uncertified) {
      if (nowMs - registeredMs > WALLET_CERTIFY_EXPECTED_MS) this.#uncertified.delete(objectId);
    }
    return this.#uncertified.size > 0;
  }
}
