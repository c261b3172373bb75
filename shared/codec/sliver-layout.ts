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

/** Writes SliverData. */
export function encodeSliver(sliver: Sliver): Uint8Array<ArrayBuffer> {
  const dataBytes = sliver.data.length;
  return new BcsWriter(ulebBytes(dataBytes) + dataBytes + 2 + 2)
    .bytes(sliver.data)
    .u16(sliver.symbolBytes)
    .u16(sliver.sliverIndex)
    .finish();
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
