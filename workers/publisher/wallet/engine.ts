/**
 * The wallet: takes commands, puts what can share a transaction into one, and has each paid for once.
 *
 * One transaction at a time. Everything it needs is a port, so that a test can stop it between any
 * two steps and go on with a new engine over the same journal, as a Durable Object does after a
 * crash.
 */
import {
  BATCH_BYTES_MAX,
  WALLET_ALARM_MS,
  WALLET_BATCH_MAX,
  WALLET_CALL_WAIT_MS,
  WALLET_FATE_EXPECTED_MS,
  WALLET_JOURNAL_TTL_MS,
  WALLET_LOOK_PAUSE_MAX_MS,
  WALLET_LOOK_PAUSE_MS,
  WALLET_QUEUE_BATCHES,
} from "../../../shared/limits.ts";
import { err } from "../../../shared/result.ts";
import { type Signer, transactionDigest } from "../../../shared/sui/signer.ts";
import { buildTransaction, transactionBytes } from "../../../shared/sui/transactions.ts";
import { BatchWindow } from "./batch-window.ts";
import { commandFlaw, fingerprintOf } from "./check-command.ts";
import {
  isFinalFailure,
  type MainWalletRpc,
  type WalletCommand,
  type WalletFailure,
  type WalletReply,
  type WalletStatus,
} from "./commands.ts";
import type { Refill } from "./draft.ts";
import { Funds, readHoldings } from "./funds.ts";
import {
  type JournalEntry,
  pendingEntry,
  replyOf,
  type SignedTransaction,
  withFailure,
  withReply,
} from "./journal.ts";
import type { Need, Offer } from "./offer.ts";
import { type Prepared, prepare, type PreparedTransaction } from "./prepare.ts";
import { PromisedStorage } from "./promised-storage.ts";
import { CommandQueue, type Waiting } from "./queue.ts";
import { RefillWish } from "./refill-wish.ts";
import { settle, type Settled, type SettlementPorts } from "./settlement.ts";

/** What a wallet is made of. */
export interface WalletPorts extends SettlementPorts {
  readonly signer: Signer;
  /** When an address is low, and whom the main wallet refills then. */
  readonly refill?: Refill | undefined;
  /** The main wallet, which refills this one; absent in the main one itself. */
  readonly main?: Pick<MainWalletRpc, "run"> | undefined;
  /** Most registrations or certifications in one transaction; `WALLET_BATCH_MAX` unless given. */
  readonly batchMax?: number | undefined;
  /** Sets the alarm, durable with the writes before it. */
  readonly wakeAt: (atMs: number) => Promise<void>;
}

/** A wallet over its journal. */
export interface WalletEngine {
  run(command: WalletCommand): Promise<WalletReply>;
  offer(need: Need): Promise<Offer>;
  /** Goes on with every transaction whose fate is unknown; `true` when none is left. */
  resume(): Promise<boolean>;
  /** What the alarm does: resumes, forgets what is old, and comes again while something is left. */
  alarm(): Promise<void>;
  status(): WalletStatus;
}

export function createWallet(ports: WalletPorts): WalletEngine {
  return new Engine(ports);
}

/** Commands under way together, and how it went so far. */
interface Batch {
  readonly waiting: readonly Waiting[];
  readonly deadlineMs: number;
  /** After a culprit was removed the rest is sent whole once; after that it is halved. */
  readonly lostCulprit: boolean;
}

class Engine implements WalletEngine {
  readonly #ports: WalletPorts;
  readonly #queue: CommandQueue;
  /** Batches and resumptions, one after another: the tail of the queue. */
  #tail: Promise<unknown> = Promise.resolve();
  readonly #window: BatchWindow;
  readonly #funds: Funds;
  readonly #refills: RefillWish;
  /** When the transaction that is under way was taken up in this life. */
  #underWay: { readonly digest: string; readonly sinceMs: number } | null = null;
  #resuming: Promise<boolean> | null = null;

