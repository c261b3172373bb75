/**
 * `npm run bench -- write`: a store through our publisher against the official SDK's `writeBlob`,
 * both on the same network in the same run, from the call to the certified answer.
 */
import { storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import {
  alternate,
  type BenchScale,
  type BenchWorld,
  LATENCIES_MS,
  MAINNET_SCALE,
  startWorld,
} from "./network.ts";
import { casesTable, figureList, type SectionText } from "./page.ts";
import { type BenchCase, type BenchFigure, type BenchReport, median, reportOf } from "./report.ts";
import { floorMs } from "./write/floor.ts";

export const section: SectionText = {
  title: "Stores through the publisher",
  about: `
Our publisher against the official SDK's \`writeBlob\`, both on one local network of 100 nodes with
1,000 shards, from the call to the certified answer. Medians with the quartiles of ours. The nodes'
own work (verifying 2,000 slivers a store) is part of both sides' times, and takes over a third of
the processor time of a store of ours (1.0 to 1.3 of 2.6 to 2.9 seconds). Our answer comes with a
quorum of shards; what goes on behind it has ended before anything else is measured.

The floor is what the network takes by itself: the same requests to nodes and chain with slivers
encoded and transactions signed beforehand, over plain \`fetch\`, on the same network in the same
run. "Above the floor" is (peer - floor) / (ours - floor).
`,
  results: (report) => [casesTable(report), "", figureList(report)].join("\n"),
};

const BLOB_BYTES = 1024 * 1024;

/** Stores of each side a case is the median of: a store of the peer takes seconds. */
const ROUNDS_MAX = 3;

/** What was measured at one latency. */
interface Measured {
  readonly case: BenchCase;
  readonly figures: readonly BenchFigure[];
}

/** Measures every latency, and what one store of each side asks of nodes and chain. */
export async function run(scale: BenchScale = MAINNET_SCALE): Promise<BenchReport> {
  const measured: Measured[] = [];
  for (const latencyMs of LATENCIES_MS) measured.push(await writeCase(scale, latencyMs));
  const report = reportOf(
    measured.map((each) => each.case),
    ["@mysten/walrus", "wrangler", "workerd"],
  );
  return { ...report, figures: measured.flatMap(({ figures }) => figures) };
}

async function writeCase(scale: BenchScale, latencyMs: number): Promise<Measured> {
  const world = await startWorld(scale, latencyMs);
  try {
    const { gateway, official } = world;
    const ours = async (round: number) => {
      const content = seededBytes(BLOB_BYTES, 2 * round + 1);
      await storedBlob(
        await gateway.publisher("/v1/blobs?epochs=2", { method: "PUT", body: content }),
      );
    };
    const peer = async (round: number) => {
      const blob = seededBytes(BLOB_BYTES, 2 * round + 2);
      await official.walrus.writeBlob({
        blob,
        deletable: true,
        epochs: 2,
        signer: official.signer,
      });
    };
    const name = `write 1 MiB, ${latencyMs} ms latency`;
    const rounds = Math.min(scale.rounds, ROUNDS_MAX);
    const floorTimes: number[] = [];
    const floor = async (round: number) => {
      await settledCounts(world);
      const time = await floorMs(world, seededBytes(BLOB_BYTES, 9_000 + round));
      if (round > 0) floorTimes.push(time);
    };
    const measured = await alternate(name, rounds, ours, peer, floor);
    const [before, between, after] = [
      await settledCounts(world),
      await ours(1_000).then(() => settledCounts(world)),
      await peer(1_000).then(() => settledCounts(world)),
    ];
    const used = (side: string, from: Counts, to: Counts): BenchFigure[] => [
      { name: `${name}: node requests, ${side}`, unit: "", value: to.requests - from.requests },
      {
        name: `${name}: transactions, ${side}`,
        unit: "",
        value: to.transactions - from.transactions,
      },
    ];
    const accepted: BenchFigure = {
      name: `${name}: until a durable 202`,
      unit: "ms",
      value: await acceptedMs(world),
    };
    const figures = [
      ...floorFigures(measured, median(floorTimes)),
      ...used("ours", before, between),
      ...used("peer", between, after),
      accepted,
    ];
    return { case: measured, figures };
  } finally {
    await world.close();
  }
}

/** The floor, and how many times more than we the peer takes above it. */
function floorFigures({ name, ours, peer }: BenchCase, floor: number): BenchFigure[] {
  return [
    { name: `${name}: the network's floor`, unit: "ms", value: floor },
    { name: `${name}: above the floor`, unit: "x", value: (peer - floor) / (ours - floor) },
  ];
}

type Counts = Awaited<ReturnType<BenchWorld["counts"]>>;

const SETTLED_MS = 500;

/** What has been asked when nothing more is: a store of ours goes on behind its answer. */
async function settledCounts(world: BenchWorld): Promise<Counts> {
  for (let known = await world.counts(); ;) {
    await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
    const now = await world.counts();
    if (now.requests === known.requests) return now;
    known = now;
  }
}

/** From the call to a 202, when the bytes are safe: the median of a few, one after the other. */
async function acceptedMs(world: BenchWorld): Promise<number> {
  const { gateway } = world;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const started = performance.now();
    const answer = await gateway.publisher("/v1/blobs?epochs=2", {
      method: "PUT",
      body: seededBytes(BLOB_BYTES, 5_000 + round),
      headers: { Prefer: "respond-async" },
    });
    times.push(performance.now() - started);
    const { location } = (await answer.json()) as { location: string };
    // The next one is measured when this one no longer takes the processor.
    await (await gateway.publisher(`${location}?watch`)).text();
    await settledCounts(world);
  }
  return median(times);
}
