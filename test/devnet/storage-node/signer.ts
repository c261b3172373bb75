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

/** Messages hashed to the curve and kept, of some 150 KB each: all nodes of a thread sign the same ones. */
const MESSAGES_KEPT_MAX = 128;
type Point = ReturnType<typeof bls12_381.longSignatures.hash>;
/** The hash of a message and its doubles, one for each bit of a key. */
const messages = new Map<string, readonly Point[]>();

/**
 * A signature is the hash times the key. Doubling is most of that work and the same for every key, so
 * the first node of a thread does it for the others.
 */
function doublesOf(message: Uint8Array, key: string): readonly Point[] {
  const known = messages.get(key);
  if (known !== undefined) return known;
  const doubles = [bls12_381.longSignatures.hash(message)];
  for (let last = doubles[0]; last !== undefined && doubles.length <= KEY_BITS;) {
    last = last.double();
    doubles.push(last);
  }
  if (messages.size >= MESSAGES_KEPT_MAX) messages.clear();
  messages.set(key, doubles);
  return doubles;
}

/** Keys are smaller than the order of the group. */
const KEY_BITS = 255;

/** A key as few powers of two, added or taken away: its non-adjacent form. */
interface Term {
  readonly exponent: number;
  readonly isNegative: boolean;
}

function termsOf(secret: bigint): readonly Term[] {
  const terms: Term[] = [];
  let rest = secret;
  for (let exponent = 0; rest > 0n; exponent++, rest >>= 1n) {
    if ((rest & 1n) === 0n) continue;
    const isNegative = (rest & 3n) === 3n;
    terms.push({ exponent, isNegative });
    rest += isNegative ? 1n : -1n;
  }
  return terms;
}

function multiply(doubles: readonly Point[], terms: readonly Term[]): Point {
  return terms.reduce((sum, { exponent, isNegative }) => {
    const double = doubles[exponent];
    if (double === undefined) throw new TypeError("Cannot sign: the key is too large");
    return sum.add(isNegative ? double.negate() : double);
  }, bls12_381.G2.Point.ZERO);
}

const COORDINATE_BYTES = 48;
const IS_COMPRESSED = 0x80;
const IS_LARGER_ROOT = 0x20;

/**
 * A point of G2 in its 96 bytes (ZCash's format, as `toBytes` gives them), without the check that it
 * is one, which costs as much as making it.
 */
function compressed(point: Point): Uint8Array {
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
  readonly #terms: readonly Term[];
  readonly #signatures = new Map<string, Uint8Array>();

  constructor(secretKey: Uint8Array) {
    this.#terms = termsOf(BigInt(`0x${toHex(secretKey)}`));
    this.publicKey = bls12_381.longSignatures.getPublicKey(secretKey).toBytes();
  }

  /** 96 bytes. */
  sign(message: Uint8Array): Uint8Array {
    const key = toHex(message);
    const known = this.#signatures.get(key);
    if (known !== undefined) return known;
    const signature = compressed(multiply(doublesOf(message, key), this.#terms));
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