  constructor(ports: WalletPorts) {
    const { chain, signer, clock, timer } = ports;
    this.#ports = ports;
    this.#queue = new CommandQueue(ports.batchMax ?? WALLET_BATCH_MAX);
    const { address } = signer;
    const storage = new PromisedStorage(clock, () => chain.listOwnedStorage(address));
    this.#funds = new Funds(clock, () => readHoldings(chain, address), storage);
    const offeredCount = () => this.#funds.offeredCount;
    this.#window = new BatchWindow({ clock, timer, queue: this.#queue, offeredCount });
    this.#refills = new RefillWish(ports, (command) => this.run(command));
  }

  async run(command: WalletCommand): Promise<WalletReply> {
    const flaw = commandFlaw(command);
    if (flaw !== null) return err({ kind: "invalid-command", detail: flaw });
    // Set before anything is signed: whatever kills this call, the alarm goes on with its journal.
    await this.#wakeLater();
    const { journal } = this.#ports;
    const fingerprint = fingerprintOf(command);
    const known = journal.get(command.id);
    if (known !== null && known.fingerprint !== fingerprint) {
      return err({ kind: "id-reused", id: command.id });
    }
    const answered = replyOf(known);
    if (answered !== null) return answered;
    if (known === null) journal.put(pendingEntry(command.id, fingerprint));
    const waiting = this.#queue.add(command);
    if (command.kind === "register") {
      this.#funds.keep(command.id);
      const release = () => this.#funds.release(command.id);
      waiting.reply.then(release, release);
    }
    this.#window.came(command);
    // A turn for each command: the first takes what it can, the last finds nothing left.
    this.#inTurn(() => this.#work()).catch(() => undefined);
    return waiting.reply;
  }

  async offer(need: Need): Promise<Offer> {
    const { id, costFrost, evenIfFull = false, space, onlyIntoFreeStorage = false } = need;
    if (this.#ports.journal.get(id) !== null) return { kind: "taken" };
    const txDigest = this.#hangingDigest();
    if (txDigest !== null) {
      this.resume().catch(() => undefined);
      return { kind: "refused", failure: { kind: "wallet-busy", txDigest } };
    }
    const waiting = this.#queue.registerCount + this.#funds.offeredCount;
    const isFull = waiting >= WALLET_QUEUE_BATCHES * this.#queue.batchSizeAhead;
    if (!evenIfFull && isFull) return { kind: "full", waiting };
    const fitting =
      space !== undefined && (await this.#funds.offerStorage(id, space)) ? space : null;
    if (onlyIntoFreeStorage && fitting === null) return { kind: "no-free-storage" };
    const failure = await this.#funds.offer(id, fitting?.writeFrost ?? costFrost);
    this.#refills.whenLow(this.#funds.held);
    return failure === null ? { kind: "taken" } : { kind: "refused", failure };
  }

  resume(): Promise<boolean> {
    this.#resuming ??= this.#inTurn(
      async () => (await this.#settleOpen(this.#deadline())) === null,
    ).finally(() => {
      this.#resuming = null;
    });
    return this.#resuming;
  }

  async alarm(): Promise<void> {
    const isResolved = await this.resume();
    this.#ports.journal.collect(this.#ports.clock.nowMs() - WALLET_JOURNAL_TTL_MS);
    if (!isResolved) await this.#wakeLater();
  }

  status(): WalletStatus {
    const { journal, signer } = this.#ports;
    const unresolved = journal
      .open()
      .flatMap(({ digest, members }) => members.map(({ id }) => ({ id, txDigest: digest })));
    const queueLength = this.#queue.length;
    return { address: signer.address, unresolved, queueLength, ...journal.spending() };
  }

  /** A transaction of unknown fate: left by an earlier life, or under way for too long. */
  #hangingDigest(): string | null {
    const [digest] = this.#ports.journal.openDigests();
    if (digest === undefined) return null;
    const isExpected =
      this.#underWay?.digest === digest &&
      this.#ports.clock.nowMs() - this.#underWay.sinceMs < WALLET_FATE_EXPECTED_MS;
    return isExpected ? null : digest;
  }

  #wakeLater(): Promise<void> {
    return this.#ports.wakeAt(this.#ports.clock.nowMs() + WALLET_ALARM_MS);
  }

