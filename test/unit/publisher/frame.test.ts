import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { LANE_FRAME_BYTES_MAX } from "../../../shared/limits.ts";
import { encodeSliver, type Sliver } from "../../../shared/codec/index.ts";
import {
  encodeSliverFrame,
  FRAME_HEADER_BYTES,
  type LaneFrame,
  readFrames,
} from "../../../workers/publisher/lane/frame.ts";
import { chunkedStream } from "../../support/chunked-stream.ts";

const SENT = [
  { memberIndex: 0, pairIndex: 999, sliver: sliverOf(4) },
  { memberIndex: 65_535, pairIndex: 0, sliver: sliverOf(2, "secondary") },
  { memberIndex: 7, pairIndex: 256, sliver: sliverOf(1_000, "secondary") },
] as const;

const FRAMES: readonly LaneFrame[] = SENT.map(({ memberIndex, pairIndex, sliver }) => ({
  memberIndex,
  pairIndex,
  axis: sliver.axis,
  body: encodeSliver(sliver),
}));

function sliverOf(byteCount: number, axis: Sliver["axis"] = "primary"): Sliver {
  return { axis, sliverIndex: 3, symbolBytes: 2, data: new Uint8Array(byteCount).fill(9) };
}

/** Of a sliver like `SENT[0]` whose BCS has `bodyBytes` bytes. */
function frameOf(bodyBytes: number): Uint8Array<ArrayBuffer> {
  const framingBytes = encodeSliver(sliverOf(bodyBytes)).length - bodyBytes;
  return encodeSliverFrame(0, 999, sliverOf(bodyBytes - framingBytes));
}

async function collect(stream: ReadableStream<Uint8Array>): Promise<LaneFrame[]> {
  const frames: LaneFrame[] = [];
  for await (const frame of readFrames(stream)) frames.push(frame);
  return frames;
}

const joined = concatBytes(
  ...SENT.map(({ memberIndex, pairIndex, sliver }) =>
    encodeSliverFrame(memberIndex, pairIndex, { ...sliver, data: sliver.data.slice() }),
  ),
);

describe("the stream of a lane", () => {
  test.each([1, 2, 8, 9, 10, 500, 5_000])("reads back however it is cut: %d bytes", async (cut) => {
    expect(await collect(chunkedStream(joined, cut))).toEqual(FRAMES);
  });

  test("an empty stream has no frames", async () => {
    expect(await collect(chunkedStream(new Uint8Array(0), 1))).toEqual([]);
  });

  test.each([1, FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + 1])(
    "a stream that ends inside a frame is an error: %d bytes",
    async (byteCount) => {
      await expect(collect(chunkedStream(joined.slice(0, byteCount), 4))).rejects.toThrow(
        /Cannot read/,
      );
    },
  );

  test("a body above the bound is refused on both sides, one at the bound passes", async () => {
    const bytes = frameOf(LANE_FRAME_BYTES_MAX);
    expect((await collect(chunkedStream(bytes, 1 << 20)))[0]?.body.length).toBe(
      LANE_FRAME_BYTES_MAX,
    );
    expect(() => frameOf(LANE_FRAME_BYTES_MAX + 1)).toThrow(RangeError);
    new DataView(bytes.buffer).setUint32(0, LANE_FRAME_BYTES_MAX + 1, true);
    await expect(collect(chunkedStream(bytes, 1 << 20))).rejects.toThrow(RangeError);
  });

  test("an unknown axis is refused", async () => {
    const bytes = frameOf(20);
    bytes[8] = 2;
    await expect(collect(chunkedStream(bytes, 64))).rejects.toThrow(RangeError);
  });
});
