/**
 * Sui's own packages, as far as clients of Walrus use them: `0x1` and `0x2`.
 *
 * Declarations and abort codes follow sui `crates/sui-framework/packages/{move-stdlib,sui-framework}`.
 */
import {
  type DatatypeDeclaration,
  MoveAbort,
  type MoveCall,
  type MoveContext,
  type NativeFunction,
  type NativePackage,
} from "./move.ts";

/** A coin's contents. */
export interface Coin {
  id: string;
  balance: Balance;
}

export interface Balance {
  value: bigint;
}

const U64_MAX = 2n ** 64n - 1n;
const CONTEXT = "&mut 0x2::tx_context::TxContext";
const COIN = "0x2::coin::Coin<T0>";
const BALANCE = "0x2::balance::Balance<T0>";

/** Takes `amount` out of a balance (`balance::split`, `ENotEnough`). */
export function splitBalance(balance: Balance, amount: bigint): Balance {
  if (balance.value < amount) {
    throw new MoveAbort({
      module: "balance",
      functionName: "split",
      code: 2n,
      constantName: "ENotEnough",
      packageId: "0x2",
    });
  }
  balance.value -= amount;
  return { value: amount };
}

/** Adds `other` to a balance (`balance::join`). */
export function joinBalance(balance: Balance, other: Balance): void {
  if (balance.value + other.value > U64_MAX) {
    throw new MoveAbort({
      module: "balance",
      functionName: "join",
      code: 1n,
      constantName: "EOverflow",
      packageId: "0x2",
    });
  }
  balance.value += other.value;
}

/** `coin::split`: a new coin of `amount` out of `coin`. */
export function splitCoin(context: Pick<MoveContext, "freshId">, coin: Coin, amount: bigint): Coin {
  const balance = splitBalance(coin.balance, amount);
  return { id: context.freshId(), balance };
}

/** `coin::join`: ends `other` and adds its balance to `coin`. */
export function joinCoin(context: Pick<MoveContext, "deleteId">, coin: Coin, other: Coin): void {
  joinBalance(coin.balance, other.balance);
  context.deleteId(other.id);
}

function destroyZeroBalance(balance: Balance): void {
  if (balance.value === 0n) return;
  throw new MoveAbort({
    module: "balance",
    functionName: "destroy_zero",
    code: 0n,
    constantName: "ENonZero",
    packageId: "0x2",
  });
}

/** Value of the `index`-th argument, of the type the signature promises. */
function argument(call: MoveCall, index: number): unknown {
  const found = call.arguments[index];
  if (found === undefined) throw new TypeError(`Cannot read argument ${index}: missing`);
  return found.value;
}

function coinAt(call: MoveCall, index: number): Coin {
  return argument(call, index) as Coin;
}

function balanceAt(call: MoveCall, index: number): Balance {
  return argument(call, index) as Balance;
}

function amountAt(call: MoveCall, index: number): bigint {
  return argument(call, index) as bigint;
}

function define(
  module: string,
  name: string,
  parameters: readonly string[],
  returns: readonly string[],
  run: NativeFunction["run"],
  typeParameters: NativeFunction["typeParameters"] = [[]],
): NativeFunction {
  return { module, name, visibility: "public", typeParameters, parameters, returns, run };
}

