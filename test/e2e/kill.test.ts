/**
 * The objects of the publisher are killed in real workerd, once at every boundary of a recorded
 * store: each call to a port, before and after. What the ledger shows is what one quiet run shows.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import type { Boundary, KillPlan } from "../kill/boundaries.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/** Uploads under way together, each killed at a boundary of its own. */
const WAVE = 8;
const TIMEOUT_MS = 10 * 60_000;
/** A client that has its answer by then, or never. */
const PATIENCE_MS = 120_000;

let network: Network;
let gateway: TestGateway;
let contentCount = 0;

beforeAll(async () => {
  network = await startNetwork({
    nodeCount: 4,
    shardCount: 7,
    seed: "kill",
    allowFewNodes: true,
    eventLagMs: 0,
  });
  gateway = await startTestGateway(network, { publisherEntry: "test/kill/publisher.ts" });
}, TIMEOUT_MS);
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  return JSON.parse(await (await gateway.publisher(path, init)).text()) as T;
}

async function arm(plan: KillPlan): Promise<void> {
  await gateway.publisher("/test/arm", { method: "POST", body: JSON.stringify(plan) });
}

interface Stored {
  readonly uploadId: string;
  readonly objectId: string;
  readonly costFrost: bigint;
}

/** What the alarm of an upload does some seconds later. */
async function resume(uploadId: string): Promise<void> {
  await gateway.publisher(`/test/resume?upload=${uploadId}`);
}

/** A client that asks again with its key until the blob is stored. */
async function store(): Promise<Stored> {
  const body = seededBytes(300 + contentCount, ++contentCount);
  const init = { method: "PUT", body, headers: { "idempotency-key": `kill ${contentCount}` } };
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const response = await gateway.publisher("/v1/blobs?epochs=2&deletable=true", init);
    const text = await response.text();
    const uploadId = response.headers.get("content-location")?.split("/").at(-1) ?? "";
    if (response.status === 200) {
      const { newlyCreated } = JSON.parse(text) as {
        newlyCreated: { blobObject: { id: string }; cost: number };
      };
      return {
        uploadId,
        objectId: newlyCreated.blobObject.id,
        costFrost: BigInt(newlyCreated.cost),
      };
    }
    expect(response.status, text).toBeGreaterThanOrEqual(500);
    if (performance.now() > endMs) throw new Error(`no answer but ${response.status}: ${text}`);
    if (uploadId !== "") await resume(uploadId);
  }
}

/** What the ledger has, and what the gateway says it spent. */
async function books() {
  const { moveCalls, balances, refusedTransactions } = await network.admin.state();
  return {
    registered: moveCalls["system::register_blob"] ?? 0,
    certified: moveCalls["system::certify_blob"] ?? 0,
    frost: BigInt(balances[network.description.walType] ?? 0),
    refused: refusedTransactions,
  };
}

/** One wave of stores under a plan; which of its boundaries were met, and every broken rule. */
async function wave(plan: KillPlan): Promise<{ killed: Boundary[]; broken: string[] }> {
  const before = await books();
  await arm(plan);
  const stored = await Promise.all(plan.uploads.map(() => store()));
  const { killed } = await ask<{ killed: Boundary[] }>("/test/report");
  const after = await books();
  const broken: string[] = [];
  const expectEqual = (what: string, actual: unknown, wanted: unknown) => {
    if (actual !== wanted) {
      broken.push(
        `${what}: ${String(actual)} instead of ${String(wanted)} (${JSON.stringify(plan)})`,
      );
    }
  };
  const cost = stored.reduce((sum, { costFrost }) => sum + costFrost, 0n);
  expectEqual("registrations", after.registered - before.registered, stored.length);
  expectEqual("certifications", after.certified - before.certified, stored.length);
  expectEqual("FROST the ledger took", before.frost - after.frost, cost);
  expectEqual("objects", new Set(stored.map(({ objectId }) => objectId)).size, stored.length);
  // Who is told of a certified blob may hear of it before its lease is written down.
  for (const { uploadId } of stored) await resume(uploadId);
  const { leases } = await ask<{ leases: { blobObjectId: string }[] }>("/test/leases");
  const leased = new Set(leases.map(({ blobObjectId }) => blobObjectId));
  for (const { objectId } of stored)
    expectEqual(`lease of ${objectId}`, leased.has(objectId), true);
  return { killed, broken };
}

const nameOf = ({ kind, label, occurrence }: Boundary) => `${kind} ${label} #${occurrence}`;

/** The boundaries of one store on its own: the second one, which finds everything warm. */
async function recorded(): Promise<readonly Boundary[]> {
  await store();
  await arm({ uploads: [null], shared: [] });
  await store();
  const { passed } = await ask<{ passed: Boundary[] }>("/test/report");
  return passed;
}

describe("whoever passes a boundary is killed, in workerd", () => {
  test(
    "once at every boundary: each store is registered, certified, paid and leased once",
    async () => {
      const boundaries = await recorded();
      const uploads = boundaries.filter(({ kind }) => kind === "upload");
      const shared = boundaries.filter(({ kind }) => kind !== "upload");
      expect(uploads.length).toBeGreaterThan(40);
      expect(shared.length).toBeGreaterThan(40);
      const waveCount = Math.max(Math.ceil(uploads.length / WAVE), shared.length);
      const killed = new Set<string>();
      const broken: string[] = [];
      for (let at = 0; at < waveCount; at++) {
        const own = uploads.slice(at * WAVE, (at + 1) * WAVE);
        const result = await wave({
          uploads: own.length > 0 ? own : [null],
          shared: shared.slice(at, at + 1),
        });
        broken.push(...result.broken);
        for (const boundary of result.killed) killed.add(nameOf(boundary));
      }
      expect(broken).toEqual([]);
      // Timing decides how often something is looked for, so a few are not met again.
      const missed = boundaries.map(nameOf).filter((name) => !killed.has(name));
      process.stderr.write(`killed at ${killed.size} of ${boundaries.length} boundaries\n`);
      expect(missed.length).toBeLessThan(boundaries.length / 10);
    },
    TIMEOUT_MS,
  );
});
