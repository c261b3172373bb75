/** Randomness that depends on a seed alone (mulberry32). */
import type { Random } from "../../shared/ports.ts";

/** A Random port of this seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  function unit(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return {
    unit,
    bytes: (byteCount) => Uint8Array.from({ length: byteCount }, () => Math.floor(unit() * 256)),
  };
}