const COIN_FUNCTIONS: readonly NativeFunction[] = [
  define("coin", "value", [`&${COIN}`], ["u64"], (call) => [coinAt(call, 0).balance.value]),
  define("coin", "zero", [CONTEXT], [COIN], (call) => [
    { id: call.context.freshId(), balance: { value: 0n } },
  ]),
  define("coin", "split", [`&mut ${COIN}`, "u64", CONTEXT], [COIN], (call) => [
    splitCoin(call.context, coinAt(call, 0), amountAt(call, 1)),
  ]),
  define("coin", "join", [`&mut ${COIN}`, COIN], [], (call) => {
    joinCoin(call.context, coinAt(call, 0), coinAt(call, 1));
    return [];
  }),
  define("coin", "destroy_zero", [COIN], [], (call) => {
    const coin = coinAt(call, 0);
    call.context.deleteId(coin.id);
    destroyZeroBalance(coin.balance);
    return [];
  }),
  define("coin", "into_balance", [COIN], [BALANCE], (call) => {
    const coin = coinAt(call, 0);
    call.context.deleteId(coin.id);
    return [coin.balance];
  }),
  define("coin", "from_balance", [BALANCE, CONTEXT], [COIN], (call) => [
    { id: call.context.freshId(), balance: balanceAt(call, 0) },
  ]),
  define("coin", "take", [`&mut ${BALANCE}`, "u64", CONTEXT], [COIN], (call) => [
    {
      id: call.context.freshId(),
      balance: splitBalance(balanceAt(call, 0), amountAt(call, 1)),
    },
  ]),
  define("coin", "put", [`&mut ${BALANCE}`, COIN], [], (call) => {
    const coin = coinAt(call, 1);
    call.context.deleteId(coin.id);
    joinBalance(balanceAt(call, 0), coin.balance);
    return [];
  }),
];

const BALANCE_FUNCTIONS: readonly NativeFunction[] = [
  define("balance", "value", [`&${BALANCE}`], ["u64"], (call) => [balanceAt(call, 0).value]),
  define("balance", "zero", [], [BALANCE], () => [{ value: 0n }]),
  define("balance", "join", [`&mut ${BALANCE}`, BALANCE], ["u64"], (call) => {
    const balance = balanceAt(call, 0);
    joinBalance(balance, balanceAt(call, 1));
    return [balance.value];
  }),
  define("balance", "split", [`&mut ${BALANCE}`, "u64"], [BALANCE], (call) => [
    splitBalance(balanceAt(call, 0), amountAt(call, 1)),
  ]),
  define("balance", "destroy_zero", [BALANCE], [], (call) => {
    destroyZeroBalance(balanceAt(call, 0));
    return [];
  }),
];

const TRANSFERABLE = [["key", "store"]] as const;

/** Functions of `0x2` that work on any object: the session decides what may be shared. */
function transferFunctions(): readonly NativeFunction[] {
  const typeOf = (call: MoveCall) => call.typeArguments[0] ?? "";
  return [
    define(
      "transfer",
      "public_transfer",
      ["T0", "address"],
      [],
      (call) => {
        call.context.transfer(typeOf(call), argument(call, 0), argument(call, 1) as string);
        return [];
      },
      TRANSFERABLE,
    ),
    define(
      "transfer",
      "public_share_object",
      ["T0"],
      [],
      (call) => {
        call.context.share(typeOf(call), argument(call, 0));
        return [];
      },
      TRANSFERABLE,
    ),
    define(
      "transfer",
      "public_freeze_object",
      ["T0"],
      [],
      (call) => {
        call.context.freeze(typeOf(call), argument(call, 0));
        return [];
      },
      TRANSFERABLE,
    ),
    define(
      "object",
      "id",
      ["&T0"],
      ["0x2::object::ID"],
      (call) => [(argument(call, 0) as { id: string }).id],
      [["key"]],
    ),
  ];
}

const OPTION = "0x1::option::Option<T0>";

function optionAbort(functionName: string, code: bigint, constantName: string): MoveAbort {
  return new MoveAbort({ module: "option", functionName, code, constantName, packageId: "0x1" });
}

const OPTION_FUNCTIONS: readonly NativeFunction[] = [
  define("option", "none", [], [OPTION], () => [null]),
  define("option", "some", ["T0"], [OPTION], (call) => [argument(call, 0)]),
  define("option", "is_none", [`&${OPTION}`], ["bool"], (call) => [argument(call, 0) === null]),
  define("option", "is_some", [`&${OPTION}`], ["bool"], (call) => [argument(call, 0) !== null]),
  define("option", "destroy_some", [OPTION], ["T0"], (call) => {
    const value = argument(call, 0);
    if (value === null) throw optionAbort("destroy_some", 0x40001n, "EOPTION_NOT_SET");
    return [value];
  }),
  define("option", "destroy_none", [OPTION], [], (call) => {
    if (argument(call, 0) === null) return [];
    throw optionAbort("destroy_none", 0x40000n, "EOPTION_IS_SET");
  }),
];

