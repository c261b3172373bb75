/**
 * Writes the AssemblyScript of BLAKE2b's compression function for a mix of lanes.
 *
 * One message is a chain of dependent operations, so a processor that can do four at once mostly
 * waits. The kernel therefore compresses five messages together: two pairs, each in the two lanes
 * of 128-bit vectors, and one in 64-bit integers that run beside them:
 *
 *     round:  pair a, columns  │ pair b, columns  │ pair a, diagonals │ pair b, diagonals
 *             scalar s, columns ................. │ scalar s, diagonals ...............
 *
 * The engine keeps the order of statements, so their order here is the schedule. Rounds stay
 * rolled: unrolled code outgrows the processor's cache of decoded instructions. Written out by hand
 * this is 250 lines that differ in a digit; here the mixing function G of RFC 7693 §3.1 stands once.
 */

/** The words that G mixes: four columns, then four diagonals (RFC 7693 §3.2). */
const COLUMNS = [0, 1, 2, 3].map((i) => [i, i + 4, i + 8, i + 12] as const);
const DIAGONALS = [0, 1, 2, 3].map(
  (i) => [i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)] as const,
);

type Quarter = (typeof COLUMNS)[number];

/** Writes one half of G for four quarters side by side; `half` 0 or 1, `sigma` the first index. */
type HalfMix = (quarters: readonly Quarter[], half: number, sigma: number) => string[];

const wordOffset = (index: number): string => `<usize>load<u8>(round, ${index})`;

/** A pair of messages in vectors named `name`0 … `name`15, message words at `message`. */
function pairMix(name: string, message: string): HalfMix {
  const v = (index: number): string => `${name}${index}`;
  return (quarters, half, sigma) => {
    const lines: string[] = [];
    quarters.forEach(([a, b], q) => {
      const word = `v128.load(${wordOffset(sigma + 2 * q + half)}, ${message})`;
      lines.push(`${v(a)} = i64x2.add(i64x2.add(${v(a)}, ${v(b)}), ${word});`);
    });
    for (const [a, , , d] of quarters) {
      lines.push(`${v(d)} = v128.xor(${v(d)}, ${v(a)});`);
      lines.push(`${v(d)} = ${half === 0 ? turn32(v(d)) : `i8x16.swizzle(${v(d)}, turn16)`};`);
    }
    for (const [, , c, d] of quarters) lines.push(`${v(c)} = i64x2.add(${v(c)}, ${v(d)});`);
    for (const [, b, c] of quarters) {
      lines.push(`${v(b)} = v128.xor(${v(b)}, ${v(c)});`);
      lines.push(
        half === 0
          ? `${v(b)} = i8x16.swizzle(${v(b)}, turn24);`
          : `${v(b)} = v128.or(i64x2.shr_u(${v(b)}, 63), i64x2.add(${v(b)}, ${v(b)}));`,
      );
    }
    return lines;
  };
}

/** Both 64-bit lanes turned by 32 bits: one shuffle of four words. */
function turn32(vector: string): string {
  return `i32x4.shuffle(${vector}, ${vector}, 1, 0, 3, 2)`;
}

/** One message in integers named `name`0 … `name`15. */
function scalarMix(name: string, message: string): HalfMix {
  const v = (index: number): string => `${name}${index}`;
  return (quarters, half, sigma) => {
    const lines: string[] = [];
    quarters.forEach(([a, b], q) => {
      const word = `load<u64>(${wordOffset(sigma + 2 * q + half)}, ${message})`;
      lines.push(`${v(a)} = ${v(a)} + ${v(b)} + ${word};`);
    });
    const [first, second] = half === 0 ? [32, 24] : [16, 63];
    for (const [a, , , d] of quarters) {
      lines.push(`${v(d)} = rotr<u64>(${v(d)} ^ ${v(a)}, ${first});`);
    }
    for (const [, , c, d] of quarters) lines.push(`${v(c)} += ${v(d)};`);
    for (const [, b, c] of quarters) {
      lines.push(`${v(b)} = rotr<u64>(${v(b)} ^ ${v(c)}, ${second});`);
    }
    return lines;
  };
}

