/**
 * `npm run bench -- read`: cold reads through our aggregator against the official SDK's `readBlob`,
 * both on the same network in the same run. Every round reads a blob neither side has seen.
 */
import { bodyBytes, expectSameBytes, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import {
  alternate,
  type BenchScale,
  type BenchWorld,
  LATENCIES_MS,
  MAINNET_SCALE,
  startWorld,
} from "./network.ts";
import type { SectionText } from "./page.ts";
import { type BenchCase, type BenchReport, reportOf } from "./report.ts";

export const section: SectionText = {
  title: "Cold reads through the aggregator",
  about: `
Our aggregator against the official SDK's \`readBlob\`, both on one local network of 100 nodes with
1,000 shards; every round reads a blob that neither side has seen. Medians with the quartiles of ours.
The nodes' own work is part of both sides' times.
`,
};

const SIZES = { "1 KiB": 1024, "1 MiB": 1024 ** 2, "10 MiB": 10 * 1024 ** 2 } as const;

/** Measures every size at every latency. */
export async function run(scale: BenchScale = MAINNET_SCALE): Promise<BenchReport> {
  const cases: BenchCase[] = [];
  for (const latencyMs of LATENCIES_MS) {
    const world = await startWorld(scale, latencyMs);
    try {
      for (const [size, byteCount] of Object.entries(SIZES)) {
        const name = `read cold ${size}, ${latencyMs} ms latency`;
        cases.push(await readCase(world, scale, name, byteCount));
      }
    } finally {
      await world.close();
    }
  }
  return reportOf(cases, ["@mysten/walrus", "wrangler", "workerd"]);
}

async function readCase(
  world: BenchWorld,
  scale: BenchScale,
  name: string,
  byteCount: number,
): Promise<BenchCase> {
  const { gateway, official } = world;
  const blobs: { readonly blobId: string; readonly content: Uint8Array }[] = [];
  for (let round = 0; round <= scale.rounds; round++) {
    const content = seededBytes(byteCount, byteCount + round);
    const response = await gateway.publisher("/v1/blobs?epochs=2", {
      method: "PUT",
      body: content,
    });
    blobs.push({ blobId: (await storedBlob(response)).blobId, content });
  }
  const blobOf = (round: number) => {
    const blob = blobs[round];
    if (blob === undefined) throw new RangeError(`Cannot read: no blob of round ${round}`);
    return blob;
  };
  return alternate(
    name,
    scale.rounds,
    async (round) => {
      const { blobId, content } = blobOf(round);
      expectSameBytes(await bodyBytes(await gateway.aggregator(`/v1/blobs/${blobId}`)), content);
    },
    async (round) => {
      const { blobId, content } = blobOf(round);
      expectSameBytes(await official.walrus.readBlob({ blobId }), content);
    },
  );
}
