/**
 * Writes the AssemblyScript of BLAKE2b's compression function for three messages at a time.
 *
 * One message is a chain of dependent operations, so a processor that can start several at once
 * mostly waits. The kernel therefore compresses three messages together: a pair in the two lanes of
 * 128-bit vectors, and a single one in 64-bit integers, whose statements are spread between those
 * of the pair. Vector and integer units then work side by side.
 *
 * The twelve rounds are written out, so that the place of every message word is part of the code
 * and words that are known to be zero are left out. Written by hand this would be 3,000 lines that
 * differ in a digit; here the mixing function G of RFC 7693 §3.1 stands once for each unit.
 *
 * Measured for inner nodes on Zen 4 (`npm run bench -- codec`, the kernel by itself; ns for one
 * message): pair and single, written out 60; the same without leaving out zero words 63; the same
 * as a loop over rounds with a table of offsets 75; two pairs and a single as a loop 80, written
 * out 91 (it outgrows the caches of instructions); two pairs 75; one pair 85; a pair and two
 * singles 100.
 */

/** Order of the message words in each round (RFC 7693 §2.7); rounds 10 and 11 repeat 0 and 1. */
const SIGMA = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
  [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
  [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
  [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
  [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
  [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
  [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
] as const;
const ROUNDS = 12;

/** Words of an inner node (65 bytes) and of leaves up to 71 bytes; the rest are zero. */
const SHORT_WORDS = 9;

/** Words of a digest of 32 bytes. */
const DIGEST_WORDS = 4;

/** The words that G mixes: four columns, then four diagonals (RFC 7693 §3.2). */
const COLUMNS = [0, 1, 2, 3].map((i) => [i, i + 4, i + 8, i + 12] as const);
const DIAGONALS = [0, 1, 2, 3].map(
  (i) => [i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4)] as const,
);
const QUARTERS = [...COLUMNS, ...DIAGONALS];

/** One way to do arithmetic: a pair in vectors or a single message in integers. */
interface Unit {
  /** Prefix of the names of its sixteen words. */
  readonly name: string;
  /** Bytes from one word of messages and chain values to the next. */
  readonly wordBytes: number;
  /** Where its message lies, and its part of the chain values (`hash-layout.ts`). */
  readonly message: string;
  readonly chainOffset: number;
  readonly load: (address: string, offset: number) => string;
  readonly store: (value: string, address: string, offset: number) => string;
  readonly xor: (...terms: readonly string[]) => string;
  /** A 64-bit number in every lane. */
  readonly splat: (value: string) => string;
  /** Statements that add message word `word`, if it is not zero, and b to a. */
  readonly addInto: (a: string, b: string, word: string | null) => string[];
  readonly add: (a: string, b: string) => string;
  /** `x ^ y` turned right. */
  readonly turn: (x: string, y: string, bits: 16 | 24 | 32 | 63) => string[];
}

const PAIR: Unit = {
  name: "p",
  wordBytes: 16,
  message: "MESSAGE_P",
  chainOffset: 0,
  load: (address, offset) => `v128.load(${address}, ${offset})`,
  store: (value, address, offset) => `v128.store(${address}, ${value}, ${offset});`,
  xor: (...terms) => terms.reduce((sum, term) => `v128.xor(${sum}, ${term})`),
  splat: (value) => `i64x2.splat(${value})`,
  add: (a, b) => `${a} = i64x2.add(${a}, ${b});`,
  // The word first: b is ready last.
  addInto: (a, b, word) =>
    [word, b].filter((term) => term !== null).map((term) => `${a} = i64x2.add(${a}, ${term});`),
  turn: (x, y, bits) => {
    const mixed = `${x} = v128.xor(${x}, ${y});`;
    if (bits === 32) return [mixed, `${x} = i32x4.shuffle(${x}, ${x}, 1, 0, 3, 2);`];
    if (bits !== 63) return [mixed, `${x} = i8x16.swizzle(${x}, turn${bits});`];
    return [mixed, `${x} = v128.or(i64x2.shr_u(${x}, 63), i64x2.add(${x}, ${x}));`];
  },
};

const SINGLE: Unit = {
  name: "s",
  wordBytes: 8,
  message: "MESSAGE_S",
  chainOffset: 128,
  load: (address, offset) => `load<u64>(${address}, ${offset})`,
  store: (value, address, offset) => `store<u64>(${address}, ${value}, ${offset});`,
  xor: (...terms) => terms.join(" ^ "),
  splat: (value) => value,
  add: (a, b) => `${a} += ${b};`,
  addInto: (a, b, word) => [word === null ? `${a} += ${b};` : `${a} = ${a} + ${word} + ${b};`],
  turn: (x, y, bits) => [`${x} = rotr<u64>(${x} ^ ${y}, ${bits});`],
};

/** G of RFC 7693 §3.1 over four words, with message words x and y. */
function mix(
  { name, addInto, add, turn }: Unit,
  quarter: readonly [number, number, number, number],
  x: string | null,
  y: string | null,
): string[] {
  const [a, b, c, d] = quarter.map((index) => `${name}${index}`) as [
    string,
    string,
    string,
    string,
  ];
  return [
    ...addInto(a, b, x),
    ...turn(d, a, 32),
    add(c, d),
    ...turn(b, c, 24),
    ...addInto(a, b, y),
    ...turn(d, a, 16),
    add(c, d),
    ...turn(b, c, 63),
  ];
}

/** One round; message words from `wordCount` on are zero. */
function mixRound(unit: Unit, round: number, wordCount: number): string[] {
  const sigma = SIGMA[round % SIGMA.length] ?? SIGMA[0];
  const word = (place: number): string | null => {
    const index = sigma[place] ?? 0;
    return index < wordCount ? unit.load(unit.message, index * unit.wordBytes) : null;
  };
  return QUARTERS.flatMap((quarter, index) =>
    mix(unit, quarter, word(2 * index), word(2 * index + 1)),
  );
}

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

/** A function to write: what varies between them. */
interface Shape {
  readonly signature: string;
  /** Address of the chain values before the block. */
  readonly chain: string;
  /** All ones for the last block of a message, else 0. */
  readonly last: string;
  /** Message words from here on are zero. */
  readonly wordCount: number;
  /** Chain values that are wanted, from the first on. */
  readonly chainCount: number;
}

/** Declares a unit's words: chain values, then the initial vector, counter and flag. */
function open({ name, wordBytes, chainOffset, load, xor, splat }: Unit, shape: Shape): string[] {
  return Array.from({ length: 16 }, (_, i) => {
    if (i < 8) return `let ${name}${i} = ${load(shape.chain, chainOffset + wordBytes * i)};`;
    const iv = load("VECTORS", chainOffset + wordBytes * (i - 8));
    if (i === 12) return `let ${name}12 = ${xor(iv, splat("total"))};`;
    if (i === 14) return `let ${name}14 = ${xor(iv, splat(shape.last))};`;
    return `let ${name}${i} = ${iv};`;
  });
}

/** Writes the chain values after the block to STATE. */
function close({ name, wordBytes, chainOffset, load, store, xor }: Unit, shape: Shape): string[] {
  return Array.from({ length: shape.chainCount }, (_, i) => {
    const at = chainOffset + wordBytes * i;
    return store(xor(load(shape.chain, at), `${name}${i}`, `${name}${i + 8}`), "STATE", at);
  });
}

function compressSource(shape: Shape): string[] {
  const rounds = Array.from({ length: ROUNDS }, (_, round) =>
    merge(mixRound(PAIR, round, shape.wordCount), mixRound(SINGLE, round, shape.wordCount)),
  );
  return [
    `export function ${shape.signature}: void {`,
    "const turn16 = v128.load(TURN_16);",
    "const turn24 = v128.load(TURN_24);",
    ...open(PAIR, shape),
    ...open(SINGLE, shape),
    ...rounds.flat(),
    ...close(PAIR, shape),
    ...close(SINGLE, shape),
    "}",
  ];
}

/** The module `rounds.ts` that `blake2b.ts` imports. */
export function roundsSource(): string {
  return [
    `import { MESSAGE_P, MESSAGE_S, STATE } from "./hash-layout";`,
    `import { START, TURN_16, TURN_24, VECTORS } from "./hash-layout";`,
    "",
    "/** Mixes one block of all three messages into the chain values at `chain`, to STATE. */",
    ...compressSource({
      signature: "compress(chain: usize, total: u64, last: u64)",
      chain: "chain",
      last: "last",
      wordCount: 16,
      chainCount: 8,
    }),
    "",
    `/** The digests of three messages of \`total\` bytes, at most ${SHORT_WORDS} words, to STATE. */`,
    ...compressSource({
      signature: "compressShort(total: u64)",
      chain: "START",
      last: "u64.MAX_VALUE",
      wordCount: SHORT_WORDS,
      chainCount: DIGEST_WORDS,
    }),
    "",
  ].join("\n");
}
