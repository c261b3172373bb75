/**
 * GF(2^16) of the format, as labels over its Cantor basis, and the tables the kernel needs.
 *
 * | table              | entries   | users                                      |
 * | ------------------ | --------- | ------------------------------------------ |
 * | log                | 65,536    | erasure weights; building the tables below |
 * | exp                | 65,536    | the same                                   |
 * | SUBFIELD_PRODUCTS  | 256 x 32  | every multiplication of the kernel         |
 * | BASE_CHANGE_TABLE  | 32        | the kernel's base change                   |
 *
 * Constants: `reed-solomon-simd engine.rs`; table construction: `engine/tables.rs`.
 */

/** x^16 + x^5 + x^3 + x^2 + 1 */
const FIELD_POLYNOMIAL = 0x1002d;
const FIELD_ORDER = 65_536;

/** Order of the multiplicative group: logarithms count modulo this. */
export const LOG_MODULUS = 65_535;

/** The element that label 2^j stands for. */
const CANTOR_BASIS = [
  0x0001, 0xacca, 0x3c0e, 0x163e, 0xc582, 0xed2e, 0x914c, 0x4012, 0x6c98, 0x10d8, 0x6a72, 0xb900,
  0xfdb8, 0xfb34, 0xff38, 0x991e,
];

const SUBFIELD_ORDER = 256;
const NIBBLE = 16;

interface LogTables {
  /** log[label]; log[0] has no meaning and is 65535. */
  readonly log: Uint16Array;
  /** exp[log] for logs 0 … 65534; exp[65535] repeats exp[0]. */
  readonly exp: Uint16Array;
}

const { log, exp } = buildLogTables();

/** The discrete logarithm of a non-zero label. */
export function logOf(label: number): number {
  return log[label] ?? LOG_MODULUS;
}

/** The label with this logarithm, 0 … 65534. */
export function labelOf(logarithm: number): number {
  return exp[logarithm] ?? 0;
}

/** The product of two labels. */
export function multiplyLabels(left: number, right: number): number {
  if (left === 0 || right === 0) return 0;
  return labelOf((logOf(left) + logOf(right)) % LOG_MODULUS);
}

/** For each subfield label g: 16 products g·j, then 16 products g·(j << 4). */
export const SUBFIELD_PRODUCTS: Uint8Array = buildSubfieldProducts();

/** c(j) for 16 low nibbles, then c(j << 4): label (h << 8) is h·b8 + c(h), b8 the label 0x100. */
export const BASE_CHANGE_TABLE: Uint8Array = nibbleTable(
  (hi) => multiplyLabels(hi, SUBFIELD_ORDER) ^ (hi << 8),
);

function buildLogTables(): LogTables {
  const powers = new Uint16Array(FIELD_ORDER);
  let state = 1;
  for (let power = 0; power < LOG_MODULUS; power++) {
    powers[state] = power;
    state <<= 1;
    if (state >= FIELD_ORDER) state ^= FIELD_POLYNOMIAL;
  }
  powers[0] = LOG_MODULUS;
  // elements[label]: each label is a shorter one plus its highest basis element.
  const elements = new Uint16Array(FIELD_ORDER);
  CANTOR_BASIS.forEach((element, bit) => {
    const high = 1 << bit;
    for (let rest = 0; rest < high; rest++) elements[high + rest] = (elements[rest] ?? 0) ^ element;
  });
  const log = elements.map((element) => powers[element] ?? 0);
  const exp = new Uint16Array(FIELD_ORDER);
  for (let label = 0; label < FIELD_ORDER; label++) exp[log[label] ?? 0] = label;
  exp[LOG_MODULUS] = exp[0] ?? 0;
  return { log, exp };
}

function buildSubfieldProducts(): Uint8Array {
  const products = new Uint8Array(SUBFIELD_ORDER * 2 * NIBBLE);
  for (let label = 0; label < SUBFIELD_ORDER; label++) {
    products.set(
      nibbleTable((other) => multiplyLabels(label, other)),
      label * 2 * NIBBLE,
    );
  }
  return products;
}

/** Values of a linear map at the low nibbles, then at the high nibbles. */
function nibbleTable(map: (value: number) => number): Uint8Array {
  return Uint8Array.from({ length: 2 * NIBBLE }, (_, index) =>
    map(index < NIBBLE ? index : (index - NIBBLE) << 4),
  );
}
