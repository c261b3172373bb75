/**
 * `npm run bench -- write`: a store through our publisher against the official SDK's `writeBlob`,
 * both on the same network in the same run, from the call to the certified answer.
 */
import { storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { alternate, type BenchScale, LATENCIES_MS, MAINNET_SCALE, startWorld } from "./network.ts";
import type { SectionText } from "./page.ts";
import { type BenchCase, type BenchReport, reportOf } from "./report.ts";

export const section: SectionText = {
  title: "Stores through the publisher",
  about: `
Our publisher against the official SDK's \`writeBlob\`, both on one local network of 100 nodes with
1,000 shards, from the call to the certified answer. Medians with the quartiles of ours. The nodes'
own work (verifying 2,000 slivers a store) is part of both sides' times.
`,
};

const BLOB_BYTES = 1024 * 1024;

/** Measures every latency; prints requests and transactions of one store of each side. */
export async function run(scale: BenchScale = MAINNET_SCALE): Promise<BenchReport> {
  const cases: BenchCase[] = [];
  for (const latencyMs of LATENCIES_MS) cases.push(await writeCase(scale, latencyMs));
  return reportOf(cases, ["@mysten/walrus", "wrangler", "workerd"]);
}

async function writeCase(scale: BenchScale, latencyMs: number): Promise<BenchCase> {
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
    const measured = await alternate(name, scale.rounds, ours, peer);
    const [before, between, after] = [
      await world.counts(),
      await ours(1_000).then(() => world.counts()),
      await peer(1_000).then(() => world.counts()),
    ];
    const used = (from: typeof before, to: typeof before) =>
      `${to.requests - from.requests} node requests, ${to.transactions - from.transactions} transactions`;
    process.stderr.write(`${name}: ours ${used(before, between)}; peer ${used(between, after)}\n`);
    return measured;
  } finally {
    await world.close();
  }
}
