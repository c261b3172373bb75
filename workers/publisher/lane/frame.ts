/**
 * The byte stream that feeds a lane: framed slivers, and nothing else. Pure.
 *
 * A frame is a header of 9 bytes (little-endian: u32 bytes of the body, u16 member index, u16 pair
 * index, u8 axis) and the BCS of SliverData. The stream is private to one upload and one lane, so
 * it has no version.
 */
import { freeBytes } from "../../../shared/bytes/arrays.ts";
import { ExactReader } from "../../../shared/bytes/exact-reader.ts";
import {
  encodedSliverBytes,
  type Sliver,
  type SliverAxis,
  writeSliver,
} from "../../../shared/codec/index.ts";
import { LANE_FRAME_BYTES_MAX } from "../../../shared/limits.ts";

/** One sliver on its way to one node. */
export interface LaneFrame {
  /** Index of the node in the committee. */
  readonly memberIndex: number;
  readonly pairIndex: number;
  readonly axis: SliverAxis;
  /** BCS of SliverData: the body of the request. */
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Bytes before each body. */
export const FRAME_HEADER_BYTES = 9;

const MEMBER_OFFSET = 4;
const PAIR_OFFSET = 6;
const AXIS_OFFSET = 8;

function writeHeader(
  bytes: Uint8Array,
  { memberIndex, pairIndex, axis }: Omit<LaneFrame, "body">,
  bodyBytes: number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  view.setUint32(0, bodyBytes, true);
  view.setUint16(MEMBER_OFFSET, memberIndex, true);
  view.setUint16(PAIR_OFFSET, pairIndex, true);
  view.setUint8(AXIS_OFFSET, axis === "primary" ? 0 : 1);
}

/**
 * Frames one sliver; its own memory is given back. It is copied once, into its place.
 *
 * @throws {RangeError} When its BCS is above `LANE_FRAME_BYTES_MAX`.
 */
export function encodeSliverFrame(
  memberIndex: number,
  pairIndex: number,
  sliver: Sliver,
): Uint8Array<ArrayBuffer> {
  const bodyBytes = encodedSliverBytes(sliver);
  assertBodyBytes(bodyBytes);
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + bodyBytes);
  writeHeader(bytes, { memberIndex, pairIndex, axis: sliver.axis }, bodyBytes);
  writeSliver(sliver, bytes.subarray(FRAME_HEADER_BYTES));
  freeBytes(sliver.data);
  return bytes;
}

/**
 * Reads frames however the stream was cut into chunks; holds one frame at a time.
 *
 * @throws {RangeError} For a body above `LANE_FRAME_BYTES_MAX` or an unknown axis.
 * @throws {Error} When the stream ends inside a frame.
 */
export async function* readFrames(stream: ReadableStream<Uint8Array>): AsyncGenerator<LaneFrame> {
  const source = new ExactReader(stream);
  try {
    for (;;) {
      const header = await source.read(FRAME_HEADER_BYTES);
      if (header === null) return;
      const view = new DataView(header.buffer);
      const bodyBytes = view.getUint32(0, true);
      assertBodyBytes(bodyBytes);
      const axisTag = view.getUint8(AXIS_OFFSET);
      if (axisTag > 1)
        throw new RangeError(`Cannot read frame: expected axis 0 or 1, got ${axisTag}`);
      const body = await source.read(bodyBytes);
      if (body === null) throw new Error("Cannot read frame: the stream ended after its header");
      yield {
        memberIndex: view.getUint16(MEMBER_OFFSET, true),
        pairIndex: view.getUint16(PAIR_OFFSET, true),
        axis: axisTag === 0 ? "primary" : "secondary",
        body,
      };
    }
  } finally {
    source.cancel();
  }
}

function assertBodyBytes(bodyBytes: number): void {
  if (bodyBytes > LANE_FRAME_BYTES_MAX) {
    throw new RangeError(
      `Cannot frame sliver: expected at most ${LANE_FRAME_BYTES_MAX} bytes, got ${bodyBytes}`,
    );
  }
}
