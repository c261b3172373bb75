/**
 * What attributes take: gas for keeping them on chain, and room in the transaction that sets them.
 * Pure.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import {
  GAS_BUDGET_ATTRIBUTES_MIST,
  GAS_BUDGET_PER_ATTRIBUTE_BYTE_MIST,
} from "../../../shared/limits.ts";
import type { AttributePair } from "./commands.ts";

/** A Move call that sets one pair (102 bytes), its two inputs and the lengths of their texts. */
const TRANSACTION_BYTES_PER_ATTRIBUTE = 120;

/** Gas to put aside for setting these on one Blob: the map is an object of its own. */
export function attributesGasMist(attributes: readonly AttributePair[]): bigint {
  if (attributes.length === 0) return 0n;
  const byteCount = BigInt(textBytes(attributes));
  return GAS_BUDGET_ATTRIBUTES_MIST + byteCount * GAS_BUDGET_PER_ATTRIBUTE_BYTE_MIST;
}

/** At most how many bytes of a transaction they take. */
export function attributesTransactionBytes(attributes: readonly AttributePair[]): number {
  return attributes.length * TRANSACTION_BYTES_PER_ATTRIBUTE + textBytes(attributes);
}

function textBytes(attributes: readonly AttributePair[]): number {
  return attributes.reduce(
    (sum, [key, value]) => sum + utf8Bytes(key).length + utf8Bytes(value).length,
    0,
  );
}
