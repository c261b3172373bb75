import { expect, test } from "vitest";
import { STREAM_PART_BYTES } from "../../../shared/limits.ts";
import { ExactReader } from "../../../shared/bytes/exact-reader.ts";
import { seededBytes } from "../../support/contents.ts";

const KIB = 1024;
const CONTENT = seededBytes(300 * KIB, 1);

/** The content cut at `pieceBytes`, as a stream of bytes or of any chunks. */
function streamOf(kind: "bytes" | "chunks", pieceBytes: number): ReadableStream<Uint8Array> {
  let offset = 0;
  const next = () => CONTENT.slice(offset, (offset += pieceBytes));
  if (kind === "chunks") {
    return new ReadableStream({
      pull: (controller) =>
        offset < CONTENT.length ? controller.enqueue(next()) : controller.close(),
    });
  }
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (offset < CONTENT.length) return controller.enqueue(next());
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

const CASES = (["bytes", "chunks"] as const).flatMap((kind) =>
  [1_000, 64 * KIB, 300 * KIB].map((pieceBytes) => [kind, pieceBytes] as const),
);

test.each(CASES)("a stream of %s cut at %d is read by exact counts", async (kind, pieceBytes) => {
  const reader = new ExactReader(streamOf(kind, pieceBytes));
  const counts = [9, 130 * KIB, 9, 1, 64 * KIB, 100 * KIB];
  let offset = 0;
  for (const byteCount of counts) {
    const bytes = await reader.read(byteCount);
    expect(bytes && Buffer.compare(bytes, CONTENT.subarray(offset, offset + byteCount))).toBe(0);
    offset += byteCount;
  }
  const rest = await reader.readInto(new ArrayBuffer(128 * KIB));
  expect(Buffer.compare(rest, CONTENT.subarray(offset))).toBe(0);
  expect(await reader.read(1)).toBeNull();
  expect(reader.receivedBytes).toBe(CONTENT.length);
});

test.each(CASES)(
  "a stream of %s cut at %d fills places of a larger buffer",
  async (kind, pieceBytes) => {
    const reader = new ExactReader(streamOf(kind, pieceBytes));
    const whole = new Uint8Array(CONTENT.length);
    let offset = 0;
    for (const byteCount of [9, 1, 270 * KIB, 20 * KIB]) {
      const place = whole.subarray(offset, offset + byteCount);
      expect(await reader.readTo(place)).toBe(place);
      offset += byteCount;
    }
    expect(await reader.read(CONTENT.length - offset)).toEqual(CONTENT.slice(offset));
    expect(Buffer.compare(whole.subarray(0, offset), CONTENT.subarray(0, offset))).toBe(0);
    expect(await reader.readTo(new Uint8Array(1))).toBeNull();
  },
);

test.each(["bytes", "chunks"] as const)("a stream of %s that ends within is told", async (kind) => {
  for (const byteCount of [10, 200 * KIB]) {
    const reader = new ExactReader(streamOf(kind, 64 * KIB));
    await reader.read(CONTENT.length - 5);
    await expect(reader.read(byteCount)).rejects.toThrow(`ended after 5 of ${byteCount} bytes`);
    const other = new ExactReader(streamOf(kind, 64 * KIB));
    await other.read(CONTENT.length - 5);
    await expect(other.readTo(new Uint8Array(byteCount))).rejects.toThrow(
      `ended after 5 of ${byteCount} bytes`,
    );
  }
});

test("a buffer that was handed in comes back under the bytes", async () => {
  const reader = new ExactReader(streamOf("bytes", 1_000));
  const row = await reader.readInto(new ArrayBuffer(128 * KIB));
  expect(row.buffer.byteLength).toBe(128 * KIB);
  const last = await reader.readInto(new ArrayBuffer(256 * KIB));
  expect([last.length, last.buffer.byteLength]).toEqual([172 * KIB, 256 * KIB]);
});

test("no more than a piece is asked for at once, whatever is wanted", async () => {
  const asked: number[] = [];
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const view = controller.byobRequest?.view;
      if (view === undefined || view === null) return;
      asked.push(view.byteLength);
      controller.byobRequest?.respond(view.byteLength);
    },
  });
  const bytes = await new ExactReader(stream).read(2 * STREAM_PART_BYTES + 65 * KIB);
  expect(bytes?.length).toBe(2 * STREAM_PART_BYTES + 65 * KIB);
  expect(asked).toEqual([STREAM_PART_BYTES, STREAM_PART_BYTES, 65 * KIB]);
});