  #deadline(): number {
    return this.#ports.clock.nowMs() + WALLET_CALL_WAIT_MS;
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(task, task);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  /** Carries out the next batch of the queue, if there is any. */
  async #work(): Promise<void> {
    if (this.#queue.length === 0) return;
    await this.#window.close();
    const waiting = this.#queue.take();
    const deadlineMs = this.#deadline();
    try {
      const open = await this.#settleOpen(deadlineMs);
      if (open === null) await this.#carryOut({ waiting, deadlineMs, lostCulprit: false });
      else this.#answerBlocked(waiting, open);
    } catch (error) {
      for (const each of waiting) each.fail(error);
    } finally {
      this.#queue.done(waiting);
      this.#window.ended(waiting.flatMap(({ given }) => given ?? []));
      this.#refills.afterWork();
    }
  }

  /** Resolves what was left open before; the first transaction that stays open. */
  async #settleOpen(deadlineMs: number): Promise<SignedTransaction | null> {
    for (const signed of this.#ports.journal.open()) {
      if ((await settle(this.#ports, signed, deadlineMs)).kind === "unknown") return signed;
    }
    return null;
  }

  #answerBlocked(waiting: readonly Waiting[], { digest, members }: SignedTransaction): void {
    for (const each of this.#unanswered(waiting)) {
      const isMember = members.some(({ id }) => id === each.command.id);
      each.answer(err({ kind: isMember ? "fate-unknown" : "wallet-busy", txDigest: digest }));
    }
  }

  /** Sends a batch until every command of it is answered. */
  async #carryOut(batch: Batch): Promise<void> {
    for (;;) {
      const waiting = this.#unanswered(batch.waiting);
      if (waiting.length === 0) return;
      if (waiting.length > this.#queue.batchSize) return this.#inHalves({ ...batch, waiting });
      const prepared = await this.#prepare(waiting);
      if (!prepared.ok) {
        // Money may suffice for some of them.
        if (waiting.length > 1 && isShortage(prepared.failure)) {
          return this.#inHalves({ ...batch, waiting });
        }
        return this.#refuse(waiting, prepared.failure);
      }
      this.#take(waiting, prepared.value);
      const { transaction } = prepared.value;
      if (transaction === null) continue;
      const signed = await this.#sign(transaction);
      if (signed.bytes.length > BATCH_BYTES_MAX && transaction.members.length > 1) {
        return this.#inHalves({ ...batch, waiting });
      }
      if (this.#ports.journal.isBooked(signed.digest)) {
        // An RPC node that is behind shows the coins that paid for it: sent again it would pay nothing.
        const next = await this.#afterRefusal(waiting, "stale-object", batch.deadlineMs);
        if (next === "again") continue;
        return;
      }
      this.#ports.journal.begin(signed);
      // Durable before it is sent: after a crash the same bytes are sent, never others.
      await this.#ports.journal.sync();
      this.#underWay = { digest: signed.digest, sinceMs: this.#ports.clock.nowMs() };
      const settled = await settle(this.#ports, signed, batch.deadlineMs);
      // Exact amounts are read again when somebody asks for them.
      this.#funds.forget();
      const next = await this.#afterSettling({ ...batch, waiting }, signed, settled);
      if (next === "stop") return;
      if (next === "halve") return this.#inHalves({ ...batch, waiting });
      if (next === "without-culprit") return this.#carryOut({ ...batch, lostCulprit: true });
    }
  }

  async #inHalves(batch: Batch): Promise<void> {
    const waiting = this.#unanswered(batch.waiting);
    const middle = Math.ceil(waiting.length / 2);
    for (const half of [waiting.slice(0, middle), waiting.slice(middle)]) {
      // One that stays open holds up the rest.
      const open = await this.#settleOpen(batch.deadlineMs);
      if (open === null) await this.#carryOut({ ...batch, waiting: half });
      else this.#answerBlocked(half, open);
    }
  }

  async #afterSettling(
    { waiting, deadlineMs, lostCulprit }: Batch,
    { digest }: SignedTransaction,
    settled: Settled,
  ): Promise<"again" | "halve" | "without-culprit" | "stop"> {
    switch (settled.kind) {
      case "done":
        this.#queue.grow(waiting.length);
        return "again";
      case "unknown":
        for (const each of this.#unanswered(waiting)) {
          each.answer(err({ kind: "fate-unknown", txDigest: digest }));
        }
        return "stop";
      case "dead":
        return this.#afterRefusal(waiting, settled.refusal, deadlineMs);
      case "failed":
        if (settled.after.kind === "bisect") return "halve";
        if (settled.after.kind === "blame") return lostCulprit ? "halve" : "without-culprit";
        if (settled.after.fewer) this.#queue.shrink(waiting.length);
        return "again";
    }
  }

