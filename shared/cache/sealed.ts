/**
 * Verified bytes as they are cached: the bytes, then a SHA-256 of them. Pure.
 *
 * The digest says whether a cache has given back what it was given; that the bytes belong to the
 * blob was checked before they were sealed.
 */
import { concatBytes, equalBytes } from "../bytes/arrays.ts";

/** Bytes of the digest. */
export const SEAL_BYTES = 32;

/** The value to be cached. */
export async function seal(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return concatBytes(bytes, await digestOf(bytes));
}

/** Makes a value of bytes that have room for the digest behind them. */
export async function sealInPlace(value: Uint8Array): Promise<void> {
  const end = value.length - SEAL_BYTES;
  value.set(await digestOf(value.subarray(0, end)), end);
}

/** Whether the digest of a cached value fits its bytes. */
export async function isIntact(value: Uint8Array): Promise<boolean> {
  const end = value.length - SEAL_BYTES;
  if (end < 0) return false;
  return equalBytes(await digestOf(value.subarray(0, end)), value.subarray(end));
}

async function digestOf(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
