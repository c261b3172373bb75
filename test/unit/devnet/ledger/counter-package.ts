/** A package for ledger tests: a counter, a value that must be used, wrapping, dynamic fields. */
import { normalizeSuiAddress } from "@mysten/sui/utils";
import { MoveAbort, type MoveValue, type NativePackage } from "../../../devnet/ledger/move.ts";

export const ORIGINAL_ID = normalizeSuiAddress("0xa11ce");
export const STORAGE_ID = normalizeSuiAddress("0xb0b");
export const GOLD = `${ORIGINAL_ID}::gold::GOLD`;
export const COUNTER = `${ORIGINAL_ID}::counter::Counter`;
const TICKET = `${ORIGINAL_ID}::counter::Ticket`;
const CONTEXT = "&mut 0x2::tx_context::TxContext";

interface Counter {
  id: string;
  count: bigint;
  label: string;
}

/** A package with a shared counter, a value that must be used, wrapping and dynamic fields. */
export const COUNTER_PACKAGE: NativePackage = {
  name: "counter",
  originalId: ORIGINAL_ID,
  storageId: STORAGE_ID,
  version: 2,
  datatypes: {
    "gold::GOLD": { kind: "struct", abilities: ["drop"], fields: {} },
    "counter::Counter": {
      kind: "struct",
      abilities: ["key", "store"],
      fields: { id: "0x2::object::UID", count: "u64", label: "0x1::string::String" },
    },
    "counter::Ticket": { kind: "struct", abilities: [], fields: { number: "u64" } },
    "counter::Box": {
      kind: "struct",
      abilities: ["key", "store"],
      fields: { id: "0x2::object::UID", content: COUNTER },
    },
    "counter::Shouted": {
      kind: "struct",
      abilities: ["copy", "drop"],
      fields: { text: "0x1::string::String" },
    },
    "counter::Counted": {
      kind: "struct",
      abilities: ["copy", "drop"],
      fields: { counter: "0x2::object::ID", count: "u64" },
    },
  },
  functions: [
    declare(
      "create",
      ["0x1::string::String", CONTEXT],
      [COUNTER],
      ({ context, arguments: [label] }) => [
        { id: context.freshId(), count: 0n, label: label?.value },
      ],
    ),
    declare("increment", [`&mut ${COUNTER}`, "u64"], [], ({ context, arguments: [target, by] }) => {
      const counter = valueOf(target) as Counter;
      counter.count += by?.value as bigint;
      context.emit(`${ORIGINAL_ID}::counter::Counted`, {
        counter: counter.id,
        count: counter.count,
      });
      return [];
    }),
    declare("value", [`&${COUNTER}`], ["u64"], ({ arguments: [counter] }) => [
      (valueOf(counter) as Counter).count,
    ]),
    declare("fail", [`&mut ${COUNTER}`], [], ({ arguments: [counter] }) => {
      (valueOf(counter) as Counter).count = 999n;
      throw new MoveAbort({
        module: "counter",
        functionName: "fail",
        code: 7n,
        constantName: "EAlwaysFails",
      });
    }),
    declare("ticket", [], [TICKET], () => [{ number: 1n }]),
    declare("punch", [TICKET], [], () => []),
    declare("destroy", [COUNTER], [], ({ context, arguments: [counter] }) => {
      context.deleteId((valueOf(counter) as Counter).id);
      return [];
    }),
    declare(
      "wrap",
      [COUNTER, CONTEXT],
      [`${ORIGINAL_ID}::counter::Box`],
      ({ context, arguments: [counter] }) => [{ id: context.freshId(), content: counter?.value }],
    ),
    declare(
      "unwrap",
      [`${ORIGINAL_ID}::counter::Box`],
      [COUNTER],
      ({ context, arguments: [box] }) => {
        const { id, content } = valueOf(box) as { id: string; content: Counter };
        context.deleteId(id);
        return [content];
      },
    ),
    declare("note", [`&mut ${COUNTER}`, "0x1::string::String", "u64"], [], (call) => {
      const [counter, key, value] = call.arguments;
      const { id } = valueOf(counter) as Counter;
      const keyType = "0x1::string::String";
      if (call.context.hasField(id, keyType, key?.value)) {
        call.context.mutateField(id, keyType, key?.value).value = value?.value;
      } else call.context.addField(id, keyType, key?.value, "u64", value?.value);
      return [];
    }),
    declare("forget", [`&mut ${COUNTER}`, "0x1::string::String"], [], (call) => {
      const [counter, key] = call.arguments;
      const { id } = valueOf(counter) as Counter;
      call.context.removeField(id, "0x1::string::String", key?.value);
      return [];
    }),
    declare("hold", [`&mut ${COUNTER}`, COUNTER], [], (call) => {
      const [holder, held] = call.arguments;
      const { id } = valueOf(holder) as Counter;
      call.context.addObjectField(id, "u64", 1n, COUNTER, held?.value);
      return [];
    }),
    declare("release", [`&mut ${COUNTER}`], [COUNTER], (call) => {
      const { id } = valueOf(call.arguments[0]) as Counter;
      return [call.context.removeObjectField(id, "u64", 1n).value];
    }),
    declare("now", ["&0x2::clock::Clock"], ["u64"], ({ arguments: [clock] }) => [
      (valueOf(clock) as { timestamp_ms: bigint }).timestamp_ms,
    ]),
    declare("shout", ["u64", "u64"], [], ({ context, arguments: [length, times] }) => {
      const text = "x".repeat(Number(valueOf(length)));
      for (let index = 0; index < Number(valueOf(times)); index++) {
        context.emit(`${ORIGINAL_ID}::counter::Shouted`, { text });
      }
      return [];
    }),
    declare("grow", [`&mut ${COUNTER}`, "u64"], [], ({ arguments: [counter, length] }) => {
      (valueOf(counter) as Counter).label = "x".repeat(Number(valueOf(length)));
      return [];
    }),
    declare("cheat", [`&${COUNTER}`], [], ({ arguments: [counter] }) => {
      (valueOf(counter) as Counter).count += 1n;
      return [];
    }),
  ],
};

function declare(
  name: string,
  parameters: readonly string[],
  returns: readonly string[],
  run: NativePackage["functions"][number]["run"],
): NativePackage["functions"][number] {
  return {
    module: "counter",
    name,
    visibility: "public",
    typeParameters: [],
    parameters,
    returns,
    run,
  };
}

/** Value of an argument the signature promises. */
function valueOf(argument: MoveValue | undefined): unknown {
  if (argument === undefined) throw new TypeError("Cannot read an argument: missing");
  return argument.value;
}