const STDLIB_DATATYPES: Readonly<Record<string, DatatypeDeclaration>> = {
  "string::String": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: { bytes: "vector<u8>" },
  },
  "ascii::String": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: { bytes: "vector<u8>" },
  },
  "option::Option": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    typeParameterCount: 1,
    fields: { vec: "vector<T0>" },
  },
};

const FRAMEWORK_DATATYPES: Readonly<Record<string, DatatypeDeclaration>> = {
  "object::ID": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: { bytes: "address" },
  },
  "object::UID": { kind: "struct", abilities: ["store"], fields: { id: "0x2::object::ID" } },
  "sui::SUI": { kind: "struct", abilities: ["drop"], fields: {} },
  "balance::Balance": {
    kind: "struct",
    abilities: ["store"],
    typeParameterCount: 1,
    fields: { value: "u64" },
  },
  "coin::Coin": {
    kind: "struct",
    abilities: ["key", "store"],
    typeParameterCount: 1,
    fields: { id: "0x2::object::UID", balance: BALANCE },
  },
  "coin::TreasuryCap": {
    kind: "struct",
    abilities: ["key", "store"],
    typeParameterCount: 1,
    fields: { id: "0x2::object::UID", total_supply: "0x2::balance::Supply<T0>" },
  },
  "balance::Supply": {
    kind: "struct",
    abilities: ["store"],
    typeParameterCount: 1,
    fields: { value: "u64" },
  },
  "bls12381::G1": { kind: "struct", abilities: [], fields: {} },
  "bls12381::UncompressedG1": { kind: "struct", abilities: [], fields: {} },
  "group_ops::Element": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    typeParameterCount: 1,
    fields: { bytes: "vector<u8>" },
  },
  "clock::Clock": {
    kind: "struct",
    abilities: ["key"],
    fields: { id: "0x2::object::UID", timestamp_ms: "u64" },
  },
  "tx_context::TxContext": { kind: "struct", abilities: ["drop"], fields: {} },
  "dynamic_field::Field": {
    kind: "struct",
    abilities: ["key"],
    typeParameterCount: 2,
    fields: { id: "0x2::object::UID", name: "T0", value: "T1" },
  },
  "dynamic_object_field::Wrapper": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    typeParameterCount: 1,
    fields: { name: "T0" },
  },
  "table::Table": tableOf(2),
  "object_table::ObjectTable": tableOf(2),
  "bag::Bag": tableOf(0),
  "vec_map::VecMap": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    typeParameterCount: 2,
    fields: { contents: "vector<0x2::vec_map::Entry<T0, T1>>" },
  },
  "vec_map::Entry": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    typeParameterCount: 2,
    fields: { key: "T0", value: "T1" },
  },
};

function tableOf(typeParameterCount: number): DatatypeDeclaration {
  return {
    kind: "struct",
    abilities: ["key", "store"],
    typeParameterCount,
    fields: { id: "0x2::object::UID", size: "u64" },
  };
}

/** The packages every ledger has. */
export function systemPackages(): readonly NativePackage[] {
  return [
    {
      name: "MoveStdlib",
      originalId: "0x1",
      storageId: "0x1",
      version: 1,
      datatypes: STDLIB_DATATYPES,
      functions: OPTION_FUNCTIONS,
    },
    {
      name: "Sui",
      originalId: "0x2",
      storageId: "0x2",
      version: 1,
      datatypes: FRAMEWORK_DATATYPES,
      functions: [...COIN_FUNCTIONS, ...BALANCE_FUNCTIONS, ...transferFunctions()],
    },
  ];
}
