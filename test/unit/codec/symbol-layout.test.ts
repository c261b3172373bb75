/** Recovery symbols on the wire, with the bytes of `walrus-core test_utils.rs`. */
import { beforeAll, describe, expect, test } from "vitest";
import {
  type Codec,
  decodeDecodingSymbols,
  decodeRecoverySymbols,
  encodeDecodingSymbols,
  encodeRecoverySymbols,
  encodeSliver,
  parseSymbolId,
  type Sliver,
} from "../../../shared/codec/index.ts";
import { bytesOfHex, hexOf } from "../../support/bytes.ts";
import { loadCodec } from "../../support/codec.ts";
import { failureOf, valueOf } from "../../support/results.ts";

const primary: Sliver = {
  axis: "primary",
  sliverIndex: 1,
  symbolBytes: 4,
  data: Uint8Array.from({ length: 28 }, (_, index) => index + 1),
};
const secondary: Sliver = {
  axis: "secondary",
  sliverIndex: 1,
  symbolBytes: 4,
  data: Uint8Array.of(21, 22, 23, 24, 25, 26, 27, 28, 29, 210, 211, 212, 213, 214, 215, 216),
};

let codec: Codec;

beforeAll(async () => {
  codec = await loadCodec();
});

const expand = (sliver: Sliver) => valueOf(codec.expandSliver(sliver, 10));

test("slivers have the layout and expansion of the vectors", () => {
  expect(hexOf(encodeSliver(primary))).toBe(`1c${hexOf(primary.data)}04000100`);
  expect(hexOf(expand(primary).symbols.slice(28))).toBe("aeb0d45274b59034743ce318");
  expect(hexOf(expand(primary).rootHash)).toBe(
    "ada7d862479dd0626f67c8a4890aa806c2a57f76e67b2b836c4fc7ee80d1dbde",
  );
  expect(hexOf(expand(secondary).symbols.slice(16))).toBe(
    "d9ed4c4cf4914e46fa89898113fd8383fee5040a3c310f09",
  );
  expect(hexOf(expand(secondary).rootHash)).toBe(
    "17d6863df69ab844a22c6582e1d916f9b749e5003b39bbc9f8422d77c7920e72",
  );
});

test("recovery symbols have the layout of the vectors", () => {
  const forSecondary = expand(primary).recoverySymbol(8);
  expect(hexOf(encodeRecoverySymbols([forSecondary]))).toBe(
    "01" +
      "0101000474b59034080004" +
      "0193eab40c3b80d8d5e00363b089ae359bf4fcc324f588d657b3f2018b573e096e" +
      "0000" +
      "01281e29dec1a106279b7ec9475acd4a86d410332754482f2127b3e9c35b92f74d",
  );
  const forPrimary = expand(secondary).recoverySymbol(2);
  expect(hexOf(encodeRecoverySymbols([forPrimary]))).toBe(
    "01" +
      "000100041dd2d3d4020004" +
      "01299733115b2ef6552b87a3fb12f3f6c24f0be5508597dedda20d5b22e6c231d3" +
      "0152b2a3da59dad762ed9a544200924d4dee3889dc3c0b2d91cd7f7970e70d398d" +
      "014cadd8de2da3d5b355e5a1137a34f09ddf51a16bf307c29d707c2f7fd3f0dd5f" +
      "01b1cda8ecbe6b62efddf54e96f6c38b8f063ac6af680f3cae7b619a9cf1d740f5",
  );
  const both = [forSecondary, forPrimary];
  expect(valueOf(decodeRecoverySymbols(encodeRecoverySymbols(both)))).toEqual(both);
});

test("decoding symbols are sorted by the bytes of their key and read in any order", () => {
  const symbol = expand(secondary).decodingSymbol(2);
  const written = encodeDecodingSymbols(
    new Map([
      [1, [symbol]],
      [256, [symbol, symbol]],
    ]),
  );
  const one = "000100041dd2d3d4";
  expect(hexOf(written)).toBe(["0200", "01", "02", one, one, "0100", "01", one].join(""));
  const read = valueOf(decodeDecodingSymbols(written));
  expect(read.get(256)).toEqual([symbol, symbol]);
  const unsorted = bytesOfHex(["02", "0100", "01", one, "0001", "01", one].join(""));
  expect([...valueOf(decodeDecodingSymbols(unsorted)).keys()]).toEqual([1, 256]);
});

describe("hostile symbols", () => {
  test.each([
    ["an unknown axis", "01 0201000401020304 0000 00"],
    ["an unknown node", "01 0101000401020304 0000 0102"],
    ["a lying count", "ff01 0101000401020304 0000 00"],
    ["a truncated digest", "01 0101000401020304 0000 010100"],
  ])("%s is refused", (_, hex) => {
    expect(failureOf(decodeRecoverySymbols(bytesOfHex(hex))).kind).toBe("malformed-bcs");
  });

  test("a repeated key is refused", () => {
    expect(decodeDecodingSymbols(bytesOfHex("02 010000 010000")).ok).toBe(false);
  });
});

test("symbol IDs have a strict text form", () => {
  expect(parseSymbolId("1-8")).toEqual({ primaryIndex: 1, secondaryIndex: 8 });
  expect(parseSymbolId("65535-0")).toEqual({ primaryIndex: 65_535, secondaryIndex: 0 });
  for (const bad of ["", "1", "1-", "-1", "01-2", "1-65536", "1-2-3", "a-b", " 1-2"]) {
    expect(parseSymbolId(bad)).toBeNull();
  }
});
