/**
 * Runs the commands of a programmable transaction, one after the other, in a session.
 *
 * Source of order and error kinds: sui-execution `programmable_transactions/execution.rs`.
 */
import { createContext, type TransactionFacts } from "./context.ts";
import { abortError, argumentError, ExecutionError } from "./execution-error.ts";
import { type Coin, joinCoin, splitCoin } from "./framework.ts";
import { MoveAbort, type MoveValue } from "./move.ts";
import { canonicalType, formatType, parseType, substitute } from "./move-types.ts";
import { coinContentType } from "./objects.ts";
import type { ResolvedFunction } from "./registry.ts";
import type { Session } from "./session.ts";
import { type Argument, byMutable, byValue, type Command, type Slots } from "./slots.ts";

export interface CommandRun {
  readonly session: Session;
  readonly facts: TransactionFacts;
  readonly slots: Slots;
  /** Filled with `module::function` of each call that starts. */
  readonly moveCalls: string[];
}

const U64_MAX = 2n ** 64n - 1n;

/** Values a command returned, for simulation. */
export type CommandResults = readonly (readonly MoveValue[])[];

/**
 * Runs all commands.
 *
 * @throws {FailedCommand} At the first command that fails.
 */
export function runCommands(run: CommandRun, commands: readonly Command[]): CommandResults {
  const all: (readonly MoveValue[])[] = [];
  for (const [index, command] of commands.entries()) {
    try {
      run.slots.startCommand();
      const results = runCommand(run, command);
      run.slots.addResults(results);
      all.push(results);
    } catch (error) {
      if (error instanceof ExecutionError) throw new FailedCommand(error, index);
      throw error;
    }
  }
  const unused = run.slots.unusedWithoutDrop();
  if (unused !== null) {
    const [resultIdx, secondaryIdx] = unused;
    const error = new ExecutionError({ UnusedValueWithoutDrop: { resultIdx, secondaryIdx } });
    throw new FailedCommand(error, null);
  }
  return all;
}

/** An execution error with the command it happened in. */
export class FailedCommand extends Error {
  readonly failure: ExecutionError;
  readonly command: number | null;

  constructor(failure: ExecutionError, command: number | null) {
    super(command === null ? failure.message : `${failure.message} in command ${command}`);
    this.failure = failure;
    this.command = command;
  }
}

function runCommand(run: CommandRun, command: Command): MoveValue[] {
  switch (command.$kind) {
    case "MoveCall":
      return moveCall(run, command.MoveCall);
    case "TransferObjects":
      return transferObjects(run, command.TransferObjects);
    case "SplitCoins":
      return splitCoins(run, command.SplitCoins);
    case "MergeCoins":
      return mergeCoins(run, command.MergeCoins);
    case "MakeMoveVec":
      return makeMoveVec(run, command.MakeMoveVec);
    case "Publish":
    case "Upgrade":
      throw new ExecutionError({ FeatureNotYetSupported: true }, "this ledger runs no bytecode");
  }
}

function transferObjects(
  { session, slots }: CommandRun,
  command: NonNullable<Command["TransferObjects"]>,
): MoveValue[] {
  const objects = command.objects.map((argument, index) => {
    const type = typeOrMismatch(slots, argument, index);
    const abilities = session.registry.abilities(type);
    if (!abilities.has("key") || !abilities.has("store")) {
      throw new ExecutionError({ InvalidTransferObject: true });
    }
    return slots.use(argument, index, byValue(type), true);
  });
  const { value } = slots.use(command.address, command.objects.length, byValue("address"));
  for (const object of objects) {
    session.place(object.type, object.value, { kind: "address", address: value as string });
  }
  return [];
}

function splitCoins(
  { session, slots }: CommandRun,
  command: NonNullable<Command["SplitCoins"]>,
): MoveValue[] {
  const type = coinTypeOrMismatch(slots, command.coin, 0);
  const amounts = command.amounts.map(
    (argument, index) => slots.use(argument, index + 1, byValue("u64")).value as bigint,
  );
  const coin = slots.use(command.coin, 0, byMutable(type)).value as Coin;
  return amounts.map((amount) => {
    if (coin.balance.value < amount) throw new ExecutionError({ InsufficientCoinBalance: true });
    return { type, value: splitCoin(session, coin, amount) };
  });
}

