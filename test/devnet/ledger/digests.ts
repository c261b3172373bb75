/**
 * Digests and ids, with Sui's salts.
 *
 * Source: sui `sui-types` (`BcsSignable` names its struct; `ObjectID::derive_id` and
 * `dynamic_field::derive_dynamic_field_id` use hashing intents 0xf1 and 0xf0).
 */
import { blake2b } from "@noble/hashes/blake2.js";
import { bcs } from "@mysten/sui/bcs";
import { deriveDynamicFieldID } from "@mysten/sui/utils";
import { concatBytes, utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { fromBase58, toBase58, toHex } from "../../../shared/bytes/text.ts";

const OBJECT_ID_INTENT = 0xf1;

export type Salt = "TransactionData" | "Object" | "TransactionEffects" | "TransactionEvents";

/** Base58 digest of the BCS of a `salt` value. */
export function digestOf(salt: Salt, bytes: Uint8Array): string {
  return toBase58(hash256(concatBytes(utf8Bytes(`${salt}::`), bytes)));
}

/** BLAKE2b-256. */
export function hash256(bytes: Uint8Array): Uint8Array {
  return blake2b(bytes, { dkLen: 32 });
}

/** Id of the `index`-th object id a transaction makes. */
export function derivedObjectId(txDigest: string, index: bigint): string {
  const digest = fromBase58(txDigest);
  if (digest === null) throw new TypeError(`Cannot derive an id: expected base58, got ${txDigest}`);
  const counter = bcs.u64().serialize(index).toBytes();
  return `0x${toHex(hash256(concatBytes(Uint8Array.of(OBJECT_ID_INTENT), digest, counter)))}`;
}

/** Id of a dynamic field. */
export function fieldId(parentId: string, keyType: string, key: Uint8Array): string {
  return deriveDynamicFieldID(parentId, keyType, key);
}
