/**
 * Decoding a blob from any P primary or S secondary slivers, and one sliver from symbols.
 *
 * The given slivers lie in one slot per source index: a source sliver in its own slot, a parity
 * sliver in the slot of a source that is missing. Once a slice has been read into work memory the
 * slot is free, so missing symbols are written straight into their place and the slots end up as
 * the source slivers. Source: `walrus-core encoding/blob_encoding.rs::BlobDecoder`.
 */
import { err, ok, type Result } from "../result.ts";
import type { DecodeFailure } from "./failure.ts";
import type { Kernel, SymbolGrid } from "./kernel/kernel.ts";
import { encodingParameters, symbolCountOf } from "./parameters.ts";
import {
  decodeLanes,
  decodeWorkBytes,
  laneSlices,
  linearCode,
  loadPlan,
  planErasures,
  positionWidthMax,
  sliceOf,
} from "./reed-solomon.ts";
import type { DecodingSymbol, EncodingParameters, Sliver, SliverAxis } from "./types.ts";

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
  const slots = decodeSlots(kernel, usable, {
    sourceCount: axis === "primary" ? primaryCount : secondaryCount,
    shardCount,
    lanesPerSlot: symbolCountOf(axis, parameters),
    symbolBytes,
  });
  return ok(
    axis === "primary"
      ? kernel.read(slots, unencodedBytes)
      : readByRows(kernel, slots, parameters, symbolBytes, unencodedBytes),
  );
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
  const shape = { sourceCount, shardCount, lanesPerSlot: 1, symbolBytes };
  return ok(kernel.read(decodeSlots(kernel, usable, shape), sourceCount * symbolBytes));
}

interface SlotShape {
  readonly sourceCount: number;
  readonly shardCount: number;
  /** Symbols in each slot. */
  readonly lanesPerSlot: number;
  readonly symbolBytes: number;
}

/** Fills one slot per source index and decodes what is missing. Returns the first slot. */
function decodeSlots(
  kernel: Kernel,
  usable: ReadonlyMap<number, Uint8Array>,
  shape: SlotShape,
): number {
  const { sourceCount, shardCount, lanesPerSlot, symbolBytes } = shape;
  const slotBytes = lanesPerSlot * symbolBytes;
  const slots = kernel.reserve(sourceCount * slotBytes);
  const parity = [...usable.keys()].filter((index) => index >= sourceCount).sort((a, b) => a - b);
  const given: number[] = [];
  for (let source = 0; source < sourceCount; source++) {
    const index = usable.has(source) ? source : (parity.shift() ?? source);
    given.push(index);
    kernel.write(slots + source * slotBytes, usable.get(index) ?? new Uint8Array(0));
  }
  const code = linearCode(sourceCount, shardCount);
  const plan = planErasures(code, given);
  if (plan.missingSources.length === 0) return slots;
  const grid: SymbolGrid = {
    address: slots,
    positionStride: slotBytes,
    laneStride: symbolBytes,
  };
  const mark = kernel.mark();
  const work = kernel.reserve(decodeWorkBytes(plan, positionWidthMax(lanesPerSlot, symbolBytes)));
  loadPlan(kernel, plan, work);
  for (const slice of laneSlices(lanesPerSlot, symbolBytes)) {
    const part = sliceOf(grid, slice);
    decodeLanes(kernel, code, plan, part, slice, work, (position, source) => {
      const address = part.address + source * slotBytes;
      kernel.scatter({ ...part, address }, position, 1, slice.shape);
    });
  }
  kernel.releaseTo(mark);
  return slots;
}

/** Reads the matrix row by row out of slots that hold columns. */
function readByRows(
  kernel: Kernel,
  slots: number,
  parameters: EncodingParameters,
  symbolBytes: number,
  unencodedBytes: number,
): Uint8Array<ArrayBuffer> {
  const { primaryCount, secondaryCount } = parameters;
  const rowBytes = secondaryCount * symbolBytes;
  const blob = new Uint8Array(unencodedBytes);
  const row = kernel.reserve(rowBytes);
  for (let start = 0; start < unencodedBytes; start += rowBytes) {
    const firstCell = slots + (start / rowBytes) * symbolBytes;
    kernel.copySymbols(
      { address: row, positionStride: symbolBytes, laneStride: 0 },
      { address: firstCell, positionStride: primaryCount * symbolBytes, laneStride: 0 },
      secondaryCount,
      { laneCount: 1, symbolBytes },
    );
    blob.set(kernel.read(row, Math.min(rowBytes, unencodedBytes - start)), start);
  }
  return blob;
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
