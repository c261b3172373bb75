/**
 * The wallet: carries commands out one after another, each paid for once.
 *
 * Everything it needs is a port, so that a test can stop it between any two steps and go on with a
 * new engine over the same journal, as a Durable Object does after a crash.
 */
import {
  WALLET_ALARM_MS,
  WALLET_CALL_WAIT_MS,
  WALLET_LOOK_PAUSE_MAX_MS,
  WALLET_LOOK_PAUSE_MS,
} from "../../../shared/limits.ts";
import type { Clock, Log, Timer } from "../../../shared/ports.ts";
import { err, ok } from "../../../shared/result.ts";
import type { Chain, ExecutedTransaction } from "../../../shared/sui/chain.ts";
import { type Signer, transactionDigest } from "../../../shared/sui/signer.ts";
import { buildTransaction, transactionBytes } from "../../../shared/sui/transactions.ts";
import { commandFlaw, fingerprintOf } from "./check-command.ts";
import {
  isFinalFailure,
  type WalletCommand,
  type WalletReply,
  type WalletStatus,
} from "./commands.ts";
import { afterFailure, conclude } from "./conclude.ts";
import {
  backToPending,
  type JournalEntry,
  type JournalStore,
  pendingEntry,
  type SignedTransaction,
  withDone,
  withFailedAttempt,
  withFailure,
  withSigned,
} from "./journal.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { lookForFate } from "./settle.ts";

/** What a wallet is made of. */
export interface WalletPorts {
  readonly journal: JournalStore;
  readonly chain: Chain;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  /** Sets the alarm, durable with the writes before it. */
  readonly wakeAt: (atMs: number) => Promise<void>;
}

/** A wallet over its journal. */
export interface WalletEngine {
  run(command: WalletCommand): Promise<WalletReply>;
  /** Goes on with every transaction whose fate is unknown; `true` when none is left. */
  resume(): Promise<boolean>;
  /** What the alarm does: resumes, and comes again while something is left. */
  alarm(): Promise<void>;
  status(): WalletStatus;
}

/** Where settling an entry has led. */
type Settled =
  | { readonly kind: "done" }
  /** Another transaction may be signed. `refusal` says why, when this one never ran. */
  | { readonly kind: "pending"; readonly refusal: string | null }
  | { readonly kind: "unknown" };

const DONE: Settled = { kind: "done" };
const UNKNOWN: Settled = { kind: "unknown" };

export function createWallet(ports: WalletPorts): WalletEngine {
  return new Engine(ports);
}

class Engine implements WalletEngine {
  readonly #ports: WalletPorts;
  /** Commands and resumptions, one after another: the tail of the queue. */
  #tail: Promise<unknown> = Promise.resolve();

  constructor(ports: WalletPorts) {
    this.#ports = ports;
  }

  async run(command: WalletCommand): Promise<WalletReply> {
    const flaw = commandFlaw(command);
    if (flaw !== null) return err({ kind: "invalid-command", detail: flaw });
    // Set before anything is signed: whatever kills this call, the alarm goes on with its journal.
    await this.#wakeLater();
    return this.#inTurn(() => this.#execute(command));
  }

