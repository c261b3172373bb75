/**
 * `npm run bench -- read`: (a) cached reads against a bare Worker over the same tier, (b) cold reads
 * against the official SDK's `readBlob` on the same network, (c) memory while a large blob streams.
 *
 * Blobs are stored through one gateway and read through another, so that nothing the store has
 * warmed is there. Every cold round reads a blob neither side has seen.
 */
import { bodyBytes, expectSameBytes, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  alternate,
  type BenchScale,
  type BenchWorld,
  LATENCIES_MS,
  MAINNET_SCALE,
  startWorld,
} from "./network.ts";
import { casesTable, figureList, type SectionText } from "./page.ts";
import { startBareWorker } from "./read/bare.ts";
import { growthDuring } from "./read/memory.ts";
import {
  type BenchCase,
  type BenchFigure,
  type BenchReport,
  caseOf,
  quantile,
  reportOf,
} from "./report.ts";

export const section: SectionText = {
  title: "Reads through the aggregator",
  about: `
Cached: 1 MiB from the platform's cache through our aggregator and through a Worker of three lines
over the same cache, in alternating blocks, one read at a time and eight at once; ratio above 1 is
better than the bare Worker. The ratio of the table is that of the medians; below it are the quartiles
of the ratios of single blocks. Cold: our
aggregator against the official SDK's \`readBlob\`, both on one local network of 100 nodes with 1,000
shards; every round reads a blob that neither side has seen. Medians with the quartiles of ours. The
nodes' own work is part of both sides' times. Node requests are all that one cold read of ours made.
Round trips are what the latency adds to our time, in latencies; the rest is transfer and work. Memory
is what the whole workerd process grows by, which has read the blobs above before; what it grows by while
180 MB stream is measured by \`test/slow/read-memory.test.ts\`.
`,
  results: (report) => `${casesTable(report)}\n\n${figureList(report)}`,
};

const MIB = 1024 ** 2;
const SIZES = { "1 KiB": 1024, "1 MiB": MIB, "10 MiB": 10 * MIB };
/** Reads of the cached blob under way at once, by case. */
const CACHED_WIDTHS = [1, 8];
const CACHED_BLOCKS = 20;
const READS_PER_BLOCK = 10;
const STREAMED_BYTES = 32 * MIB;

const RATIO_QUARTILES = [
  ["lower quartile", 0.25],
  ["median", 0.5],
  ["upper quartile", 0.75],
] as const;

type Ask = () => Promise<Response>;

/** How much to measure. */
export interface ReadScale extends BenchScale {
  /** Cold reads: bytes, by name. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly cachedBlocks: number;
  readonly streamedBytes: number;
  readonly latenciesMs: readonly number[];
}

const FULL_SCALE: ReadScale = {
  ...MAINNET_SCALE,
  rounds: 2,
  sizes: SIZES,
  cachedBlocks: CACHED_BLOCKS,
  streamedBytes: STREAMED_BYTES,
  latenciesMs: LATENCIES_MS,
};

/** Measures every case. */
export async function run(scale: ReadScale = FULL_SCALE): Promise<BenchReport> {
  const cases: BenchCase[] = [];
  const figures: BenchFigure[] = [];
  for (const [index, latencyMs] of scale.latenciesMs.entries()) {
    const world = await startWorld(scale, latencyMs);
    const reader = await startTestGateway(world.network);
    try {
      const bench = new ReadBench(world, reader, latencyMs);
      for (const [size, byteCount] of Object.entries(scale.sizes)) {
        cases.push(await bench.cold(size, byteCount, scale.rounds));
      }
      if (index === 0) {
        cases.push(...(await bench.cached(scale.cachedBlocks)));
        figures.push(await bench.memory(scale.streamedBytes));
      }
      figures.push(...bench.figures);
    } finally {
      await reader.close();
      await world.close();
    }
  }
  figures.push(...roundTrips(cases, scale));
  const report = reportOf(cases, ["@mysten/walrus", "wrangler", "workerd"]);
  return { ...report, figures };
}

class ReadBench {
  readonly #world: BenchWorld;
  readonly #reader: TestGateway;
  readonly #latencyMs: number;
  readonly figures: BenchFigure[] = [];
  #seed = 1;

  constructor(world: BenchWorld, reader: TestGateway, latencyMs: number) {
    this.#world = world;
    this.#reader = reader;
    this.#latencyMs = latencyMs;
  }

