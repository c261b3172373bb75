/**
 * The BLS key of a node and the messages it signs: BLS12-381 min-pk, key in G1, signature in G2
 * (Walrus `walrus-core` `messages.rs`, `messages/storage_confirmation.rs`, `invalid_blob_id.rs`).
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { numberToBytesBE } from "@noble/curves/utils.js";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { fromHex, toBase64, toHex } from "../../../shared/bytes/text.ts";

/** Signatures kept, so that asking twice costs one. */
const SIGNATURE_CACHE_COUNT_MAX = 1_024;

const APP_ID_STORAGE = 3;
const INTENT_VERSION = 0;

/** Intent types of signed messages (`messages.rs` IntentType). */
export const INTENT_CERTIFICATE = 1;
export const INTENT_INVALID_BLOB = 2;
export const INTENT_SYNC_SHARD = 3;

/** A message with its signature, as nodes answer it in JSON. */
export interface SignedMessageJson {
  readonly serializedMessage: string;
  readonly signature: string;
}

/** What a signed message begins with: intent and epoch. */
export function messageHeader(intentType: number, epoch: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(7);
  header.set([intentType, INTENT_VERSION, APP_ID_STORAGE]);
  new DataView(header.buffer).setUint32(3, epoch, true);
  return header;
}

/** The bytes of a storage confirmation: 40 for a permanent blob, 72 for a deletable one. */
export function confirmationMessage(
  epoch: number,
  blobId: Uint8Array,
  objectId: string | null,
): Uint8Array<ArrayBuffer> {
  const head = concatBytes(messageHeader(INTENT_CERTIFICATE, epoch), blobId);
  if (objectId === null) return concatBytes(head, new Uint8Array([0]));
  const objectBytes = fromHex(objectId.slice(2));
  if (objectBytes?.length !== 32) {
    throw new TypeError(`Cannot build confirmation: expected an object id, got ${objectId}`);
  }
  return concatBytes(head, new Uint8Array([1]), objectBytes);
}

/** Messages hashed to the curve and kept: all nodes of a thread sign the same ones. */
const HASHES_KEPT_MAX = 256;
type HashedMessage = ReturnType<typeof bls12_381.longSignatures.hash>;
const hashes = new Map<string, HashedMessage>();

function hashToCurve(message: Uint8Array, key: string): HashedMessage {
  const known = hashes.get(key);
  if (known !== undefined) return known;
  const hashed = bls12_381.longSignatures.hash(message);
  if (hashes.size >= HASHES_KEPT_MAX) hashes.clear();
  hashes.set(key, hashed);
  return hashed;
}

const COORDINATE_BYTES = 48;
const IS_COMPRESSED = 0x80;
const IS_LARGER_ROOT = 0x20;

/**
 * A point of G2 in its 96 bytes (ZCash's format, as `toBytes` gives them), without the check that it
 * is one, which costs as much as making it.
 */
function compressed(point: HashedMessage): Uint8Array {
  const { x, y } = point.toAffine();
  const bytes = new Uint8Array(2 * COORDINATE_BYTES);
  bytes.set(numberToBytesBE(x.c1, COORDINATE_BYTES));
  bytes.set(numberToBytesBE(x.c0, COORDINATE_BYTES), COORDINATE_BYTES);
  const { ORDER } = bls12_381.fields.Fp;
  const deciding = y.c1 === 0n ? y.c0 : y.c1;
  bytes[0] = (bytes[0] ?? 0) | IS_COMPRESSED | (2n * deciding > ORDER ? IS_LARGER_ROOT : 0);
  return bytes;
}

/**
 * Signs with one key. Not in constant time, which several times the work would buy: the keys of a
 * local network are no secret.
 */
export class Signer {
  /** 48 bytes, compressed. */
  readonly publicKey: Uint8Array;
  readonly #secret: bigint;
  readonly #signatures = new Map<string, Uint8Array>();

  constructor(secretKey: Uint8Array) {
    this.#secret = BigInt(`0x${toHex(secretKey)}`);
    this.publicKey = bls12_381.longSignatures.getPublicKey(secretKey).toBytes();
  }

  /** 96 bytes. */
  sign(message: Uint8Array): Uint8Array {
    const key = toHex(message);
    const known = this.#signatures.get(key);
    if (known !== undefined) return known;
    const signature = compressed(hashToCurve(message, key).multiplyUnsafe(this.#secret));
    if (this.#signatures.size >= SIGNATURE_CACHE_COUNT_MAX) this.#signatures.clear();
    this.#signatures.set(key, signature);
    return signature;
  }

  signJson(message: Uint8Array): SignedMessageJson {
    return { serializedMessage: toBase64(message), signature: toBase64(this.sign(message)) };
  }
}

/** Whether `signature` over `message` is by `publicKey` (48 bytes). Malformed input is `false`. */
export function verifySignature(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  try {
    const { longSignatures } = bls12_381;
    return longSignatures.verify(signature, longSignatures.hash(message), publicKey);
  } catch {
    return false;
  }
}
