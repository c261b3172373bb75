/**
 * Decoding a blob from any P primary or S secondary slivers, and one sliver from symbols.
 *
 * Each source index has one slot: a source sliver in its own, a parity sliver in the slot of a
 * source that is missing. Once a slice has been read into work memory the slots are free, so
 * missing symbols are written straight into their place and the slots end up as
 * the source slivers. Source: `walrus-core encoding/blob_encoding.rs::BlobDecoder`.
 */
import { err, ok, type Result } from "../result.ts";
import { ErasureDecoder, planErasures } from "./erasure-decoder.ts";
import type { DecodeFailure } from "./failure.ts";
import type { Kernel, SymbolGrid } from "./kernel/kernel.ts";
import { encodingParameters, symbolCountOf } from "./parameters.ts";
import {
  laneSlices,
  lanesPerSlice,
  linearCode,
  positionWidthMax,
  sliceOf,
} from "./reed-solomon.ts";
import type { DecodingSymbol, EncodingParameters, Sliver, SliverAxis } from "./types.ts";

/** Bytes of all slots together that are worked on at one time: about the second-level cache. */
const STRIPE_BYTES_TARGET = 1024 * 1024;

/** Decodes to exactly `unencodedBytes` bytes. */
export function decodeBlob(
  kernel: Kernel,
  slivers: readonly Sliver[],
  shardCount: number,
  symbolBytes: number,
  unencodedBytes: number,
): Result<Uint8Array<ArrayBuffer>, DecodeFailure> {
  const parameters = encodingParameters(shardCount);
  const primary = usableSlivers(slivers, "primary", parameters, symbolBytes);
  const secondary = usableSlivers(slivers, "secondary", parameters, symbolBytes);
  const { primaryCount, secondaryCount } = parameters;
  const axis = primary.size >= primaryCount ? "primary" : "secondary";
  const usable = axis === "primary" ? primary : secondary;
  if (axis === "secondary" && usable.size < secondaryCount) {
    return err({
      kind: "not-enough-slivers",
      primaryUsable: primary.size,
      primaryRequired: primaryCount,
      secondaryUsable: secondary.size,
      secondaryRequired: secondaryCount,
    });
  }
  const slots = fillSlots(usable, axis === "primary" ? primaryCount : secondaryCount);
  const blob = new Uint8Array(unencodedBytes);
  const shape = { shardCount, lanesPerSlot: symbolCountOf(axis, parameters), symbolBytes };
  if (axis === "primary") decodeRows(kernel, slots, shape, blob);
  else decodeColumns(kernel, slots, shape, blob);
  return ok(blob);
}

/**
 * The data of one sliver from symbols of slivers across: k symbols of the code along the target.
 * Symbols that do not fit are passed over.
 */
export function decodeSliverData(
  kernel: Kernel,
  targetAxis: SliverAxis,
  symbols: readonly DecodingSymbol[],
  shardCount: number,
  symbolBytes: number,
): Result<Uint8Array<ArrayBuffer>, DecodeFailure> {
  const sourceCount = symbolCountOf(targetAxis, encodingParameters(shardCount));
  const usable = new Map<number, Uint8Array>();
  for (const { targetAxis: axis, sourceIndex, data } of symbols) {
    const isIndex = Number.isInteger(sourceIndex) && sourceIndex >= 0 && sourceIndex < shardCount;
    const fits = axis === targetAxis && data.length === symbolBytes && isIndex;
    if (fits && !usable.has(sourceIndex)) usable.set(sourceIndex, data);
  }
  if (usable.size < sourceCount) {
    return err({ kind: "not-enough-symbols", usable: usable.size, required: sourceCount });
  }
  const data = new Uint8Array(sourceCount * symbolBytes);
  const slots = fillSlots(usable, sourceCount);
  decodeRows(kernel, slots, { shardCount, lanesPerSlot: 1, symbolBytes }, data);
  return ok(data);
}

/** What lies in the slot of each source index: its own symbols or a parity sliver's. */
interface Slot {
  readonly index: number;
  readonly data: Uint8Array;
}

interface SlotShape {
  readonly shardCount: number;
  /** Symbols in each slot. */
  readonly lanesPerSlot: number;
  readonly symbolBytes: number;
}

function fillSlots(usable: ReadonlyMap<number, Uint8Array>, sourceCount: number): Slot[] {
  const parity = [...usable.keys()].filter((index) => index >= sourceCount).sort((a, b) => a - b);
  return Array.from({ length: sourceCount }, (_, source) => {
    const index = usable.has(source) ? source : (parity.shift() ?? source);
    return { index, data: usable.get(index) ?? new Uint8Array(0) };
  });
}

