/**
 * The one-dimensional code, backwards: missing source symbols from any k of n symbols.
 *
 * The known symbols, and the zeros that the format puts at unused positions, are values of one
 * polynomial. What has to be multiplied by what depends on the set of known positions alone, so it
 * is worked out once for all lanes (`planErasures`). Then, for few missing symbols, each is a sum
 *
 *     y(t) = Σ w(t, j)·y(j)     w(t, j) = A(t) / ((t + j)·A'(j)),  A(x) = Π (x + i) over known i
 *
 * (Lagrange). For many, the polynomial y·E with E = Π (x + i) over the erased i is known
 * everywhere: it is interpolated, differentiated and evaluated; (y·E)' = y·E' wherever E = 0. See
 * Lin, Chung, Han, "Novel polynomial basis …", FOCS 2014, §VI; `reed-solomon-simd` decodes so, too.
 */
import { labelOf, LOG_MODULUS, logOf, multiplyLabels } from "./field.ts";
import type { Kernel, SymbolGrid, Work } from "./kernel/kernel.ts";
import { type LaneSlice, type LinearCode, nextPowerOfTwo } from "./reed-solomon.ts";

/**
 * Up to this many missing symbols are summed directly. A sum is k multiplications, the transforms
 * cost about as much as 24 sums at 1,000 shards.
 */
const DIRECT_COUNT_MAX = 16;

const REGION_ALIGNMENT = 64;

/** What to do for one set of given symbols. */
export interface ErasurePlan {
  /** Given symbols, k. */
  readonly givenCount: number;
  readonly missingSources: readonly number[];
  /** Direct: k weights for each missing symbol. Empty where transforms are used. */
  readonly weights: Uint16Array;
  readonly transformSize: number;
  /** One past the last position that any symbol uses. */
  readonly positionEnd: number;
  /** For each given symbol its position, then its factor. */
  readonly places: Uint16Array;
  /** Position of source symbol 0. */
  readonly sourceBase: number;
  /** Factors for source symbols from the first to the last missing one; 0 where none is missing. */
  readonly missingFactors: Uint16Array;
}

/**
 * Prepares decoding for one set of given symbols: depends on the set alone, not on the data.
 *
 * @param given Exactly k distinct symbol indices below n.
 */
export function planErasures(code: LinearCode, given: readonly number[]): ErasurePlan {
  const { sourceCount, parityCount, isHighRate, chunk } = code;
  const sourceBase = isHighRate ? chunk : 0;
  const positionOf = (symbolIndex: number): number => {
    const isSource = symbolIndex < sourceCount;
    const offset = isSource ? symbolIndex : symbolIndex - sourceCount;
    return isSource === isHighRate ? chunk + offset : offset;
  };
  const positionEnd = chunk + (isHighRate ? sourceCount : parityCount);
  const transformSize = nextPowerOfTwo(positionEnd);
  // Positions that no symbol uses: low rate pads the source with known zeros and has nothing
  // beyond the parity; high rate has nothing between parity and source and zeros after it.
  const isKnown = new Uint8Array(transformSize);
  if (isHighRate) isKnown.fill(1, positionEnd);
  else isKnown.fill(1, sourceCount, chunk);
  const positions = given.map(positionOf);
  for (const position of positions) isKnown[position] = 1;

  const logProduct = productLogs(isKnown);
  const givenFactors = positions.map((position) => labelOf(logProduct(position)));
  const givenSet = new Set(given);
  const missingSources: number[] = [];
  for (let source = 0; source < sourceCount; source++) {
    if (!givenSet.has(source)) missingSources.push(source);
  }
  const first = missingSources[0] ?? 0;
  const missingFactors = new Uint16Array((missingSources.at(-1) ?? -1) + 1 - first);
  for (const source of missingSources) {
    const logarithm = LOG_MODULUS - logProduct(positionOf(source));
    missingFactors[source - first] = labelOf(logarithm % LOG_MODULUS);
  }
  const isDirect = missingSources.length <= DIRECT_COUNT_MAX;
  const weights = (isDirect ? missingSources : []).flatMap((source) => {
    const factor = missingFactors[source - first] ?? 0;
    return positions.map((position, index) => {
      const inverse = labelOf(LOG_MODULUS - logOf(position ^ positionOf(source)));
      return multiplyLabels(multiplyLabels(givenFactors[index] ?? 0, factor), inverse);
    });
  });
  return {
    givenCount: given.length,
    missingSources,
    weights: Uint16Array.from(weights),
    transformSize,
    positionEnd,
    places: Uint16Array.from(positions.flatMap((at, index) => [at, givenFactors[index] ?? 0])),
    sourceBase,
    missingFactors,
  };
}

