/**
 * Follows a signed transaction to its fate and writes down what it did to its commands.
 */
import { WALLET_LOOK_PAUSE_MAX_MS, WALLET_LOOK_PAUSE_MS } from "../../../shared/limits.ts";
import type { Clock, Log, Timer } from "../../../shared/ports.ts";
import type { Chain, ExecutedTransaction, ExecutionFailure } from "../../../shared/sui/chain.ts";
import type { Transfer } from "./commands.ts";
import { type AfterFailure, afterFailure, conclude } from "./conclude.ts";
import {
  backToPending,
  type JournalEntry,
  type JournalStore,
  type SignedTransaction,
  withDone,
  withFailedAttempt,
  withFailure,
} from "./journal.ts";
import { lookForFate } from "./settle.ts";
import type { Treasury } from "./treasury.ts";

/** What following a transaction needs. */
export interface SettlementPorts {
  readonly journal: JournalStore;
  /** Grants what is spent, over all addresses. */
  readonly treasury: Treasury;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
}

/** Where a transaction has led. */
export type Settled =
  /** Its commands have their answers. */
  | { readonly kind: "done" }
  /** It never ran: another may be signed. */
  | { readonly kind: "dead"; readonly refusal: string }
  /** It ran and failed; commands without an answer may be sent again. */
  | { readonly kind: "failed"; readonly after: AfterFailure }
  | { readonly kind: "unknown" };

/** Looks until the fate of the transaction is certain or time is up. */
export async function settle(
  ports: SettlementPorts,
  signed: SignedTransaction,
  deadlineMs: number,
): Promise<Settled> {
  const { chain, clock, timer } = ports;
  // Before anything is sent, and again by whoever goes on after a crash: the same digest counts once.
  if (!(await isGranted(ports, signed))) return bury(ports, signed, "never-sent", "spend-capped");
  for (let pauseMs = WALLET_LOOK_PAUSE_MS; ; pauseMs *= 2) {
    const fate = await lookForFate(chain, signed);
    if (fate.kind === "executed") {
      const settled = await book(ports, signed, fate.transaction);
      if (settled !== null) return settled;
    } else if (fate.kind === "dead") {
      return bury(ports, signed, fate.reason, fate.detail);
    }
    const pause = Math.min(pauseMs, WALLET_LOOK_PAUSE_MAX_MS);
    if (clock.nowMs() + pause >= deadlineMs) return { kind: "unknown" };
    await timer.sleep(pause);
  }
}

async function isGranted(
  { treasury }: SettlementPorts,
  signed: SignedTransaction,
): Promise<boolean> {
  const costFrost = costOf(signed);
  return costFrost === 0n || treasury.grant(signed.digest, costFrost, signed.signedAtMs);
}

/** It took nothing and never will. */
async function giveBack({ treasury }: SettlementPorts, signed: SignedTransaction): Promise<void> {
  if (costOf(signed) > 0n) await treasury.giveBack(signed.digest);
}

async function bury(
  ports: SettlementPorts,
  signed: SignedTransaction,
  reason: string,
  detail: string,
): Promise<Settled> {
  const { journal, log } = ports;
  const { digest } = signed;
  await giveBack(ports, signed);
  log.warn({ event: "wallet.dead", digest, commands: idsOf(signed), reason, detail });
  for (const entry of entriesOf(journal, signed)) journal.put(backToPending(entry));
  journal.end(digest);
  return { kind: "dead", refusal: detail };
}

/** Writes down what an executed transaction did; `null` when it cannot be read yet. */
async function book(
  ports: SettlementPorts,
  signed: SignedTransaction,
  executed: ExecutedTransaction,
): Promise<Settled | null> {
  const { journal, chain, log } = ports;
  const { digest, members } = signed;
  const { failure, gasMist } = executed;
  const shares = gasShares(gasMist, members.length);
  if (failure !== null) return bookFailure(ports, signed, failure, gasMist, shares);
  const entries = entriesOf(journal, signed).map((entry, index) => ({
    ...entry,
    gasMist: entry.gasMist + (shares[index] ?? 0n),
  }));
  const done = await conclude(chain, entries, signed, executed);
  if (!done.ok) {
    log.warn({ event: "wallet.unread", digest, failure: done.failure.kind });
    return null;
  }
  for (const [index, entry] of entries.entries()) {
    const answer = done.value[index];
    if (answer !== undefined) journal.put(withDone(entry, answer));
  }
  journal.end(digest);
  journal.book(digest, costOf(signed), gasMist, transfersOf(signed));
  log.info({ event: "wallet.done", digest, commands: idsOf(signed) });
  return { kind: "done" };
}

async function bookFailure(
  ports: SettlementPorts,
  signed: SignedTransaction,
  failure: ExecutionFailure,
  gasMist: bigint,
  shares: readonly bigint[],
): Promise<Settled> {
  const { journal, log } = ports;
  const { digest } = signed;
  await giveBack(ports, signed);
  const paid = entriesOf(journal, signed).map((entry, index) =>
    withFailedAttempt(entry, shares[index] ?? 0n),
  );
  const after = afterFailure(signed, paid, failure);
  const failures = after.kind === "blame" ? after.failures : new Map<string, never>();
  log.warn({ event: "wallet.failed", digest, commands: idsOf(signed), failure: failure.kind });
  for (const entry of paid) {
    const final = failures.get(entry.id);
    journal.put(final === undefined ? entry : withFailure(entry, final));
  }
  journal.end(digest);
  journal.book(digest, 0n, gasMist, []);
  return { kind: "failed", after };
}

function entriesOf(journal: JournalStore, { members }: SignedTransaction): JournalEntry[] {
  return members.map(({ id }) => {
    const entry = journal.get(id);
    if (entry === null) throw new TypeError(`Cannot settle: expected ${id} in the journal`);
    return entry;
  });
}

/** What a transaction spends when it runs. */
function costOf({ members }: SignedTransaction): bigint {
  return members.reduce((sum, member) => sum + member.costFrost, 0n);
}

/** What it sends to other addresses when it runs. */
function transfersOf({ members }: SignedTransaction): readonly Transfer[] {
  return members.flatMap(({ outcome }) => (outcome.kind === "refilled" ? outcome.transfers : []));
}

function idsOf({ members }: SignedTransaction): readonly string[] {
  return members.map(({ id }) => id);
}

/** The gas of a transaction over its commands, evenly; the first takes what is left over. */
function gasShares(gasMist: bigint, count: number): readonly bigint[] {
  const share = gasMist / BigInt(count);
  const rest = gasMist - share * BigInt(count);
  return Array.from({ length: count }, (_, index) => (index === 0 ? share + rest : share));
}
