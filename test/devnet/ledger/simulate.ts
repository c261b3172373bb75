/**
 * Simulation: the same run without signatures or lasting effect, with gas selection.
 *
 * Budget estimate and coin choice follow sui-rpc-api `transaction_execution_service/simulate.rs`:
 * computation plus an overhead of 1,000 units, plus what storage costs net of rebates; then the
 * payer's largest coins until they cover it.
 */
import { err, ok, type Result } from "../../../shared/result.ts";
import {
  type CheckEnvironment,
  checkExpiration,
  checkGasTerms,
  invalid,
  parseTransaction,
  resolveCallInputs,
  resolveInputs,
  type Transaction,
} from "./check.ts";
import { digestOf, hash256 } from "./digests.ts";
import { netGas } from "./gas.ts";
import type { Ledger } from "./ledger.ts";
import { MAX_GAS_BUDGET, MAX_GAS_PAYMENTS, MIN_COMPUTATION_UNITS } from "./limits.ts";
import { SUI_TYPE } from "./move-types.ts";
import { coinBalance, coinTypeOf, sealObject } from "./objects.ts";
import { type RunInput, type RunResult, runTransaction } from "./run.ts";
import type { Argument, Command } from "./slots.ts";
import { clone, serialize } from "./transaction-data.ts";
import type { ObjectView } from "./store.ts";
import type { LedgerObject, Refusal, TransactionData } from "./types.ts";
import { toBase58, toHex } from "../../../shared/bytes/text.ts";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { bcs } from "@mysten/sui/bcs";

export interface SimulationOptions {
  /** Complete but for gas payment and budget. */
  readonly data: TransactionData["V1"];
  readonly hasBudget: boolean;
  readonly hasPayment: boolean;
  /** Choose budget and coins where they are missing. */
  readonly selectGas: boolean;
  /** False: any sender may use any object, and gas is free. */
  readonly checks: boolean;
}

export interface Simulation extends RunResult {
  readonly data: TransactionData["V1"];
  readonly bytes: Uint8Array;
  readonly digest: string;
}

/** Enough for every budget. */
const MOCK_BALANCE = 1_000_000_000_000_000_000n;

/**
 * @param view The state to simulate on: the present, or a past one on a lagging node.
 */
export function simulate(
  ledger: Ledger,
  options: SimulationOptions,
  view: ObjectView = ledger.view,
): Result<Simulation, Refusal> {
  const environment = { ...ledger.environment(), view };
  if (!options.checks) return simulateUnchecked(ledger, environment, options.data);
  let data = options.data;
  if (options.selectGas && !options.hasBudget) {
    const budget = estimateBudget(ledger, environment, data);
    if (!budget.ok) return budget;
    data = clone({ ...data, gasData: { ...data.gasData, budget: budget.value } });
  }
  if (options.selectGas && !options.hasPayment) {
    const payment = selectCoins(environment, data);
    if (!payment.ok) return payment;
    data = clone({ ...data, gasData: { ...data.gasData, payment: payment.value } });
  }
  const hasCoins = data.gasData.payment.length > 0;
  if (!options.hasBudget && !options.selectGas) {
    data = clone({ ...data, gasData: { ...data.gasData, budget: MAX_GAS_BUDGET } });
  }
  const transaction = parseTransaction(serialize(data));
  if (!transaction.ok) return transaction;
  const refused =
    checkExpiration(transaction.value, environment) ??
    checkGasTerms(transaction.value, environment);
  if (refused !== null) return err(refused);
  if (!hasCoins) return runWithMockGas(ledger, environment, transaction.value, data.sender);
  const resolved = resolveInputs(transaction.value, environment);
  if (!resolved.ok) return resolved;
  return ok(
    run(ledger, environment, transaction.value, resolved.value.inputs, resolved.value.payment),
  );
}

function simulateUnchecked(
  ledger: Ledger,
  environment: CheckEnvironment,
  data: TransactionData["V1"],
): Result<Simulation, Refusal> {
  const gasData = { ...data.gasData, budget: MAX_GAS_BUDGET };
  const transaction = parseTransaction(serialize({ ...data, gasData }));
  if (!transaction.ok) return transaction;
  const simulation = runWithMockGas(ledger, environment, transaction.value, null);
  return simulation.ok ? ok({ ...simulation.value, data }) : simulation;
}

function runWithMockGas(
  ledger: Ledger,
  environment: CheckEnvironment,
  transaction: Transaction,
  sender: string | null,
): Result<Simulation, Refusal> {
  const inputs = resolveCallInputs(transaction, environment, sender);
  if (!inputs.ok) return inputs;
  const coin = mockCoin(transaction.data.gasData.owner);
  return ok(run(ledger, environment, transaction, inputs.value, [coin]));
}

