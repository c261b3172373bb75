/** One buffer for a segment that is sent and cached: rows in their places, memory until nobody holds it. */
import { expect, test } from "vitest";
import { isIntact, SEAL_BYTES, seal, sealInPlace } from "../../../shared/cache/sealed.ts";
import { SegmentBuffer } from "../../../workers/aggregator/segment-buffer.ts";

test("rows are copied into their places, or lie there already", () => {
  const segment = new SegmentBuffer(6);
  const first = segment.append(Uint8Array.of(1, 2, 3));
  expect([segment.holds(first), segment.isWhole]).toEqual([true, false]);
  const room = segment.room(3);
  room?.set([4, 5, 6]);
  expect(segment.append(room ?? new Uint8Array())).toEqual(Uint8Array.of(4, 5, 6));
  expect(segment.isWhole).toBe(true);
  expect(segment.value.subarray(0, 6)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
});

test("a row that was begun in its place and comes otherwise is the one that counts", () => {
  const segment = new SegmentBuffer(3);
  segment.room(3)?.set([9, 9]);
  segment.append(Uint8Array.of(1, 2, 3));
  expect(segment.value.subarray(0, 3)).toEqual(Uint8Array.of(1, 2, 3));
});

test("what is too long for it finds no room", () => {
  const segment = new SegmentBuffer(3);
  segment.append(Uint8Array.of(1));
  expect([segment.room(2)?.length, segment.room(3)]).toEqual([2, null]);
  expect(() => segment.append(new Uint8Array(3))).toThrow("no room for 3 bytes");
});

test("the digest that goes into the room behind it is that of any cached value", async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const segment = new SegmentBuffer(3);
  segment.append(bytes);
  await sealInPlace(segment.value);
  expect(segment.value).toEqual(await seal(bytes));
  expect(segment.value.length).toBe(3 + SEAL_BYTES);
  expect(await isIntact(segment.value)).toBe(true);
});

test("its memory is given back when the last who holds it lets go, whoever does so twice", () => {
  const segment = new SegmentBuffer(3);
  const [sent, cached] = [segment.hold(), segment.hold()];
  sent();
  sent();
  expect(segment.value.length).toBe(3 + SEAL_BYTES);
  cached();
  expect(segment.value.length).toBe(0);
});
