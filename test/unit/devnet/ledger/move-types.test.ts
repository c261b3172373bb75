/** Move type strings and the layouts derived from them. */
import { bcs } from "@mysten/sui/bcs";
import { describe, expect, test } from "vitest";
import { systemPackages } from "../../../devnet/ledger/framework.ts";
import { canonicalType, parseParameter } from "../../../devnet/ledger/move-types.ts";
import { Registry } from "../../../devnet/ledger/registry.ts";
import { COUNTER_PACKAGE, GOLD } from "./counter-package.ts";

const registry = new Registry([...systemPackages(), COUNTER_PACKAGE]);
const TWO = `0x${"2".padStart(64, "0")}`;

describe("type strings", () => {
  test("addresses become full, spaces one", () => {
    expect(canonicalType("0x2::coin::Coin<0x2::sui::SUI>")).toBe(
      `${TWO}::coin::Coin<${TWO}::sui::SUI>`,
    );
    expect(canonicalType("0x2::table::Table<u64,vector< u8 >>")).toBe(
      `${TWO}::table::Table<u64, vector<u8>>`,
    );
  });

  test.each(["u65", "vector<>", "vector<u8", "0x2::coin", "0xzz::a::B", "a::b::c::d", ""])(
    "%j is no type",
    (text) => {
      expect(() => canonicalType(text)).toThrow("Cannot parse Move type");
    },
  );

  test("parameters say how they are passed", () => {
    expect(parseParameter("&mut u64").reference).toBe("mutable");
    expect(parseParameter("&u64").reference).toBe("immutable");
    expect(parseParameter("u64").reference).toBe("value");
  });
});

describe("layouts", () => {
  test.each([
    ["u64", 2n ** 64n - 1n],
    ["u256", 2n ** 256n - 1n],
    ["vector<u8>", Uint8Array.of(1, 2)],
    ["vector<u16>", [1, 65_535]],
    ["0x1::string::String", "héllo"],
    ["0x1::option::Option<u32>", 7],
    ["0x1::option::Option<u32>", null],
    ["0x2::object::ID", TWO],
    ["0x2::vec_map::VecMap<u64, bool>", { contents: [{ key: 1n, value: true }] }],
    ["0x2::coin::Coin<0x2::sui::SUI>", { id: TWO, balance: { value: 5n } }],
  ])("%s comes back as it went", (type, value) => {
    expect(registry.parse(type, registry.serialize(type, value))).toEqual(value);
  });

  test("a struct without fields is one zero byte", () => {
    expect(registry.serialize(GOLD, {})).toEqual(Uint8Array.of(0));
    expect(registry.parse(GOLD, Uint8Array.of(0))).toEqual({});
  });

  test("an option is a vector of one on the wire", () => {
    const bytes = registry.serialize("0x1::option::Option<u8>", 9);
    expect(bytes).toEqual(bcs.vector(bcs.u8()).serialize([9]).toBytes());
  });

  test("bytes to spare and unknown types are refused", () => {
    expect(() => registry.parse("u8", Uint8Array.of(1, 2))).toThrow("trailing bytes");
    expect(() => registry.layout("0x9::no::Such")).toThrow("expected a declared datatype");
  });

  test.each([
    ["a bool other than 0 and 1", "bool", Uint8Array.of(2), "expected 0 or 1"],
    ["text that is no UTF-8", "0x1::string::String", Uint8Array.of(1, 0xff), "not valid"],
    ["a length with needless bytes", "vector<u8>", Uint8Array.of(0x80, 0), "non-canonical"],
  ])("%s is refused", (_name, type, bytes, message) => {
    expect(() => registry.parse(type, bytes)).toThrow(message);
  });

  test("abilities follow the contents of vectors and options", () => {
    const has = (type: string) => [...registry.abilities(type)].sort();
    expect(has("vector<u8>")).toEqual(["copy", "drop", "store"]);
    expect(has("vector<0x2::coin::Coin<0x2::sui::SUI>>")).toEqual(["store"]);
    expect(has("0x1::option::Option<0x2::balance::Balance<0x2::sui::SUI>>")).toEqual(["store"]);
    expect(has("0x2::coin::Coin<0x2::sui::SUI>")).toEqual(["key", "store"]);
  });
});
