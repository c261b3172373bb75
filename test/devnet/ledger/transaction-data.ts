/** Transaction data in the one shape the rest works with: as BCS parses it. */
import { bcs } from "@mysten/sui/bcs";
import type { TransactionData, Variant } from "./types.ts";

type DataInput = Variant<Parameters<typeof bcs.TransactionData.serialize>[0], "V1">;

/** A deep copy of the data, normalised by a trip through BCS. */
export function clone(data: DataInput): TransactionData["V1"] {
  return bcs.TransactionData.parse(serialize(data)).V1;
}

/** BCS of the data, as users sign it. */
export function serialize(data: DataInput): Uint8Array {
  // Larger than a transaction may be, so that the size limit is what refuses it.
  return bcs.TransactionData.serialize({ V1: data }, { maxSize: 2 ** 24 }).toBytes();
}