/** Joins slots that are rows: those that came are copied, the rest decoded. */
function decodeRows(kernel: Kernel, slots: Slot[], shape: SlotShape, target: Uint8Array): void {
  const slotBytes = shape.lanesPerSlot * shape.symbolBytes;
  const missing: number[] = [];
  slots.forEach(({ index, data }, source) => {
    if (index === source) setClipped(target, data, source * slotBytes);
    else missing.push(source);
  });
  if (missing.length === 0) return;
  decodeStripes(kernel, slots, shape, ({ address, stripeBytes, firstByte }) => {
    for (const source of missing) {
      const bytes = kernel.read(address + source * stripeBytes, stripeBytes);
      setClipped(target, bytes, source * slotBytes + firstByte);
    }
  });
}

/** Joins slots that are columns into rows. */
function decodeColumns(kernel: Kernel, slots: Slot[], shape: SlotShape, target: Uint8Array): void {
  const { symbolBytes } = shape;
  const rowBytes = slots.length * symbolBytes;
  decodeStripes(kernel, slots, shape, ({ address, stripeBytes, firstByte }) => {
    const mark = kernel.mark();
    const row = kernel.reserve(rowBytes);
    for (let at = 0; at < stripeBytes; at += symbolBytes) {
      const offset = ((firstByte + at) / symbolBytes) * rowBytes;
      if (offset >= target.length) break;
      kernel.copySymbols(
        { address: row, positionStride: symbolBytes, laneStride: 0 },
        { address: address + at, positionStride: stripeBytes, laneStride: 0 },
        slots.length,
        { laneCount: 1, symbolBytes },
      );
      setClipped(target, kernel.read(row, rowBytes), offset);
    }
    kernel.releaseTo(mark);
  });
}

/** The same lanes of every slot, one slot after the other, each `stripeBytes`. */
interface Stripe {
  readonly address: number;
  readonly stripeBytes: number;
  /** Where the stripe begins in each slot. */
  readonly firstByte: number;
}

/**
 * Decodes a few lanes at a time, so that kernel memory stays small and in the cache:
 *
 *     slot 0   │ stripe │ stripe │ …       `visit` sees each stripe with all slots decoded
 *     slot 1   │        │        │
 */
function decodeStripes(
  kernel: Kernel,
  slots: readonly Slot[],
  shape: SlotShape,
  visit: (stripe: Stripe) => void,
): void {
  const { shardCount, lanesPerSlot, symbolBytes } = shape;
  const code = linearCode(slots.length, shardCount);
  const given = slots.map(({ index }) => index);
  const isComplete = given.every((index, source) => index === source);
  const width = positionWidthMax(lanesPerSlot, symbolBytes);
  const decoder = isComplete ? null : new ErasureDecoder(kernel, planErasures(code, given), width);
  const together = lanesPerSlice(symbolBytes);
  const fitting = Math.floor(STRIPE_BYTES_TARGET / (slots.length * symbolBytes * together));
  const lanesTogether = Math.min(lanesPerSlot, Math.max(1, fitting) * together);
  const address = kernel.reserve(slots.length * lanesTogether * symbolBytes);
  for (let firstLane = 0; firstLane < lanesPerSlot; firstLane += lanesTogether) {
    const laneCount = Math.min(lanesTogether, lanesPerSlot - firstLane);
    const stripeBytes = laneCount * symbolBytes;
    const firstByte = firstLane * symbolBytes;
    slots.forEach(({ data }, source) => {
      const part = data.subarray(firstByte, firstByte + stripeBytes);
      kernel.write(address + source * stripeBytes, part);
    });
    if (decoder !== null) {
      const grid: SymbolGrid = { address, positionStride: stripeBytes, laneStride: symbolBytes };
      for (const slice of laneSlices(laneCount, symbolBytes)) {
        decoder.decode(sliceOf(grid, slice), slice);
      }
    }
    visit({ address, stripeBytes, firstByte });
  }
}

/** Copies what of `bytes` lies before the end of `target`. */
function setClipped(target: Uint8Array, bytes: Uint8Array, offset: number): void {
  const room = target.length - offset;
  if (room > 0) target.set(bytes.length > room ? bytes.subarray(0, room) : bytes, offset);
}

/** Slivers of one axis with the right shape, by index; the first of each index counts. */
function usableSlivers(
  slivers: readonly Sliver[],
  axis: SliverAxis,
  parameters: EncodingParameters,
  symbolBytes: number,
): Map<number, Uint8Array> {
  const expectedBytes = symbolCountOf(axis, parameters) * symbolBytes;
  const usable = new Map<number, Uint8Array>();
  for (const sliver of slivers) {
    const { sliverIndex, data } = sliver;
    const fits =
      sliver.axis === axis &&
      sliver.symbolBytes === symbolBytes &&
      data.length === expectedBytes &&
      Number.isInteger(sliverIndex) &&
      sliverIndex >= 0 &&
      sliverIndex < parameters.shardCount;
    if (fits && !usable.has(sliverIndex)) usable.set(sliverIndex, data);
  }
  return usable;
}
