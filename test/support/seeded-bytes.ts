/** Bytes that look random and depend on a seed alone; runs in browsers, too. */

/** `byteCount` bytes of xorshift32 from `seed`. */
export function seededBytes(byteCount: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteCount);
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  for (let index = 0; index < byteCount; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state & 0xff;
  }
  return bytes;
}