/**
 * The logarithm, up to one constant that cancels, of the product of (i + j) over all erased j ≠ i.
 *
 * The product over all positions j ≠ i of a subspace is the same for every i, so the product over
 * the known positions, inverted, serves as well; the smaller set is taken.
 */
function productLogs(isKnown: Uint8Array): (position: number) => number {
  const known: number[] = [];
  const erased: number[] = [];
  isKnown.forEach((flag, position) => (flag === 1 ? known : erased).push(position));
  const overKnown = known.length < erased.length;
  const others = Uint16Array.from(overKnown ? known : erased);
  return (position) => {
    let total = 0;
    for (const other of others) if (other !== position) total += logOf(other ^ position);
    const logarithm = total % LOG_MODULUS;
    return overKnown ? (LOG_MODULUS - logarithm) % LOG_MODULUS : logarithm;
  };
}

/**
 * A plan with its tables and work memory in a kernel.
 *
 *     │ tables │ given: k positions │ transform: `transformSize` positions, or 1 if direct │
 */
export class ErasureDecoder {
  readonly plan: ErasurePlan;
  readonly #kernel: Kernel;
  readonly #places: number;
  readonly #weights: number;
  readonly #missingFactors: number;
  readonly #given: number;
  readonly #work: number;

  /** @param width The widest position of any slice. */
  constructor(kernel: Kernel, plan: ErasurePlan, width: number) {
    this.plan = plan;
    this.#kernel = kernel;
    this.#places = kernel.place(bytesOf(plan.places));
    this.#weights = kernel.place(bytesOf(plan.weights));
    this.#missingFactors = kernel.place(bytesOf(plan.missingFactors));
    this.#given = kernel.reserve(plan.givenCount * width);
    const positions = plan.weights.length > 0 ? 1 : plan.transformSize;
    this.#work = kernel.reserve(positions * width + REGION_ALIGNMENT);
  }

  /**
   * Computes the missing source symbols of one slice of lanes and writes them over the given ones.
   *
   * @param slots Grid of the slice: position i is the i-th given symbol, and afterwards, where
   *   source symbol i is missing, that.
   */
  decode(slots: SymbolGrid, slice: LaneSlice): void {
    const kernel = this.#kernel;
    const { width, shape } = slice;
    const { givenCount, weights } = this.plan;
    const given: Work = { address: this.#given, width };
    kernel.gather(given, slots, givenCount, shape);
    kernel.changeBase(given, givenCount);
    if (weights.length > 0) this.#sum(given, slots, slice);
    else this.#transform(given, slots, slice);
  }

  #sum(given: Work, slots: SymbolGrid, slice: LaneSlice): void {
    const kernel = this.#kernel;
    const { givenCount, missingSources } = this.plan;
    const work: Work = { address: this.#work, width: slice.width };
    missingSources.forEach((source, index) => {
      kernel.combine(work, given, this.#weights + 2 * givenCount * index, givenCount);
      kernel.changeBase(work, 1);
      kernel.scatter(slotOf(slots, source), work, 1, slice.shape);
    });
  }

  #transform(given: Work, slots: SymbolGrid, slice: LaneSlice): void {
    const kernel = this.#kernel;
    const { width } = slice;
    const { givenCount, transformSize, positionEnd, sourceBase, missingSources } = this.plan;
    const work: Work = { address: this.#work, width };
    kernel.clear(work.address, transformSize * width);
    kernel.spread(work, transformSize, given, this.#places, givenCount);
    kernel.inverseTransform(work, transformSize, 0, positionEnd);
    const first = missingSources[0] ?? 0;
    const count = this.plan.missingFactors.length;
    const start = sourceBase + first;
    // Coefficients from a power of two on belong to polynomials that vanish below it.
    const size = nextPowerOfTwo(start + count);
    kernel.differentiate(work, transformSize, size);
    kernel.forwardTransform(work, size, 0, start + count, start);
    const found: Work = { address: work.address + start * width, width };
    kernel.scalePositions(found, this.#missingFactors, count);
    kernel.changeBase(found, count);
    for (const run of runsOf(missingSources)) {
      const position = { address: found.address + (run.first - first) * width, width };
      kernel.scatter(slotOf(slots, run.first), position, run.count, slice.shape);
    }
  }
}

function slotOf(slots: SymbolGrid, index: number): SymbolGrid {
  return { ...slots, address: slots.address + index * slots.positionStride };
}

/** Ascending numbers as runs of neighbours, so that each run is one batch. */
function runsOf(numbers: readonly number[]): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last !== undefined && last.first + last.count === number) last.count++;
    else runs.push({ first: number, count: 1 });
  }
  return runs;
}

function bytesOf(words: Uint16Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
