/** Reading and writing BCS, with the bytes the specification gives and hostile ones. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBcs } from "../../../shared/bcs/reader.ts";
import { BcsWriter, ulebBytes } from "../../../shared/bcs/writer.ts";
import { failureOf, valueOf } from "../../support/results.ts";

const read = <T>(bytes: number[], body: Parameters<typeof readBcs<T>>[2]) =>
  readBcs("Thing", Uint8Array.from(bytes), body);

describe("BcsWriter", () => {
  test("writes integers little-endian", () => {
    const bytes = new BcsWriter(1).u8(1).u16(0x0203).u32(0x04050607).u64(0x08090a0b0c0d0e0fn);
    expect([...bytes.finish()]).toEqual([
      1, 3, 2, 7, 6, 5, 4, 0x0f, 0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 9, 8,
    ]);
  });

  test.each([
    [0, [0]],
    [127, [127]],
    [128, [0x80, 1]],
    [1000, [0xe8, 7]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])("writes length %i as ULEB128", (value, bytes) => {
    expect([...new BcsWriter().uleb(value).finish()]).toEqual(bytes);
    expect(ulebBytes(value)).toBe(bytes.length);
  });

  test("refuses values out of range", () => {
    const writer = new BcsWriter();
    expect(() => writer.u8(256)).toThrow(RangeError);
    expect(() => writer.u16(-1)).toThrow(RangeError);
    expect(() => writer.u32(2 ** 32)).toThrow(RangeError);
    expect(() => writer.u64(1n << 64n)).toThrow(RangeError);
    expect(() => writer.uleb(0.5)).toThrow(RangeError);
  });
});

describe("readBcs", () => {
  test("reads back what was written", () => {
    fc.assert(
      fc.property(
        fc.nat(0xff),
        fc.nat(0xffff),
        fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
        fc.nat(),
        fc.uint8Array(),
        (u8, u16, u64, uleb, bytes) => {
          const written = new BcsWriter(4).u8(u8).u16(u16).u64(u64).uleb(uleb).bytes(bytes);
          const value = readBcs("All", written.finish(), (reader) => [
            reader.u8(),
            reader.u16(),
            reader.u64(),
            reader.uleb(),
            reader.bytes(),
          ]);
          expect(valueOf(value)).toEqual([u8, u16, u64, uleb, bytes]);
        },
      ),
    );
  });

  test("names the layout and the offset of what is missing", () => {
    const result = read([1, 2], (reader) => [reader.u8(), reader.u32()]);
    expect(failureOf(result)).toEqual({
      kind: "malformed-bcs",
      layout: "Thing",
      offset: 1,
      reason: "too-short",
    });
  });

  test("refuses leftover bytes", () => {
    const result = read([1, 2], (reader) => reader.u8());
    expect(failureOf(result)).toMatchObject({ offset: 1, reason: "too-long" });
  });

  test.each([
    [[0x80, 0x00]],
    [[0xff, 0xff, 0xff, 0xff, 0x1f]],
    [[0x80, 0x80, 0x80, 0x80, 0x80, 1]],
  ])("refuses the non-canonical length %j", (bytes) => {
    expect(failureOf(read(bytes, (reader) => reader.uleb())).reason).toBe("bad-length");
  });

  test("refuses a length beyond the bytes there are before reading items", () => {
    const result = read([0xff, 0xff, 0x03, 0], (reader) => reader.length(33));
    expect(failureOf(result)).toMatchObject({ offset: 0, reason: "too-short" });
  });

  test("lets other errors through", () => {
    const broken = () => {
      throw new TypeError("a bug");
    };
    expect(() => read([], broken)).toThrow(TypeError);
  });
});
