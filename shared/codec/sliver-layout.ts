/**
 * BCS of SliverData, the body of sliver requests: the bytes, B and the index on the sliver's axis.
 *
 * The axis itself takes no bytes: it comes from the URL. Shape is checked against metadata by
 * `verifySliver`, not here. Source: `walrus-core encoding/slivers.rs::SliverData`.
 */
import { readBcs } from "../bcs/reader.ts";
import { BcsWriter, ulebBytes } from "../bcs/writer.ts";
import type { Result } from "../result.ts";
import type { LayoutFailure } from "./failure.ts";
import type { Sliver, SliverAxis } from "./types.ts";

/** Bytes that SliverData of this sliver takes. */
export function encodedSliverBytes({ data }: Sliver): number {
  return ulebBytes(data.length) + data.length + 2 + 2;
}

/** Writes SliverData. */
export function encodeSliver(sliver: Sliver): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(encodedSliverBytes(sliver));
  writeSliver(sliver, bytes);
  return bytes;
}

/** Writes SliverData into `bytes`, which has exactly room for it. */
export function writeSliver({ data, symbolBytes, sliverIndex }: Sliver, bytes: Uint8Array): void {
  const length = new BcsWriter().uleb(data.length).finish();
  const indices = new BcsWriter().u16(symbolBytes).u16(sliverIndex).finish();
  bytes.set(length);
  bytes.set(data, length.length);
  bytes.set(indices, length.length + data.length);
}

/** Reads SliverData of a known axis. `data` is a view of `bytes`. */
export function decodeSliver(axis: SliverAxis, bytes: Uint8Array): Result<Sliver, LayoutFailure> {
  return readBcs("SliverData", bytes, (reader) => {
    const data = reader.bytes();
    const symbolBytes = reader.u16();
    const sliverIndex = reader.u16();
    return { axis, sliverIndex, symbolBytes, data };
  });
}
