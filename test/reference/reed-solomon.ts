/**
 * The one-dimensional code on plain arrays of elements, one code word at a time. Never optimised.
 *
 * Encoding is the additive transform as defined; decoding solves the linear system of the generator
 * matrix, so that the two share nothing but the code's definition.
 */
import { invert, multiply, multiplyByLog, MODULUS, skew } from "./field.ts";

function forward(values: Uint16Array, delta: number): void {
  for (let distance = values.length / 2; distance >= 1; distance /= 2) {
    for (let r = 0; r < values.length; r += 2 * distance) {
      const factor = skew[r + distance + delta - 1]!;
      for (let i = r; i < r + distance; i++) {
        if (factor !== MODULUS) values[i]! ^= multiplyByLog(values[i + distance]!, factor);
        values[i + distance]! ^= values[i]!;
      }
    }
  }
}

function inverse(values: Uint16Array, delta: number): void {
  for (let distance = 1; distance < values.length; distance *= 2) {
    for (let r = 0; r < values.length; r += 2 * distance) {
      const factor = skew[r + distance + delta - 1]!;
      for (let i = r; i < r + distance; i++) {
        values[i + distance]! ^= values[i]!;
        if (factor !== MODULUS) values[i]! ^= multiplyByLog(values[i + distance]!, factor);
      }
    }
  }
}

function powerOfTwoAtLeast(count: number): number {
  let power = 1;
  while (power < count) power *= 2;
  return power;
}

/** The parity elements of one code word. */
export function encodeElements(source: readonly number[], parityCount: number): number[] {
  const k = source.length;
  const a = powerOfTwoAtLeast(k);
  const b = powerOfTwoAtLeast(parityCount);
  const high = a === b ? k <= parityCount : a > b;
  if (high) {
    const sum = new Uint16Array(b);
    for (let start = 0; start < k; start += b) {
      const block = new Uint16Array(b);
      block.set(source.slice(start, start + b));
      inverse(block, start + b);
      block.forEach((value, index) => (sum[index]! ^= value));
    }
    forward(sum, 0);
    return Array.from(sum.subarray(0, parityCount));
  }
  const coefficients = new Uint16Array(a);
  coefficients.set(source);
  inverse(coefficients, 0);
  const parity: number[] = [];
  for (let start = 0; start < parityCount; start += a) {
    const block = coefficients.slice();
    forward(block, start + a);
    parity.push(...block.slice(0, Math.min(a, parityCount - start)));
  }
  return parity;
}

/** The elements of a symbol: 64-byte blocks of 32 low and 32 high bytes, then a shorter block. */
function toElements(symbol: Uint8Array): number[] {
  const elements: number[] = [];
  for (let start = 0; start < symbol.length; start += 64) {
    const half = Math.min(64, symbol.length - start) / 2;
    for (let j = 0; j < half; j++) {
      elements.push(symbol[start + j]! | (symbol[start + half + j]! << 8));
    }
  }
  return elements;
}

function toSymbol(elements: readonly number[]): Uint8Array {
  const symbol = new Uint8Array(elements.length * 2);
  for (let start = 0; start < symbol.length; start += 64) {
    const half = Math.min(64, symbol.length - start) / 2;
    for (let j = 0; j < half; j++) {
      const element = elements[start / 2 + j]!;
      symbol[start + j] = element & 0xff;
      symbol[start + half + j] = element >> 8;
    }
  }
  return symbol;
}

/** All n symbols of a code word whose source symbols are given. */
export function expandSymbols(source: readonly Uint8Array[], symbolCount: number): Uint8Array[] {
  const words = source.map(toElements);
  const parity: number[][] = Array.from({ length: symbolCount - source.length }, () => []);
  for (let lane = 0; lane < words[0]!.length; lane++) {
    const code = encodeElements(
      words.map((word) => word[lane]!),
      symbolCount - source.length,
    );
    code.forEach((element, index) => parity[index]!.push(element));
  }
  return [...source, ...parity.map(toSymbol)];
}

/** The k source symbols from any k of n, by Gaussian elimination over the generator matrix. */
export function solveSymbols(
  given: ReadonlyMap<number, Uint8Array>,
  sourceCount: number,
  symbolCount: number,
): Uint8Array[] {
  const unit = (index: number) => Array.from({ length: sourceCount }, (_, i) => +(i === index));
  const parityOfUnits = Array.from({ length: sourceCount }, (_, index) =>
    encodeElements(unit(index), symbolCount - sourceCount),
  );
  const rows = [...given].slice(0, sourceCount).map(([index, symbol]) => ({
    factors:
      index < sourceCount
        ? unit(index)
        : parityOfUnits.map((parity) => parity[index - sourceCount]!),
    values: toElements(symbol),
  }));
  for (let column = 0; column < sourceCount; column++) {
    const pivot = rows.findIndex((row, at) => at >= column && row.factors[column] !== 0);
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const scale = invert(rows[column]!.factors[column]!);
    const top = rows[column]!;
    top.factors = top.factors.map((factor) => multiply(factor, scale));
    top.values = top.values.map((value) => multiply(value, scale));
    rows.forEach((row, at) => {
      const factor = row.factors[column]!;
      if (at === column || factor === 0) return;
      row.factors = row.factors.map((own, i) => own ^ multiply(top.factors[i]!, factor));
      row.values = row.values.map((own, i) => own ^ multiply(top.values[i]!, factor));
    });
  }
  return rows.map((row) => toSymbol(row.values));
}
