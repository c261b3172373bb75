/**
 * `npm run demo`: starts everything on free ports, stores a real file, reads it back, renews it,
 * and prints what each step took and cost. Exits 0, or 1 when any step went wrong.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Network } from "../test/devnet/network/description.ts";
import { startNetwork } from "../test/devnet/network/network.ts";
import { buildKernel, bundleWorkers, ROOT } from "../test/support/local-gateway/bundle.ts";
import { type Gateway, startGateway } from "../test/support/local-gateway/gateway.ts";

/** Epochs paid for at first: the least that the renewal must then lengthen. */
const EPOCHS = 2;

const FROST_PER_WAL = 1e9;
const REQUEST_TIMEOUT_MS = 60_000;

interface Step {
  readonly name: string;
  readonly ms: number;
  readonly result: string;
  /** In FROST. */
  readonly cost: bigint;
}

/** What the publisher answers to a store. */
interface StoreAnswer {
  readonly newlyCreated?: {
    readonly cost: number;
    readonly blobObject: {
      readonly blobId: string;
      readonly storage: { readonly endEpoch: number };
    };
  };
}

const steps: Step[] = [];
/** What runs and must be closed, in order of starting. */
const open: { close(): Promise<void> }[] = [];
let network: Network | null = null;

async function step<T>(
  name: string,
  body: () => Promise<{ readonly value: T; readonly result: string }>,
): Promise<T> {
  const before = await walBalance();
  const started = performance.now();
  const { value, result } = await body();
  const ms = performance.now() - started;
  steps.push({ name, ms, result, cost: before - (await walBalance()) });
  return value;
}

/** FROST in the wallet of the network; 0 before there is one. */
async function walBalance(): Promise<bigint> {
  if (network === null) return 0n;
  const { balances } = await network.admin.state();
  return BigInt(balances[network.description.walType] ?? "0");
}

async function ask(url: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (response.ok) return response;
  throw new Error(
    `${init.method ?? "GET"} ${url} answered ${response.status}: ${await response.text()}`,
  );
}

function realFile(): { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } {
  for (const name of ["README.md", "docs/architecture.md", "LICENSE"]) {
    const path = join(ROOT, name);
    if (existsSync(path)) return { name, bytes: new Uint8Array(readFileSync(path)) };
  }
  throw new Error("Cannot find a file to store");
}

/** End epoch of a permanent blob as a storage node knows it. */
async function endEpochOf(running: Network, blobId: string): Promise<number> {
  const { url } = running.description.nodes[0] ?? { url: "" };
  const response = await ask(`${url}/v1/blobs/${blobId}/status`);
  const { success } = (await response.json()) as {
    success: { data: { permanent?: { endEpoch: number } } };
  };
  const endEpoch = success.data.permanent?.endEpoch;
  if (endEpoch === undefined) throw new Error(`${blobId} is not a permanent blob`);
  return endEpoch;
}

async function start(): Promise<{ readonly running: Network; readonly workers: Gateway }> {
  await step("build", async () => {
    await buildKernel();
    await bundleWorkers();
    return { value: null, result: "kernel and three Workers" };
  });
  const startedMs = performance.now();
  const running = await startNetwork();
  network = running;
  open.push(running);
  const workers = await startGateway(running);
  open.push(workers);
  const { nodes, nShards } = running.description;
  const result = `${nodes.length} storage nodes, ${nShards} shards, three Workers`;
  steps.push({ name: "start", ms: performance.now() - startedMs, result, cost: 0n });
  return { running, workers };
}

async function run(): Promise<void> {
  const { running, workers } = await start();
  const { publisher, aggregator } = workers.urls;
  const file = realFile();
  const stored = await step("store", async () => {
    const response = await ask(`${publisher}/v1/blobs?epochs=${EPOCHS}&permanent=true`, {
      method: "PUT",
      body: file.bytes,
    });
    const { newlyCreated } = (await response.json()) as StoreAnswer;
    if (newlyCreated === undefined) throw new Error("the blob was already there");
    const { blobId, storage } = newlyCreated.blobObject;
    const result = `${file.name}, ${file.bytes.length} bytes, to epoch ${storage.endEpoch}`;
    return { value: { blobId, endEpoch: storage.endEpoch }, result };
  });
  for (const name of ["read", "read again"]) {
    await step(name, async () => {
      const response = await ask(`${aggregator}/v1/blobs/${stored.blobId}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (!Buffer.from(bytes).equals(file.bytes)) throw new Error("other bytes came back");
      return { value: null, result: `${bytes.length} identical bytes` };
    });
  }
  await step("next epoch", async () => {
    const { epoch } = await running.admin.changeEpoch();
    return { value: null, result: `epoch ${epoch}, a tenth of the shards moved` };
  });
  await step("renew", async () => {
    const { outcome } = await workers.fireCron();
    if (outcome !== "ok") throw new Error(`the cron ended with ${outcome}`);
    const endEpoch = await lengthened(running, stored);
    return { value: null, result: `to epoch ${endEpoch}` };
  });
}

/** Storage nodes see the extension a little later than the chain. */
async function lengthened(
  running: Network,
  stored: { readonly blobId: string; readonly endEpoch: number },
): Promise<number> {
  const deadlineMs = performance.now() + 5_000;
  for (;;) {
    const endEpoch = await endEpochOf(running, stored.blobId);
    if (endEpoch > stored.endEpoch) return endEpoch;
    if (performance.now() > deadlineMs) throw new Error(`the lease still ends at ${endEpoch}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 100);
    });
  }
}

function printTable(): void {
  const rows = steps.map(({ name, ms, result, cost }) => [
    name,
    `${Math.round(ms)} ms`,
    cost === 0n ? "" : `${(Number(cost) / FROST_PER_WAL).toFixed(6)} WAL`,
    result,
  ]);
  const table = [["step", "time", "cost", "result"], ...rows];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...table.map((row) => (row[column] ?? "").length)),
  );
  for (const row of table) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
  }
}

if (process.argv.length > 2) {
  console.error(`Cannot take ${process.argv.slice(2).join(" ")}: npm run demo has no flags`);
  process.exit(2);
}
try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  printTable();
  for (const each of open.reverse()) await each.close();
}
