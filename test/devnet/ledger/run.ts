/**
 * Runs one checked transaction against a state: gas, commands, effects. Changes nothing itself.
 *
 * Order as in sui-execution `execution_engine.rs`: smash gas, run, charge storage; when that fails,
 * drop everything but gas and the version bump of the inputs, and charge again.
 */
import { FailedCommand, runCommands, type CommandResults } from "./commands.ts";
import type { TransactionFacts } from "./context.ts";
import { buildOutcome, type Outcome } from "./effects.ts";
import { ExecutionError } from "./execution-error.ts";
import { type Coin } from "./framework.ts";
import { bucketOf, computationUnits, netGas, storageSummary } from "./gas.ts";
import { CLOCK_ID } from "./limits.ts";
import { type Change, Session } from "./session.ts";
import { type Command, type Slot, Slots } from "./slots.ts";
import type { Registry } from "./registry.ts";
import type { ObjectView } from "./store.ts";
import type { GasSummary, LedgerObject } from "./types.ts";

/** An input of a checked transaction. */
export type RunInput =
  | { readonly kind: "pure"; readonly bytes: Uint8Array }
  | { readonly kind: "object"; readonly object: LedgerObject; readonly mutable: boolean };

export interface RunRequest {
  readonly registry: Registry;
  readonly view: ObjectView;
  readonly facts: TransactionFacts;
  readonly inputs: readonly RunInput[];
  readonly commands: readonly Command[];
  /** At least one coin of the sponsor; the first one pays. */
  readonly payment: readonly LedgerObject[];
  readonly gasPrice: bigint;
  readonly gasBudget: bigint;
  readonly transactionBytes: number;
  /** Shared objects that congest this transaction: it is cancelled instead of run. */
  readonly congested: readonly string[];
}

export interface RunResult {
  readonly outcome: Outcome;
  readonly moveCalls: readonly string[];
  readonly commandResults: CommandResults;
  readonly gas: GasSummary;
}

interface Attempt {
  readonly session: Session;
  readonly changes: readonly Change[];
  readonly commandResults: CommandResults;
  readonly failure: FailedCommand | null;
}

export function runTransaction(request: RunRequest): RunResult {
  const moveCalls: string[] = [];
  let attempt = tryCommands(request, moveCalls);
  const units = bucketOf(
    computationUnits({
      commandCount: request.commands.length,
      moveCallCount: moveCalls.length,
      transactionBytes: request.transactionBytes,
    }),
  );
  const wanted = units * request.gasPrice;
  let computationCost = wanted;
  if (wanted > request.gasBudget) {
    attempt = onlyInputs(request, outOfGas());
    computationCost = request.gasBudget;
  }
  let gas: GasSummary = { computationCost, ...storageSummary(attempt.changes) };
  if (attempt.failure === null && !fits(gas, request.gasBudget)) {
    attempt = onlyInputs(request, outOfGas());
    gas = { computationCost, ...storageSummary(attempt.changes) };
  }
  if (!fits(gas, request.gasBudget)) {
    gas = { ...gas, computationCost: request.gasBudget, storageCost: gas.storageRebate };
  }
  const outcome = buildOutcome({
    request,
    changes: chargeGas(request, attempt.changes, gas),
    events: attempt.failure === null ? attempt.session.events : [],
    gas,
    failure: attempt.failure,
  });
  return { outcome, moveCalls, commandResults: attempt.commandResults, gas };
}

function outOfGas(): FailedCommand {
  return new FailedCommand(new ExecutionError({ InsufficientGas: true }), null);
}

function fits(gas: GasSummary, budget: bigint): boolean {
  const storage = gas.storageCost - gas.storageRebate;
  return gas.computationCost + (storage > 0n ? storage : 0n) <= budget;
}

function tryCommands(request: RunRequest, moveCalls: string[]): Attempt {
  if (request.congested.length > 0) {
    const error = new ExecutionError({
      ExecutionCancelledDueToSharedObjectCongestion: { congested_objects: request.congested },
    });
    return onlyInputs(request, new FailedCommand(error, null));
  }
  const session = openSession(request);
  const { slots, gasCoin } = bindInputs(session, request);
  const { facts, gasBudget } = request;
  try {
    gasCoin.balance.value -= gasBudget;
    const run = { session, facts, slots, moveCalls };
    const commandResults = runCommands(run, request.commands);
    gasCoin.balance.value += gasBudget;
    const changes = session.changes();
    checkShared(changes);
    return { session, changes, commandResults, failure: null };
  } catch (error) {
    if (error instanceof FailedCommand) return onlyInputs(request, error);
    if (error instanceof ExecutionError) return onlyInputs(request, new FailedCommand(error, null));
    throw error;
  }
}

/** The transaction without its commands: gas is smashed, inputs get a new version. */
function onlyInputs(request: RunRequest, failure: FailedCommand): Attempt {
  const session = openSession(request);
  bindInputs(session, request);
  return { session, changes: session.changes(), commandResults: [], failure };
}

function openSession({ registry, view, facts }: RunRequest): Session {
  return new Session({ registry, view, txDigest: facts.txDigest, sender: facts.sender });
}

function bindInputs(session: Session, request: RunRequest): { slots: Slots; gasCoin: Coin } {
  const isCancelled = request.congested.length > 0;
  const [primary, ...others] = request.payment.map((coin) => session.load(coin, true, true));
  if (primary === undefined) throw new TypeError("Cannot run: expected a gas coin, got none");
  const gasCoin = primary.value.value as Coin;
  for (const other of others) {
    gasCoin.balance.value += (other.value.value as Coin).balance.value;
    session.deleteId(other.object.id);
  }
  const inputs = request.inputs.map((input): Slot => {
    if (input.kind === "pure") return { kind: "pure", bytes: input.bytes, typed: null };
    const isShared = input.object.owner.kind === "shared";
    const mutable = input.mutable && !(isShared && isCancelled);
    const loaded = session.load(input.object, mutable, true);
    return { kind: "object", loaded, isGas: false };
  });
  const gas: Slot = { kind: "object", loaded: primary, isGas: true };
  return { slots: new Slots(request.registry, inputs, gas), gasCoin };
}

/** Shared objects may be deleted or shared again, never transferred or wrapped. */
function checkShared(changes: readonly Change[]): void {
  for (const { before, after, operation } of changes) {
    if (before?.owner.kind !== "shared") continue;
    const isKept = after !== null && after.owner.kind === "shared";
    if (!isKept && operation !== "deleted") {
      throw new ExecutionError({ SharedObjectOperationNotAllowed: true });
    }
  }
}

function chargeGas(
  request: RunRequest,
  changes: readonly Change[],
  gas: GasSummary,
): readonly Change[] {
  const coinId = request.payment[0]?.id;
  return changes.map((change) => {
    if (change.id !== coinId || change.after === null) return change;
    const contents = new Uint8Array(change.after.contents);
    const view = new DataView(contents.buffer);
    view.setBigUint64(32, view.getBigUint64(32, true) - netGas(gas), true);
    return { ...change, after: { ...change.after, contents } };
  });
}

/** The clock object with the time the transaction sees. */
export function clockAt(object: LedgerObject, nowMs: number): LedgerObject {
  if (object.id !== CLOCK_ID) return object;
  const contents = new Uint8Array(object.contents);
  new DataView(contents.buffer).setBigUint64(32, BigInt(nowMs), true);
  return { ...object, contents };
}