function run(
  ledger: Ledger,
  { view }: CheckEnvironment,
  { data, commands }: Transaction,
  inputs: readonly RunInput[],
  payment: readonly LedgerObject[],
): Simulation {
  const bytes = serialize(data);
  const digest = digestOf("TransactionData", bytes);
  const result = runTransaction({
    registry: ledger.registry,
    view,
    facts: ledger.facts(digest, data.sender, data.gasData.owner),
    inputs,
    commands,
    payment,
    gasPrice: BigInt(data.gasData.price),
    gasBudget: BigInt(data.gasData.budget),
    transactionBytes: bytes.length,
    congested: [],
  });
  return { ...result, data, bytes, digest };
}

function estimateBudget(
  ledger: Ledger,
  environment: CheckEnvironment,
  data: TransactionData["V1"],
): Result<bigint, Refusal> {
  const gasData = { ...data.gasData, budget: MAX_GAS_BUDGET, payment: [] };
  const transaction = parseTransaction(serialize({ ...data, gasData }));
  if (!transaction.ok) return transaction;
  const refused = checkExpiration(transaction.value, environment);
  if (refused !== null) return err(refused);
  const simulation = runWithMockGas(ledger, environment, transaction.value, data.sender);
  if (!simulation.ok) return simulation;
  const { gas } = simulation.value;
  const overhead = MIN_COMPUTATION_UNITS * BigInt(data.gasData.price);
  const computation = gas.computationCost + overhead;
  const net = netGas(gas) + overhead;
  const budget = net > computation ? net : computation;
  return ok(budget > MAX_GAS_BUDGET ? MAX_GAS_BUDGET : budget);
}

type Payment = TransactionData["V1"]["gasData"]["payment"];

function selectCoins(
  { view }: CheckEnvironment,
  data: TransactionData["V1"],
): Result<Payment, Refusal> {
  const used = new Set(
    data.kind.ProgrammableTransaction?.inputs.map(
      (input) => input.Object?.ImmOrOwnedObject?.objectId,
    ),
  );
  const { owner } = data.gasData;
  const budget = BigInt(data.gasData.budget);
  const type = coinTypeOf(SUI_TYPE);
  const coins = view
    .ownedBy(owner)
    .filter((object) => object.type === type && !used.has(object.id));
  coins.sort((left, right) => (coinBalance(left) < coinBalance(right) ? 1 : -1));
  // A transaction that spends from the gas coin gets all of them, as the SDK's own resolver does.
  const commands = data.kind.ProgrammableTransaction?.commands ?? [];
  const usesGasCoin = commands.some((command) => argumentsOf(command).some(isGasCoin));
  const selected: LedgerObject[] = [];
  let total = 0n;
  for (const coin of coins.slice(0, MAX_GAS_PAYMENTS)) {
    if (total >= budget && selected.length > 0 && !usesGasCoin) break;
    selected.push(coin);
    total += coinBalance(coin);
  }
  if (total < budget || selected.length === 0) {
    const message = `Unable to perform gas selection due to insufficient SUI balance (in address balance or coins) for account ${owner} to satisfy required budget ${budget}.`;
    return err(invalid("gas", message));
  }
  return ok(
    selected.map(({ id, version, digest }) => ({
      objectId: id,
      version: version.toString(),
      digest,
    })),
  );
}

function argumentsOf(command: Command): readonly Argument[] {
  switch (command.$kind) {
    case "MoveCall":
      return command.MoveCall.arguments;
    case "TransferObjects":
      return [...command.TransferObjects.objects, command.TransferObjects.address];
    case "SplitCoins":
      return [command.SplitCoins.coin, ...command.SplitCoins.amounts];
    case "MergeCoins":
      return [command.MergeCoins.destination, ...command.MergeCoins.sources];
    case "MakeMoveVec":
      return command.MakeMoveVec.elements;
    case "Publish":
    case "Upgrade":
      return [];
  }
}

function isGasCoin(argument: Argument): boolean {
  return argument.$kind === "GasCoin";
}

/** A coin that exists only during a simulation. */
function mockCoin(owner: string): LedgerObject {
  const id = `0x${toHex(hash256(utf8Bytes(`simulated gas coin of ${owner}`)))}`;
  return sealObject({
    id,
    version: 1n,
    owner: { kind: "address", address: owner },
    type: coinTypeOf(SUI_TYPE),
    contents: bcs
      .struct("Coin", { id: bcs.Address, value: bcs.u64() })
      .serialize({ id, value: MOCK_BALANCE })
      .toBytes(),
    hasPublicTransfer: true,
    previousTransaction: toBase58(new Uint8Array(32)),
    storageRebate: 0n,
  });
}
