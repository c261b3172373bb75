/**
 * BLAKE2b with 32 bytes of output, unkeyed, in batches (RFC 7693).
 *
 * Merkle leaves are H(0 ‖ data), inner nodes H(1 ‖ left ‖ right) (`walrus-core merkle.rs`). Rounds
 * are rolled, with message offsets read from a table: unrolled code is larger than the
 * processor's decoded-instruction cache and slower.
 */
import { MESSAGE } from "./layout";

/** Byte offsets of the message words for each of the 12 rounds. */
const SIGMA: usize = memory.data<u8>([
  0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120, 112, 80, 32, 64, 72, 120, 104,
  48, 8, 96, 0, 16, 88, 56, 40, 24, 88, 64, 96, 0, 40, 16, 120, 104, 80, 112, 24, 48, 56, 8, 72, 32,
  56, 72, 24, 8, 104, 96, 88, 112, 16, 48, 40, 80, 32, 0, 120, 64, 72, 0, 40, 56, 16, 32, 80, 120,
  112, 8, 88, 96, 48, 64, 24, 104, 16, 96, 48, 80, 0, 88, 64, 24, 32, 104, 56, 40, 120, 112, 8, 72,
  96, 40, 8, 120, 112, 104, 32, 80, 0, 56, 48, 24, 72, 16, 64, 88, 104, 88, 56, 112, 96, 8, 24, 72,
  40, 0, 120, 32, 64, 48, 16, 80, 48, 120, 112, 72, 88, 24, 0, 64, 96, 16, 104, 56, 8, 32, 80, 40,
  80, 16, 64, 32, 56, 48, 8, 40, 120, 88, 72, 112, 24, 96, 104, 0, 0, 8, 16, 24, 32, 40, 48, 56, 64,
  72, 80, 88, 96, 104, 112, 120, 112, 80, 32, 64, 72, 120, 104, 48, 8, 96, 0, 16, 88, 56, 40, 24,
]);

const IV0: u64 = 0x6a09e667f3bcc908;
const IV1: u64 = 0xbb67ae8584caa73b;
const IV2: u64 = 0x3c6ef372fe94f82b;
const IV3: u64 = 0xa54ff53a5f1d36f1;
const IV4: u64 = 0x510e527fade682d1;
const IV5: u64 = 0x9b05688c2b3e6c1f;
const IV6: u64 = 0x1f83d9abfb41bd6b;
const IV7: u64 = 0x5be0cd19137e2179;

/** IV0 with the parameter block for 32 bytes of output, no key, fanout and depth 1. */
const START0: u64 = 0x6a09e667f3bcc908 ^ 0x01010020;

const BLOCK: usize = 128;
const LEAF_PREFIX: u8 = 0;
const INNER_PREFIX: u8 = 1;
const SIGMA_BYTES: usize = 192;

/** The chain value between blocks: 8 words. */
const STATE: usize = MESSAGE + 256;

function resetState(): void {
  store<u64>(STATE, START0);
  store<u64>(STATE, IV1, 8);
  store<u64>(STATE, IV2, 16);
  store<u64>(STATE, IV3, 24);
  store<u64>(STATE, IV4, 32);
  store<u64>(STATE, IV5, 40);
  store<u64>(STATE, IV6, 48);
  store<u64>(STATE, IV7, 56);
}

