/**
 * Commands that wait for the wallet, and which of them go into the next transaction.
 *
 * A batch is of the usual size at most. While all goes well each full one doubles it, up to the
 * largest, so that a deep queue is worked off in few transactions: how long one takes hardly depends
 * on how many blobs are in it. When the chain is congested or gas runs out it is halved, and grows
 * again slowly.
 */
import { toHex } from "../../../shared/bytes/text.ts";
import {
  BATCH_BYTES_MAX,
  BATCH_COMMANDS_MAX,
  BATCH_FRAME_BYTES_MAX,
  WALLET_BATCH_DEFAULT,
  WALLET_BATCH_GROWTH,
  WALLET_BATCH_MAX,
} from "../../../shared/limits.ts";
import { COMMANDS_PER_REGISTRATION } from "../../../shared/sui/transactions.ts";
import { attributesTransactionBytes } from "./attribute-budget.ts";
import type { WalletCommand, WalletReply } from "./commands.ts";

/** One command and those who wait for its answer. */
export class Waiting {
  readonly command: WalletCommand;
  readonly #reply = Promise.withResolvers<WalletReply>();
  #isAnswered = false;
  #given: WalletReply | null = null;

  constructor(command: WalletCommand) {
    this.command = command;
  }

  get reply(): Promise<WalletReply> {
    return this.#reply.promise;
  }

  /** Whether it has its answer; one that is not final ends this asking, not the command. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  /** The answer, once it has one; a breakdown is none. */
  get given(): WalletReply | null {
    return this.#given;
  }

  answer(reply: WalletReply): void {
    this.#isAnswered = true;
    this.#given = reply;
    this.#reply.resolve(reply);
  }

  /** The wallet broke down. */
  fail(error: unknown): void {
    this.#isAnswered = true;
    this.#reply.reject(error);
  }
}

/** The queue of one wallet. */
export class CommandQueue {
  readonly #batchMax: number;
  #batchSize: number;
  /** A transaction was too much in this life of the wallet: what was doubled would be too much again. */
  #growsSlowly = false;
  #waiting: Waiting[] = [];
  readonly #byId = new Map<string, Waiting>();

  /**
   * @param batchMax Most commands of any batch; the usual size is `WALLET_BATCH_DEFAULT`, or this.
   * @throws {RangeError} When `batchMax` is not 1 to `WALLET_BATCH_MAX`.
   */
  constructor(batchMax: number) {
    if (!Number.isInteger(batchMax) || batchMax < 1 || batchMax > WALLET_BATCH_MAX) {
      throw new RangeError(
        `Cannot batch commands: expected 1 to ${WALLET_BATCH_MAX}, got ${batchMax}`,
      );
    }
    this.#batchMax = batchMax;
    this.#batchSize = Math.min(WALLET_BATCH_DEFAULT, batchMax);
  }

  /** Most commands of the next batch, where so many wait. */
  get batchSize(): number {
    return this.#batchSize;
  }

  /** What a deep queue may raise it to. */
  get batchSizeAhead(): number {
    return this.#growsSlowly ? this.#batchSize : this.#batchMax;
  }

  /** The command the next batch begins with. */
  get head(): WalletCommand | null {
    return this.#waiting[0]?.command ?? null;
  }

  get length(): number {
    return this.#waiting.length;
  }

  /** Registrations that wait for a transaction. */
  get registerCount(): number {
    return this.#waiting.filter(({ command }) => command.kind === "register").length;
  }

  /** Appends a command; the same one, where it waits or is being done, is not taken twice. */
  add(command: WalletCommand): Waiting {
    const known = this.#byId.get(command.id);
    if (known !== undefined) return known;
    const waiting = new Waiting(command);
    this.#waiting.push(waiting);
    this.#byId.set(command.id, waiting);
    return waiting;
  }

  /** Commands that would go into the next transaction now, but for what its bytes allow. */
  get nextSize(): number {
    const { head } = this;
    if (head === null || !isBatched(head)) return this.#waiting.length > 0 ? 1 : 0;
    return Math.min(this.#fitting(head).length, this.#batchSize);
  }

  /** Whether more commands could join the next batch. */
  get hasRoom(): boolean {
    const { head } = this;
    return head !== null && isBatched(head) && this.nextSize < this.#batchSize;
  }

  /** Takes the first command and those that can share its transaction. */
  take(): readonly Waiting[] {
    const [head] = this.#waiting;
    if (head === undefined) return [];
    const taken = isBatched(head.command)
      ? fittingRoom(this.#fitting(head.command).slice(0, this.#batchSize))
      : [head];
    this.#waiting = this.#waiting.filter((each) => !taken.includes(each));
    return taken;
  }

  /** Those taken have their answers. */
  done(taken: readonly Waiting[]): void {
    for (const { command } of taken) this.#byId.delete(command.id);
  }

  /** A transaction of `sentCount` commands was too much: the next ones have half of that at most. */
  shrink(sentCount: number): void {
    const tooMany = Math.min(this.#batchSize, sentCount);
    this.#batchSize = Math.max(1, Math.floor(tooMany / 2));
    this.#growsSlowly = true;
  }

  /** A transaction of `sentCount` commands went well: if it was full, the next ones may be larger. */
  grow(sentCount: number): void {
    const wasFull = sentCount >= this.#batchSize;
    if (!wasFull && this.#batchSize >= WALLET_BATCH_DEFAULT) return;
    const step = wasFull && !this.#growsSlowly ? this.#batchSize : WALLET_BATCH_GROWTH;
    this.#batchSize = Math.min(this.#batchMax, this.#batchSize + step);
  }

  /**
   * Commands of the same kind. A blob is certified by one of them; and registrations of the same
   * content, whose objects nobody can tell apart, have the same attributes.
   */
  #fitting({ kind }: WalletCommand): Waiting[] {
    const certified = new Set<string>();
    const attributes = new Map<string, string>();
    return this.#waiting.filter(({ command }) => {
      if (command.kind !== kind) return false;
      if (command.kind === "register") {
        const content = toHex(command.blobId);
        const own = JSON.stringify(command.attributes ?? []);
        const known = attributes.get(content) ?? own;
        attributes.set(content, known);
        return own === known;
      }
      if (command.kind !== "certify") return true;
      const isFirst = !certified.has(command.blobObjectId);
      certified.add(command.blobObjectId);
      return isFirst;
    });
  }
}

/** Most bytes one registration or certification takes besides attributes, with room to spare. */
const TRANSACTION_BYTES_PER_COMMAND = 600;

/** The first of them that go into one transaction together; at least one. */
function fittingRoom(batch: readonly Waiting[]): readonly Waiting[] {
  let commands = 0;
  let bytes = BATCH_FRAME_BYTES_MAX;
  const beyond = batch.findIndex(({ command }, index) => {
    const attributes = command.kind === "register" ? (command.attributes ?? []) : [];
    commands += COMMANDS_PER_REGISTRATION + attributes.length;
    bytes += TRANSACTION_BYTES_PER_COMMAND + attributesTransactionBytes(attributes);
    return index > 0 && (commands > BATCH_COMMANDS_MAX || bytes > BATCH_BYTES_MAX);
  });
  return beyond === -1 ? batch : batch.slice(0, beyond);
}

function isBatched({ kind }: WalletCommand): boolean {
  return kind === "register" || kind === "certify";
}
