/**
 * From commands to the transaction that carries them out, by what the chain says now.
 *
 * Everything that can be refused for nothing is refused here, before a coin is touched.
 */
import { GAS_BUDGET_BASE_MIST, TRANSACTION_EXPIRATION_EPOCHS } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { ContractState, ObjectRef, SuiEpoch } from "../../../shared/sui/chain.ts";
import {
  commandRanges,
  type TransactionStep,
  type TransactionTerms,
} from "../../../shared/sui/transactions.ts";
import { selectCoins } from "./coin-selection.ts";
import type { CertifyCommand, RegisterCommand, WalletCommand, WalletFailure } from "./commands.ts";
import { draftCertifies, draftRegisters } from "./draft-batches.ts";
import { draftRefill } from "./draft-refill.ts";
import { draftAttributes, draftDelete, draftExtend, draftExtendShared } from "./draft-single.ts";
import {
  type Answers,
  chainFailure,
  type Draft,
  type DraftContext,
  type Drafted,
  type Preparation,
  refOf,
} from "./draft.ts";
import type { Member } from "./journal.ts";

/** What to sign. */
export interface PreparedTransaction {
  readonly terms: TransactionTerms;
  readonly step: TransactionStep;
  readonly ownedInputs: readonly ObjectRef[];
  readonly members: readonly Member[];
  /** By the ledger's clock. */
  readonly signedAtMs: number;
}

/** Commands that are answered without a transaction, and the transaction of the others. */
export interface Prepared {
  readonly answers: Answers;
  readonly transaction: PreparedTransaction | null;
}

/**
 * Prepares commands of one kind. A failure is one of all of them: none was answered.
 *
 * @param commands At least one; several only to register or to certify different blobs.
 */
export async function prepare(
  commands: readonly WalletCommand[],
  preparation: Preparation,
): Promise<Result<Prepared, WalletFailure>> {
  const { chain, allowanceAt } = preparation;
  const [state, sui] = await Promise.all([chain.readContract(), chain.readSuiEpoch()]);
  if (!state.ok) return chainFailure(state.failure);
  if (!sui.ok) return chainFailure(sui.failure);
  const allowance = await allowanceAt(sui.value.ledgerMs);
  const context = { ...preparation, state: state.value, allowance };
  const drafted = await draft(commands, context);
  if (!drafted.ok) return drafted;
  const { answers } = drafted.value;
  if (drafted.value.draft === null) return ok({ answers, transaction: null });
  const transaction = await withTerms(drafted.value.draft, preparation, state.value, sui.value);
  return transaction.ok ? ok({ answers, transaction: transaction.value }) : transaction;
}

async function draft(commands: readonly WalletCommand[], context: DraftContext): Promise<Drafted> {
  const [first] = commands;
  if (first === undefined) throw new RangeError("Cannot prepare: expected a command, got none");
  switch (first.kind) {
    case "register":
      return draftRegisters(
        commands.filter((each): each is RegisterCommand => each.kind === "register"),
        context,
      );
    case "certify":
      return draftCertifies(
        commands.filter((each): each is CertifyCommand => each.kind === "certify"),
        context,
      );
    case "extend":
      return draftExtend(first, context);
    case "extend-shared":
      return draftExtendShared(first, context);
    case "set-attributes":
      return draftAttributes(first, context);
    case "delete":
      return draftDelete(first, context);
    case "refill":
      return draftRefill(first, context);
  }
}

async function withTerms(
  { step, inputs, members, gasMist, reserveMist }: Draft,
  { chain, address, gasFactor }: Preparation,
  { contract }: ContractState,
  { epoch, referenceGasPrice: gasPriceMist, ledgerMs }: SuiEpoch,
): Promise<Result<PreparedTransaction, WalletFailure>> {
  const gasBudgetMist = gasFactor * (GAS_BUDGET_BASE_MIST + gasMist);
  const held = await chain.listCoins(address, "0x2::sui::SUI");
  if (!held.ok) return chainFailure(held.failure);
  const gas = selectCoins(held.value, gasBudgetMist + reserveMist);
  if (!gas.ok) {
    const { needed: neededMist, held: heldMist } = gas.failure;
    return err({ kind: "insufficient-sui", neededMist, heldMist });
  }
  const gasCoins = gas.value.coins.map(refOf);
  const expirationEpoch = epoch + TRANSACTION_EXPIRATION_EPOCHS;
  const ranges = commandRanges(step);
  return ok({
    terms: { sender: address, gasCoins, gasBudgetMist, gasPriceMist, expirationEpoch, contract },
    step,
    ownedInputs: [...gasCoins, ...inputs],
    members: members.map((member, index) => ({ ...member, commands: ranges[index] ?? [0, 0] })),
    signedAtMs: ledgerMs,
  });
}