  resume(): Promise<boolean> {
    const { journal, clock } = this.#ports;
    return this.#inTurn(async () => {
      const deadlineMs = clock.nowMs() + WALLET_CALL_WAIT_MS;
      for (const entry of journal.doing()) await this.#settle(entry, deadlineMs);
      return journal.doing().length === 0;
    });
  }

  async alarm(): Promise<void> {
    if (!(await this.resume())) await this.#wakeLater();
  }

  #wakeLater(): Promise<void> {
    return this.#ports.wakeAt(this.#ports.clock.nowMs() + WALLET_ALARM_MS);
  }

  status(): WalletStatus {
    const { journal, signer } = this.#ports;
    const unresolved = journal
      .doing()
      .flatMap(({ id, phase }) =>
        phase.kind === "doing" ? [{ id, txDigest: phase.signed.digest }] : [],
      );
    return { address: signer.address, unresolved, ...journal.spending() };
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#tail.then(task, task);
    this.#tail = turn.catch(() => undefined);
    return turn;
  }

  async #execute(command: WalletCommand): Promise<WalletReply> {
    const fingerprint = fingerprintOf(command);
    const known = this.#ports.journal.get(command.id);
    if (known !== null && known.fingerprint !== fingerprint) {
      return err({ kind: "id-reused", id: command.id });
    }
    const answered = replyOf(known);
    if (answered !== null) return answered;
    if (known === null) this.#ports.journal.put(pendingEntry(command.id, fingerprint));
    const deadlineMs = this.#ports.clock.nowMs() + WALLET_CALL_WAIT_MS;
    const blocked = await this.#settleAll(command.id, deadlineMs);
    if (blocked !== null) return blocked;
    return this.#attempt(command, deadlineMs);
  }

  /** Resolves what was left open before; a failure when something stays open. */
  async #settleAll(id: string, deadlineMs: number): Promise<WalletReply | null> {
    for (const entry of this.#ports.journal.doing()) {
      if (entry.phase.kind !== "doing") continue;
      if ((await this.#settle(entry, deadlineMs)).kind !== "unknown") continue;
      const txDigest = entry.phase.signed.digest;
      return err({ kind: entry.id === id ? "fate-unknown" : "wallet-busy", txDigest });
    }
    return null;
  }

  async #attempt(command: WalletCommand, deadlineMs: number): Promise<WalletReply> {
    for (;;) {
      const entry = this.#ports.journal.get(command.id);
      if (entry === null) throw new TypeError(`Cannot run: expected ${command.id} in the journal`);
      const answered = replyOf(entry);
      if (answered !== null) return answered;
      const gasFactor = 2n ** BigInt(entry.attempts);
      const prepared = await prepare(command, {
        chain: this.#ports.chain,
        address: this.#ports.signer.address,
        gasFactor,
      });
      if (!prepared.ok) {
        if (isFinalFailure(prepared.failure))
          this.#ports.journal.put(withFailure(entry, prepared.failure));
        return prepared;
      }
      if (prepared.value.kind === "nothing-to-do") {
        this.#ports.journal.put(withDone(entry, prepared.value.done));
        continue;
      }
      const signed = await this.#sign(prepared.value);
      const doing = withSigned(entry, signed);
      this.#ports.journal.put(doing);
      // Durable before it is sent: after a crash the same bytes are sent, never others.
      await this.#ports.journal.sync();
      const settled = await this.#settle(doing, deadlineMs);
      if (settled.kind === "unknown") {
        return err({ kind: "fate-unknown", txDigest: signed.digest });
      }
      if (settled.kind === "pending" && settled.refusal !== null) {
        const refused = await this.#afterRefusal(entry, settled.refusal, deadlineMs);
        if (refused !== null) return refused;
      }
    }
  }

  /** Waits before the next attempt, which reads the chain again; a failure when that is no use. */
  async #afterRefusal(
    entry: JournalEntry,
    detail: string,
    deadlineMs: number,
  ): Promise<WalletReply | null> {
    if (detail === "invalid") {
      this.#ports.journal.put(withFailure(entry, { kind: "rejected", reason: "invalid", detail }));
      return null;
    }
    if (this.#ports.clock.nowMs() + WALLET_LOOK_PAUSE_MAX_MS >= deadlineMs) {
      const call = "executeTransaction";
      const failure = { kind: "rpc-refused", call, code: "FAILED_PRECONDITION", detail } as const;
      return err({ kind: "chain", failure });
    }
    await this.#ports.timer.sleep(WALLET_LOOK_PAUSE_MS);
    return null;
  }

  async #sign(prepared: Extract<Prepared, { kind: "transaction" }>): Promise<SignedTransaction> {
    const { terms, step, ownedInputs, costFrost, outcome } = prepared;
    const bytes = await transactionBytes(buildTransaction(terms, step));
    return {
      digest: transactionDigest(bytes),
      bytes,
      signature: await this.#ports.signer.sign(bytes),
      expirationEpoch: terms.expirationEpoch,
      ownedInputs,
      costFrost,
      outcome,
    };
  }

  /** Looks until the fate of the entry's transaction is certain or time is up. */
  async #settle(entry: JournalEntry, deadlineMs: number): Promise<Settled> {
    if (entry.phase.kind !== "doing") return DONE;
    const { signed } = entry.phase;
    for (let pauseMs = WALLET_LOOK_PAUSE_MS; ; pauseMs *= 2) {
      const fate = await lookForFate(this.#ports.chain, signed);
      if (fate.kind === "executed") {
        const settled = await this.#book(entry, signed, fate.transaction);
        if (settled.kind !== "unknown") return settled;
      } else if (fate.kind === "dead") {
        const { reason, detail } = fate;
        this.#ports.log.warn({
          event: "wallet.dead",
          command: entry.id,
          digest: signed.digest,
          reason,
          detail,
        });
        this.#ports.journal.put(backToPending(entry));
        return { kind: "pending", refusal: detail };
      }
      const pause = Math.min(pauseMs, WALLET_LOOK_PAUSE_MAX_MS);
      if (this.#ports.clock.nowMs() + pause >= deadlineMs) return UNKNOWN;
      await this.#ports.timer.sleep(pause);
    }
  }

  /** Writes down what an executed transaction did. */
  async #book(
    entry: JournalEntry,
    signed: SignedTransaction,
    executed: ExecutedTransaction,
  ): Promise<Settled> {
    const { digest } = signed;
    const { failure, gasMist } = executed;
    if (failure !== null) {
      const paid = withFailedAttempt(entry, gasMist);
      const after = afterFailure(paid, digest, failure);
      this.#ports.log.warn({
        event: "wallet.failed",
        command: entry.id,
        digest,
        failure: failure.kind,
      });
      this.#ports.journal.put(after.kind === "final" ? withFailure(paid, after.failure) : paid);
      this.#ports.journal.book(0n, gasMist);
      return after.kind === "final" ? DONE : { kind: "pending", refusal: null };
    }
    const done = await conclude(this.#ports.chain, entry, signed, executed);
    if (!done.ok) {
      this.#ports.log.warn({
        event: "wallet.unread",
        command: entry.id,
        digest,
        failure: done.failure.kind,
      });
      return UNKNOWN;
    }
    this.#ports.journal.put(withDone(entry, done.value));
    this.#ports.journal.book(signed.costFrost, gasMist);
    this.#ports.log.info({
      event: "wallet.done",
      command: entry.id,
      digest,
      kind: done.value.kind,
    });
    return DONE;
  }
}

function replyOf(entry: JournalEntry | null): WalletReply | null {
  if (entry === null || entry.phase.kind !== "done") return null;
  const { reply } = entry.phase;
  return reply.ok ? ok(reply.value) : err(reply.failure);
}
