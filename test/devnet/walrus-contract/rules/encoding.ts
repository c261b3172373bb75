/** Encoded length and blob ID as the contract computes them. Pure. */
import { blake2b } from "@noble/hashes/blake2.js";
import { arithmeticError, at, ensure, u64 } from "./abort.ts";
import { fromLittleEndian, toLittleEndian } from "./bytes.ts";

/** The only encoding type the contract takes (`encoding.move`). */
export const ENCODING_TYPE_RS2 = 1;
const DIGEST_BYTES = 32n;
const BLOB_ID_BYTES = 32n;
const U16_MAX = 65_535n;

/**
 * Bytes that all nodes together store for a blob (`encoding.move::encoded_blob_length`,
 * `redstuff.move::encoded_blob_length`).
 *
 * @throws {MoveAbort} `EInvalidEncodingType`; arithmetic error when a symbol would exceed `u16`.
 */
export function encodedBlobLength(
  unencodedBytes: bigint,
  encodingType: number,
  shardCount: number,
): bigint {
  ensure(
    encodingType === ENCODING_TYPE_RS2,
    at("encoding", "encoded_blob_length"),
    "EInvalidEncodingType",
  );
  const n = BigInt(shardCount);
  const faulty = (n - 1n) / 3n;
  const primary = n - 2n * faulty;
  const secondary = n - faulty;
  const symbol = symbolBytes(unencodedBytes, primary * secondary);
  const metadata = n * DIGEST_BYTES * 2n + BLOB_ID_BYTES;
  return u64(n * ((primary + secondary) * symbol + metadata));
}

/** Blob ID of a root hash (`blob.move::derive_blob_id`). Both as little-endian `u256`. */
export function deriveBlobId(rootHash: bigint, encodingType: number, size: bigint): bigint {
  const input = new Uint8Array(41);
  input[0] = encodingType;
  input.set(toLittleEndian(size, 8), 1);
  input.set(toLittleEndian(rootHash, 32), 9);
  return fromLittleEndian(blake2b(input, { dkLen: 32 }));
}

function symbolBytes(unencodedBytes: bigint, sourceSymbolCount: bigint): bigint {
  const length = unencodedBytes === 0n ? 1n : unencodedBytes;
  const least = (length - 1n) / sourceSymbolCount + 1n;
  if (least > U16_MAX) throw arithmeticError(`u16 cast of symbol size ${least}`);
  const even = least + (least % 2n);
  if (even > U16_MAX) throw arithmeticError(`u16 symbol size ${even}`);
  return even;
}
