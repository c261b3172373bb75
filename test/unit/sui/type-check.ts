/** Whether a transaction type-checks against the public functions of the contract. */
import { bcs } from "@mysten/bcs";
import type { Transaction } from "@mysten/sui/transactions";
import { expect } from "vitest";
import { fromBase64 } from "../../../shared/bytes/text.ts";
import { LOCAL_ADDRESSES } from "../../devnet/walrus-contract/operations.ts";
import { typeResolver, walrusPackages } from "../../devnet/walrus-contract/packages.ts";

export const SYSTEM_ID = `0x${"51".repeat(32)}`;
export const WAL_TYPE = `${LOCAL_ADDRESSES.wal}::wal::WAL`;
const WAL_COIN = `0x2::coin::Coin<${WAL_TYPE}>`;
const resolve = typeResolver(LOCAL_ADDRESSES);
const BLOB = resolve("walrus::blob::Blob");
const SYSTEM = resolve("walrus::system::System");
const SHARED_BLOB = resolve("walrus::shared_blob::SharedBlob");
export const SHARED_ID = `0x${"5b".repeat(32)}`;
const FUNCTIONS = new Map(
  walrusPackages().flatMap((pack) =>
    pack.functions.map((declared) => [
      `${pack.storageId}::${declared.module}::${declared.name}`,
      declared,
    ]),
  ),
);

/** `0x2::coin::destroy_zero<T>(c: Coin<T>)`: Sui's own, instantiated with WAL. */
const DESTROY_ZERO = { parameters: [WAL_COIN], returns: [] as readonly string[] };

type Data = ReturnType<Transaction["getData"]>;
type Argument = Extract<
  Data["commands"][number],
  { $kind: "MoveCall" }
>["MoveCall"]["arguments"][number];

/** Runs through the commands as the Move type checker does. Throws at the first flaw. */
export function typeCheck(data: Data): void {
  const results: (readonly string[])[] = [];
  const moved = new Set<string>();
  for (const command of data.commands) results.push(check(data, command, results, moved));
  for (const [commandIndex, types] of results.entries()) {
    for (const [resultIndex, type] of types.entries()) {
      // Neither storage, blobs nor coins may be dropped; texts may.
      if (type.startsWith("0x1::option::Option<0x1::string::")) continue;
      if (!moved.has(`${commandIndex}.${resultIndex}`)) throw new TypeError(`${type} is left over`);
    }
  }
}

function check(
  data: Data,
  command: Data["commands"][number],
  results: readonly (readonly string[])[],
  moved: Set<string>,
): readonly string[] {
  switch (command.$kind) {
    case "SplitCoins": {
      const { coin: from, amounts } = command.SplitCoins;
      expectType(data, results, from, `&mut ${WAL_COIN}`);
      for (const amount of amounts) expectType(data, results, amount, "u64");
      return amounts.map(() => WAL_COIN);
    }
    case "MergeCoins":
      for (const one of [command.MergeCoins.destination, ...command.MergeCoins.sources]) {
        expectType(data, results, one, `&mut ${WAL_COIN}`);
      }
      return [];
    case "TransferObjects":
      for (const one of command.TransferObjects.objects) markMoved(one, moved);
      expectType(data, results, command.TransferObjects.address, "address");
      return [];
    case "MoveCall": {
      const { package: pack, module, function: name, typeArguments } = command.MoveCall;
      const target = `${pack}::${module}::${name}`;
      const isDestroy = /^0x0*2::coin::destroy_zero$/.test(target);
      expect(typeArguments).toEqual(isDestroy ? [WAL_TYPE] : []);
      const declared = isDestroy ? DESTROY_ZERO : FUNCTIONS.get(target);
      if (declared === undefined) throw new TypeError(`no public function ${target}`);
      const parameters = declared.parameters.filter((type) => !type.includes("TxContext"));
      expect(command.MoveCall.arguments).toHaveLength(parameters.length);
      for (const [index, argument] of command.MoveCall.arguments.entries()) {
        const type = parameters[index]!;
        expectType(data, results, argument, type);
        if (!type.startsWith("&")) markMoved(argument, moved);
      }
      return declared.returns;
    }
    case "MakeMoveVec":
    case "Publish":
    case "Upgrade":
    case "$Intent":
      throw new TypeError(`unexpected command ${command.$kind}`);
  }
}

function markMoved(argument: Argument, moved: Set<string>): void {
  const key =
    argument.$kind === "NestedResult"
      ? argument.NestedResult.join(".")
      : argument.$kind === "Result"
        ? `${argument.Result}.0`
        : argument.$kind === "Input"
          ? `input ${argument.Input}`
          : "gas";
  if (moved.has(key)) throw new TypeError(`${key} is moved twice`);
  moved.add(key);
}

function expectType(
  data: Data,
  results: readonly (readonly string[])[],
  argument: Argument,
  expected: string,
): void {
  const bare = expected.replace(/^&(mut )?/, "");
  if (argument.$kind === "NestedResult" || argument.$kind === "Result") {
    const [command, result] =
      argument.$kind === "Result" ? [argument.Result, 0] : argument.NestedResult;
    expect(results[command]?.[result]).toBe(bare);
    return;
  }
  if (argument.$kind !== "Input") throw new TypeError(`unexpected ${argument.$kind}`);
  const input = data.inputs[argument.Input]!;
  if (input.$kind === "Pure") return expectPure(fromBase64(input.Pure.bytes)!, bare);
  if (input.$kind !== "Object") throw new TypeError(`unexpected input ${input.$kind}`);
  const { Object: object } = input;
  if (object.$kind === "SharedObject") {
    const { objectId } = object.SharedObject;
    expect(objectId).toBe(bare === SHARED_BLOB ? SHARED_ID : SYSTEM_ID);
    expect([SYSTEM, SHARED_BLOB]).toContain(bare);
    // A `&mut` parameter needs the input to be mutable.
    if (expected.startsWith("&mut")) expect(object.SharedObject.mutable).toBe(true);
    return;
  }
  const { objectId } = object.ImmOrOwnedObject!;
  expect(objectId.startsWith("0xb") ? BLOB : WAL_COIN).toBe(bare);
}

const PURE_BYTES: Readonly<Record<string, number>> = {
  u8: 1,
  bool: 1,
  u32: 4,
  u64: 8,
  u256: 32,
  address: 32,
};

function expectPure(bytes: Uint8Array, type: string): void {
  if (type === "0x1::string::String") {
    const parsed = bcs.string().parse(bytes);
    expect(bcs.string().serialize(parsed).toBytes()).toEqual(bytes);
    return;
  }
  if (type === "vector<u8>") {
    const parsed = bcs.byteVector().parse(bytes);
    expect(bcs.byteVector().serialize(parsed).toBytes()).toEqual(bytes);
    return;
  }
  expect({ type, bytes: bytes.length }).toEqual({ type, bytes: PURE_BYTES[type] });
}