/** Both halves of G over four quarters. */
const wholeMix = (mix: HalfMix, quarters: readonly Quarter[], sigma: number): string[] => [
  ...mix(quarters, 0, sigma),
  ...mix(quarters, 1, sigma),
];

/** Spreads `guests` evenly between `hosts`. */
function merge(hosts: readonly string[], guests: readonly string[]): string[] {
  let placed = 0;
  return hosts.flatMap((host, index) => {
    const due = Math.round(((index + 1) * guests.length) / hosts.length);
    const here = guests.slice(placed, due);
    placed = due;
    return [host, ...here];
  });
}

/** Declares a pair's words: chain values at `start`, then the initial vector, counter and flag. */
function openPair(name: string, offset: number): string[] {
  return Array.from({ length: 16 }, (_, i) => {
    if (i < 8) return `let ${name}${i} = v128.load(start, ${offset + 16 * i});`;
    const iv = `v128.load(VECTORS, ${16 * (i - 8)})`;
    if (i === 12) return `let ${name}12 = v128.xor(${iv}, i64x2.splat(total));`;
    if (i === 14) return `let ${name}14 = v128.xor(${iv}, i64x2.splat(last));`;
    return `let ${name}${i} = ${iv};`;
  });
}

function openScalar(name: string, offset: number): string[] {
  return Array.from({ length: 16 }, (_, i) => {
    if (i < 8) return `let ${name}${i} = load<u64>(start, ${offset + 16 * i});`;
    const iv = `load<u64>(VECTORS, ${16 * (i - 8)})`;
    if (i === 12) return `let ${name}12 = ${iv} ^ total;`;
    if (i === 14) return `let ${name}14 = ${iv} ^ last;`;
    return `let ${name}${i} = ${iv};`;
  });
}

function closePair(name: string, offset: number): string[] {
  return Array.from({ length: 8 }, (_, i) => {
    const at = offset + 16 * i;
    const mixed = `v128.xor(${name}${i}, ${name}${i + 8})`;
    return `v128.store(STATE, v128.xor(v128.load(start, ${at}), ${mixed}), ${at});`;
  });
}

function closeScalar(name: string, offset: number): string[] {
  return Array.from({ length: 8 }, (_, i) => {
    const at = offset + 16 * i;
    return `store<u64>(STATE, load<u64>(start, ${at}) ^ ${name}${i} ^ ${name}${i + 8}, ${at});`;
  });
}

/** The module `rounds.ts` that `blake2b.ts` imports. */
export function roundsSource(): string {
  const a = pairMix("a", "MESSAGE_A");
  const b = pairMix("b", "MESSAGE_B");
  const s = scalarMix("s", "MESSAGE_S");
  const body = [
    { quarters: COLUMNS, sigma: 0 },
    { quarters: DIAGONALS, sigma: 8 },
  ].flatMap(({ quarters, sigma }) =>
    merge(
      [...wholeMix(a, quarters, sigma), ...wholeMix(b, quarters, sigma)],
      wholeMix(s, quarters, sigma),
    ),
  );
  return [
    `import { MESSAGE_A, MESSAGE_B, MESSAGE_S, SIGMA, SIGMA_END, STATE } from "./hash-layout";`,
    `import { TURN_16, TURN_24, VECTORS } from "./hash-layout";`,
    "",
    "/** Mixes one block of all five messages into the chain values at `start`, to STATE. */",
    "export function compress(start: usize, total: u64, last: u64): void {",
    "const turn16 = v128.load(TURN_16);",
    "const turn24 = v128.load(TURN_24);",
    ...openPair("a", 0),
    ...openPair("b", 128),
    ...openScalar("s", 256),
    "for (let round = SIGMA; round < SIGMA_END; round += 16) {",
    ...body,
    "}",
    ...closePair("a", 0),
    ...closePair("b", 128),
    ...closeScalar("s", 256),
    "}",
    "",
  ].join("\n");
}
