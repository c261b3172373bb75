/**
 * GF(2^16) by logarithm tables, straight from the definition. Never optimised.
 *
 * Source: `reed-solomon-simd engine/tables.rs` as described: logs in the polynomial basis, renamed
 * through the Cantor basis; skew factors of the additive transform.
 */

const POLYNOMIAL = 0x1002d;
const ORDER = 65_536;

/** Order of the multiplicative group; as a log it stands for zero. */
export const MODULUS = 65_535;

const CANTOR_BASIS = [
  0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900,
  0xfdb8, 0xfb34, 0xff38, 0x991e,
];

export const log = new Uint16Array(ORDER);
export const exp = new Uint16Array(ORDER);
fillLogs();

/** Log addition modulo 65535, where 65535 and 0 are the same. */
export function addLogs(left: number, right: number): number {
  const sum = left + right;
  return (sum + (sum >> 16)) & 0xffff;
}

/** An element times the element with log `factorLog`. */
export function multiplyByLog(element: number, factorLog: number): number {
  return element === 0 ? 0 : exp[addLogs(log[element]!, factorLog)]!;
}

/** The product of two elements. */
export function multiply(left: number, right: number): number {
  return right === 0 ? 0 : multiplyByLog(left, log[right]!);
}

/** The inverse of a non-zero element. */
export function invert(element: number): number {
  return exp[(MODULUS - log[element]!) % MODULUS]!;
}

/** The transform's twiddles, as logs. */
export const skew = buildSkew();

function fillLogs(): void {
  const powers = new Uint32Array(ORDER);
  let state = 1;
  for (let power = 0; power < MODULUS; power++) {
    powers[state] = power;
    state *= 2;
    if (state >= ORDER) state ^= POLYNOMIAL;
  }
  powers[0] = MODULUS;
  for (let label = 0; label < ORDER; label++) {
    let element = 0;
    for (let bit = 0; bit < 16; bit++) if ((label >> bit) & 1) element ^= CANTOR_BASIS[bit]!;
    log[label] = powers[element]!;
  }
  for (let label = 0; label < ORDER; label++) exp[log[label]!] = label;
  exp[MODULUS] = exp[0]!;
}

function buildSkew(): Uint16Array {
  const table = new Uint16Array(MODULUS);
  const rest = Array.from({ length: 15 }, (_, index) => 1 << (index + 1));
  for (let m = 0; m < 15; m++) {
    const stride = 1 << (m + 1);
    table[(1 << m) - 1] = 0;
    for (let i = m; i < 15; i++) {
      const size = 1 << (i + 1);
      for (let j = (1 << m) - 1; j < size; j += stride) table[j + size] = table[j]! ^ rest[i]!;
    }
    rest[m] = MODULUS - log[multiplyByLog(rest[m]!, log[rest[m]! ^ 1]!)]!;
    for (let i = m + 1; i < 15; i++) {
      rest[i] = multiplyByLog(rest[i]!, addLogs(log[rest[i]! ^ 1]!, rest[m]!));
    }
  }
  return table.map((element) => log[element]!);
}