function mergeCoins(
  { session, slots }: CommandRun,
  command: NonNullable<Command["MergeCoins"]>,
): MoveValue[] {
  const type = coinTypeOrMismatch(slots, command.destination, 0);
  const coin = slots.use(command.destination, 0, byMutable(type)).value as Coin;
  for (const [index, argument] of command.sources.entries()) {
    const source = slots.use(argument, index + 1, byValue(type)).value as Coin;
    if (coin.balance.value + source.balance.value > U64_MAX) {
      throw new ExecutionError({ CoinBalanceOverflow: true });
    }
    joinCoin(session, coin, source);
  }
  return [];
}

function makeMoveVec(
  { session, slots }: CommandRun,
  command: NonNullable<Command["MakeMoveVec"]>,
): MoveValue[] {
  const [first] = command.elements;
  const given = command.type === null ? null : canonicalType(command.type);
  const element = given ?? (first === undefined ? null : typeOrMismatch(slots, first, 0));
  if (element === null) throw argumentError(0, { InvalidMakeMoveVecNonObjectArgument: true });
  if (given === null && !session.registry.abilities(element).has("key")) {
    throw argumentError(0, { InvalidMakeMoveVecNonObjectArgument: true });
  }
  const values = command.elements.map(
    (argument, index) => slots.use(argument, index, byValue(element)).value,
  );
  const value = element === "u8" ? Uint8Array.from(values as number[]) : values;
  return [{ type: `vector<${element}>`, value }];
}

function moveCall(run: CommandRun, call: NonNullable<Command["MoveCall"]>): MoveValue[] {
  const { session, facts, slots } = run;
  const { registry } = session;
  const resolved = registry.function(call.package, call.module, call.function);
  if (resolved === undefined) throw new ExecutionError({ FunctionNotFound: true });
  run.moveCalls.push(`${call.module}::${call.function}`);
  const typeArguments = call.typeArguments.map(canonicalType);
  checkTypeArguments(run, resolved, typeArguments);
  if (call.arguments.length !== resolved.parameters.length) {
    throw new ExecutionError({ ArityMismatch: true });
  }
  const types = typeArguments.map(parseType);
  const values = resolved.parameters.map((parameter, index) => {
    const argument = call.arguments[index];
    if (argument === undefined) throw new ExecutionError({ ArityMismatch: true });
    const type = substitute(parameter.type, types);
    return slots.use(argument, index, { reference: parameter.reference, type });
  });
  const context = createContext(session, facts, call.package);
  let results: readonly unknown[];
  try {
    results = resolved.declaration.run({ context, arguments: values, typeArguments });
  } catch (error) {
    if (error instanceof MoveAbort) throw abortError(error.details, call.package);
    throw error;
  }
  if (results.length !== resolved.returns.length) {
    throw new TypeError(
      `Cannot return from ${call.module}::${call.function}: expected ${resolved.returns.length} values, got ${results.length}`,
    );
  }
  return results.map((value, index) => {
    const declared = resolved.returns[index];
    if (declared === undefined) throw new TypeError("Cannot type a result: no declaration");
    return { type: formatType(substitute(declared.type, types)), value };
  });
}

function checkTypeArguments(
  { session: { registry } }: CommandRun,
  resolved: ResolvedFunction,
  typeArguments: readonly string[],
): void {
  const constraints = resolved.declaration.typeParameters;
  if (constraints.length !== typeArguments.length) {
    throw new ExecutionError({ TypeArityMismatch: true });
  }
  for (const [argumentIdx, required] of constraints.entries()) {
    const type = typeArguments[argumentIdx] ?? "";
    if (!registry.exists(parseType(type))) {
      throw new ExecutionError({
        TypeArgumentError: { argumentIdx, kind: { TypeNotFound: true } },
      });
    }
    const abilities = registry.abilities(type);
    if (!required.every((ability) => abilities.has(ability))) {
      throw new ExecutionError({
        TypeArgumentError: { argumentIdx, kind: { ConstraintNotSatisfied: true } },
      });
    }
  }
}

function typeOrMismatch(slots: Slots, argument: Argument, index: number): string {
  const type = slots.typeOf(argument, index);
  if (type === null) throw argumentError(index, { InvalidUsageOfPureArg: true });
  return type;
}

function coinTypeOrMismatch(slots: Slots, argument: Argument, index: number): string {
  const type = typeOrMismatch(slots, argument, index);
  if (coinContentType(type) === undefined) throw argumentError(index, { TypeMismatch: true });
  return type;
}