/** Mixes the 128 bytes at `block` into the state; `total` bytes so far, `last` all ones or 0. */
function compress(block: usize, total: u64, last: u64): void {
  let v0 = load<u64>(STATE, 0);
  let v1 = load<u64>(STATE, 8);
  let v2 = load<u64>(STATE, 16);
  let v3 = load<u64>(STATE, 24);
  let v4 = load<u64>(STATE, 32);
  let v5 = load<u64>(STATE, 40);
  let v6 = load<u64>(STATE, 48);
  let v7 = load<u64>(STATE, 56);
  let v8 = IV0;
  let v9 = IV1;
  let v10 = IV2;
  let v11 = IV3;
  let v12 = IV4 ^ total;
  let v13 = IV5;
  let v14 = IV6 ^ last;
  let v15 = IV7;
  const end = SIGMA + SIGMA_BYTES;
  for (let round = SIGMA; round < end; round += 16) {
    v0 += v4 + load<u64>(block + load<u8>(round, 0));
    v12 = rotr<u64>(v12 ^ v0, 32);
    v8 += v12;
    v4 = rotr<u64>(v4 ^ v8, 24);
    v0 += v4 + load<u64>(block + load<u8>(round, 1));
    v12 = rotr<u64>(v12 ^ v0, 16);
    v8 += v12;
    v4 = rotr<u64>(v4 ^ v8, 63);
    v1 += v5 + load<u64>(block + load<u8>(round, 2));
    v13 = rotr<u64>(v13 ^ v1, 32);
    v9 += v13;
    v5 = rotr<u64>(v5 ^ v9, 24);
    v1 += v5 + load<u64>(block + load<u8>(round, 3));
    v13 = rotr<u64>(v13 ^ v1, 16);
    v9 += v13;
    v5 = rotr<u64>(v5 ^ v9, 63);
    v2 += v6 + load<u64>(block + load<u8>(round, 4));
    v14 = rotr<u64>(v14 ^ v2, 32);
    v10 += v14;
    v6 = rotr<u64>(v6 ^ v10, 24);
    v2 += v6 + load<u64>(block + load<u8>(round, 5));
    v14 = rotr<u64>(v14 ^ v2, 16);
    v10 += v14;
    v6 = rotr<u64>(v6 ^ v10, 63);
    v3 += v7 + load<u64>(block + load<u8>(round, 6));
    v15 = rotr<u64>(v15 ^ v3, 32);
    v11 += v15;
    v7 = rotr<u64>(v7 ^ v11, 24);
    v3 += v7 + load<u64>(block + load<u8>(round, 7));
    v15 = rotr<u64>(v15 ^ v3, 16);
    v11 += v15;
    v7 = rotr<u64>(v7 ^ v11, 63);
    v0 += v5 + load<u64>(block + load<u8>(round, 8));
    v15 = rotr<u64>(v15 ^ v0, 32);
    v10 += v15;
    v5 = rotr<u64>(v5 ^ v10, 24);
    v0 += v5 + load<u64>(block + load<u8>(round, 9));
    v15 = rotr<u64>(v15 ^ v0, 16);
    v10 += v15;
    v5 = rotr<u64>(v5 ^ v10, 63);
    v1 += v6 + load<u64>(block + load<u8>(round, 10));
    v12 = rotr<u64>(v12 ^ v1, 32);
    v11 += v12;
    v6 = rotr<u64>(v6 ^ v11, 24);
    v1 += v6 + load<u64>(block + load<u8>(round, 11));
    v12 = rotr<u64>(v12 ^ v1, 16);
    v11 += v12;
    v6 = rotr<u64>(v6 ^ v11, 63);
    v2 += v7 + load<u64>(block + load<u8>(round, 12));
    v13 = rotr<u64>(v13 ^ v2, 32);
    v8 += v13;
    v7 = rotr<u64>(v7 ^ v8, 24);
    v2 += v7 + load<u64>(block + load<u8>(round, 13));
    v13 = rotr<u64>(v13 ^ v2, 16);
    v8 += v13;
    v7 = rotr<u64>(v7 ^ v8, 63);
    v3 += v4 + load<u64>(block + load<u8>(round, 14));
    v14 = rotr<u64>(v14 ^ v3, 32);
    v9 += v14;
    v4 = rotr<u64>(v4 ^ v9, 24);
    v3 += v4 + load<u64>(block + load<u8>(round, 15));
    v14 = rotr<u64>(v14 ^ v3, 16);
    v9 += v14;
    v4 = rotr<u64>(v4 ^ v9, 63);
  }
  store<u64>(STATE, load<u64>(STATE, 0) ^ v0 ^ v8, 0);
  store<u64>(STATE, load<u64>(STATE, 8) ^ v1 ^ v9, 8);
  store<u64>(STATE, load<u64>(STATE, 16) ^ v2 ^ v10, 16);
  store<u64>(STATE, load<u64>(STATE, 24) ^ v3 ^ v11, 24);
  store<u64>(STATE, load<u64>(STATE, 32) ^ v4 ^ v12, 32);
  store<u64>(STATE, load<u64>(STATE, 40) ^ v5 ^ v13, 40);
  store<u64>(STATE, load<u64>(STATE, 48) ^ v6 ^ v14, 48);
  store<u64>(STATE, load<u64>(STATE, 56) ^ v7 ^ v15, 56);
}

function storeDigest(target: usize): void {
  v128.store(target, v128.load(STATE));
  v128.store(target, v128.load(STATE, 16), 16);
}

/** Hashes `byteCount` bytes after `prefixBytes` (0 or 1) bytes of prefix to `target`. */
function hashOne(
  target: usize,
  source: usize,
  byteCount: usize,
  prefix: u8,
  prefixBytes: usize,
): void {
  resetState();
  store<u8>(MESSAGE, prefix);
  let filled = prefixBytes;
  let total: u64 = 0;
  // A full block is mixed in only when more follows: the last block is special, even if full.
  while (filled + byteCount > BLOCK) {
    const take = BLOCK - filled;
    memory.copy(MESSAGE + filled, source, take);
    source += take;
    byteCount -= take;
    filled = 0;
    total += BLOCK;
    compress(MESSAGE, total, 0);
  }
  memory.copy(MESSAGE + filled, source, byteCount);
  filled += byteCount;
  memory.fill(MESSAGE + filled, 0, BLOCK - filled);
  compress(MESSAGE, total + filled, u64.MAX_VALUE);
  storeDigest(target);
}

/** The digest of `byteCount` bytes. */
export function hashBytes(target: usize, source: usize, byteCount: usize): void {
  hashOne(target, source, byteCount, 0, 0);
}

/** The leaf digests of `count` values of `byteCount` bytes that lie `stride` apart. */
export function hashLeaves(
  target: usize,
  source: usize,
  count: i32,
  stride: usize,
  byteCount: usize,
): void {
  for (let i = 0; i < count; i++) {
    hashOne(target, source, byteCount, LEAF_PREFIX, 1);
    target += 32;
    source += stride;
  }
}

/** Inner nodes of `count` pairs: left and right operands each lie `stride` apart. */
export function hashPairs(
  target: usize,
  left: usize,
  right: usize,
  count: i32,
  stride: usize,
): void {
  store<u8>(MESSAGE, INNER_PREFIX);
  memory.fill(MESSAGE + 65, 0, 63);
  for (let i = 0; i < count; i++) {
    v128.store(MESSAGE, v128.load(left), 1);
    v128.store(MESSAGE, v128.load(left, 16), 17);
    v128.store(MESSAGE, v128.load(right), 33);
    v128.store(MESSAGE, v128.load(right, 16), 49);
    resetState();
    compress(MESSAGE, 65, u64.MAX_VALUE);
    storeDigest(target);
    target += 32;
    left += stride;
    right += stride;
  }
}