  async cold(size: string, byteCount: number, rounds: number): Promise<BenchCase> {
    const name = `read cold ${size}, ${this.#latencyMs} ms latency`;
    const blobs: Awaited<ReturnType<ReadBench["stored"]>>[] = [];
    for (let round = 0; round <= rounds; round++) blobs.push(await this.stored(byteCount));
    const blobOf = (round: number) => {
      const blob = blobs[round];
      if (blob === undefined) throw new RangeError(`Cannot read: no blob of round ${round}`);
      return blob;
    };
    let requests = 0;
    const measured = await alternate(
      name,
      rounds,
      async (round) => {
        const before = await this.#requests();
        await this.read(blobOf(round));
        requests = (await this.#requests()) - before;
      },
      async (round) => {
        const { blobId, content } = blobOf(round);
        expectSameBytes(await this.#world.official.walrus.readBlob({ blobId }), content);
      },
    );
    this.figures.push({ name: `${name}: node requests`, unit: "requests", value: requests });
    return measured;
  }

  async cached(blocks: number): Promise<BenchCase[]> {
    const blob = await this.stored(MIB);
    const bare = await startBareWorker(blob.content);
    const ours = () => this.#reader.aggregator(blob.path);
    const peer = () => fetch(bare.url);
    try {
      // Cached by the first, admitted to KV by the second, handed on from then on.
      for (let read = 0; read < 3; read++) await this.read(blob);
      const cases: BenchCase[] = [];
      for (const width of CACHED_WIDTHS) {
        const name = `read cached 1 MiB${width === 1 ? "" : `, ${width} at once`}`;
        cases.push(await this.#blocks(name, blocks, width, ours, peer));
      }
      return cases;
    } finally {
      await bare.close();
    }
  }

  async #blocks(
    name: string,
    blocks: number,
    width: number,
    ours: Ask,
    peer: Ask,
  ): Promise<BenchCase> {
    const samples = { ours: [] as number[], peer: [] as number[] };
    for (let block = 0; block <= blocks; block++) {
      const times = { ours: 0, peer: 0 };
      // Whoever comes second in a block finds the client warmer: they take turns.
      const order = block % 2 === 0 ? (["peer", "ours"] as const) : (["ours", "peer"] as const);
      for (const side of order) times[side] = await timeMs(side === "ours" ? ours : peer, width);
      // The first block of each side only warms up.
      if (block === 0) continue;
      samples.peer.push(times.peer);
      samples.ours.push(times.ours);
    }
    const ratios = samples.peer.map((ms, index) => ms / (samples.ours[index] ?? Number.NaN));
    for (const [what, fraction] of RATIO_QUARTILES) {
      this.figures.push({
        name: `${name}: ratio of a block, ${what}`,
        unit: "x",
        value: quantile(ratios, fraction),
      });
    }
    return caseOf({ name, runtime: "workerd", ...samples });
  }

  async memory(byteCount: number): Promise<BenchFigure> {
    const blob = await this.stored(byteCount);
    const value = (await growthDuring(() => this.read(blob))) / MIB;
    return { name: `memory while ${byteCount / MIB} MiB stream cold`, unit: "MiB", value };
  }

  async stored(byteCount: number) {
    const content = seededBytes(byteCount, this.#seed++);
    const init = { method: "PUT", body: content as BodyInit };
    const { blobId } = await storedBlob(
      await this.#world.gateway.publisher("/v1/blobs?epochs=2", init),
    );
    return { blobId, content, path: `/v1/blobs/${blobId}` };
  }

  async read({ path, content }: { readonly path: string; readonly content: Uint8Array }) {
    expectSameBytes(await bodyBytes(await this.#reader.aggregator(path)), content);
  }

  async #requests(): Promise<number> {
    return (await this.#world.counts()).requests;
  }
}

/** What latency adds to our reads, in latencies. */
function roundTrips(cases: readonly BenchCase[], { latenciesMs, sizes }: ReadScale): BenchFigure[] {
  const oursOf = (size: string, latencyMs: number) =>
    cases.find(({ name }) => name === `read cold ${size}, ${latencyMs} ms latency`)?.ours;
  return latenciesMs
    .filter((latencyMs) => latencyMs > 0)
    .flatMap((latencyMs) =>
      Object.keys(sizes).flatMap((size) => {
        const [near, far] = [oursOf(size, 0), oursOf(size, latencyMs)];
        if (near === undefined || far === undefined) return [];
        const value = (far - near) / latencyMs;
        return [{ name: `read cold ${size}: round trips of ${latencyMs} ms`, unit: "", value }];
      }),
    );
}

/** Milliseconds of one read, of a block of them with `width` under way at once. */
async function timeMs(ask: Ask, width: number): Promise<number> {
  const started = performance.now();
  for (let read = 0; read < READS_PER_BLOCK; read++) {
    await Promise.all(Array.from({ length: width }, async () => bodyBytes(await ask())));
  }
  return (performance.now() - started) / (READS_PER_BLOCK * width);
}