  /** Waits before the next attempt, which reads the chain again; stops when that is no use. */
  async #afterRefusal(
    waiting: readonly Waiting[],
    detail: string,
    deadlineMs: number,
  ): Promise<"again" | "halve" | "stop"> {
    if (detail === "invalid") {
      if (waiting.length > 1) return "halve";
      this.#refuse(waiting, { kind: "rejected", reason: "invalid", detail });
      return "stop";
    }
    if (this.#ports.clock.nowMs() + WALLET_LOOK_PAUSE_MAX_MS >= deadlineMs) {
      const call = "executeTransaction";
      const failure = { kind: "rpc-refused", call, code: "FAILED_PRECONDITION", detail } as const;
      this.#refuse(waiting, { kind: "chain", failure });
      return "stop";
    }
    await this.#ports.timer.sleep(WALLET_LOOK_PAUSE_MS);
    return "again";
  }

  #prepare(waiting: readonly Waiting[]): ReturnType<typeof prepare> {
    const { chain, signer, treasury, main, refill = null } = this.#ports;
    const attempts = waiting.map(({ command }) => this.#entry(command.id).attempts);
    return prepare(
      waiting.map(({ command }) => command),
      {
        chain,
        address: signer.address,
        gasFactor: 2n ** BigInt(Math.max(...attempts)),
        refill: main === undefined ? refill : null,
        allowanceAt: (ledgerMs) => treasury.allowance(ledgerMs),
      },
    );
  }

  /** Gives the answers that needed no transaction. */
  #take(waiting: readonly Waiting[], { answers }: Prepared): void {
    for (const each of waiting) {
      const { id } = each.command;
      const answer = answers.get(id);
      if (answer === undefined) continue;
      if (answer.ok || isFinalFailure(answer.failure)) {
        this.#ports.journal.put(withReply(this.#entry(id), answer));
      }
      each.answer(answer);
    }
  }

  #refuse(waiting: readonly Waiting[], failure: WalletFailure): void {
    for (const each of waiting) {
      if (isFinalFailure(failure)) {
        this.#ports.journal.put(withFailure(this.#entry(each.command.id), failure));
      }
      each.answer(err(failure));
    }
  }

  async #sign(prepared: PreparedTransaction): Promise<SignedTransaction> {
    const { terms, step, ownedInputs, members, signedAtMs } = prepared;
    const bytes = await transactionBytes(buildTransaction(terms, step));
    return {
      digest: transactionDigest(bytes),
      bytes,
      signature: await this.#ports.signer.sign(bytes),
      expirationEpoch: terms.expirationEpoch,
      signedAtMs,
      ownedInputs,
      members,
    };
  }

  /** Gives their answers to those the journal has one for; the others. */
  #unanswered(waiting: readonly Waiting[]): readonly Waiting[] {
    return waiting.filter((each) => {
      if (each.isAnswered) return false;
      const answer = replyOf(this.#entry(each.command.id));
      if (answer !== null) each.answer(answer);
      return answer === null;
    });
  }

  #entry(id: string): JournalEntry {
    const entry = this.#ports.journal.get(id);
    if (entry === null) throw new TypeError(`Cannot run: expected ${id} in the journal`);
    return entry;
  }
}

function isShortage({ kind }: WalletFailure): boolean {
  return kind === "insufficient-wal" || kind === "insufficient-sui";
}
