/**
 * The objects of the publisher are killed while blobs are changed, extended, named and deleted: at a
 * sample of the boundaries of a recorded run, in real workerd. A client asks again with its key, and
 * the ledger shows what it shows of the run that nobody disturbed.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import type { Boundary } from "../kill/boundaries.ts";
import { storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/** Boundaries killed: one of so many. */
const STRIDE = 9;
const TIMEOUT_MS = 10 * 60_000;
/** A client that has its answer by then, or never. */
const PATIENCE_MS = 60_000;

let network: Network;
let gateway: TestGateway;
let runCount = 0;

beforeAll(async () => {
  network = await startNetwork({
    nodeCount: 4,
    shardCount: 7,
    seed: "kill changes",
    allowFewNodes: true,
    eventLagMs: 0,
  });
  gateway = await startTestGateway(network, { publisherEntry: "test/kill/publisher.ts" });
}, TIMEOUT_MS);
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

/** A client that asks again with its key until its change is made. */
async function change(method: string, path: string, key: string, body?: object): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  const headers = { "idempotency-key": `${method} ${key}` };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  for (;;) {
    const response = await gateway.operator(path, init);
    const text = await response.text();
    if (response.ok) return;
    expect(response.status, `${method} ${path}: ${text}`).toBeGreaterThanOrEqual(500);
    if (performance.now() > endMs) throw new Error(`no answer but ${response.status}: ${text}`);
  }
}

/** What the ledger counts. */
interface Counts {
  readonly calls: Readonly<Record<string, number>>;
  readonly frost: bigint;
  readonly refused: number;
}

async function counts(): Promise<Counts> {
  const { moveCalls, balances, refusedTransactions } = await network.admin.state();
  return {
    calls: moveCalls,
    frost: BigInt(balances[network.description.walType] ?? 0),
    refused: refusedTransactions,
  };
}

interface Run {
  readonly passed: readonly Boundary[];
  readonly killed: readonly Boundary[];
  /** What the ledger counts more than before. */
  readonly made: object;
}

/** Every change once, to a blob of its own, with whoever passes `boundary` killed. */
async function run(boundary: Boundary | null): Promise<Run> {
  const key = String(++runCount);
  const stored = await gateway.publisher("/v1/blobs?epochs=2&deletable=true", {
    method: "PUT",
    body: seededBytes(300, runCount),
  });
  const { id, blobId } = await storedBlob(stored);
  const path = `/edge/v1/objects/${id}`;
  const shared = boundary === null ? [] : [boundary];
  const plan = JSON.stringify({ uploads: [], shared });
  await gateway.publisher("/test/arm", { method: "POST", body: plan });
  const before = await counts();
  await change("PATCH", path, key, { attributes: { run: key } });
  await change("POST", `${path}/extend`, key, { epochs: 1 });
  await change("PUT", "/edge/v1/names/killed", key, { blobId, objectId: id });
  await change("DELETE", "/edge/v1/names/killed", key);
  await change("DELETE", path, key);
  const after = await counts();
  const response = await gateway.publisher("/test/report");
  const report = (await response.json()) as Pick<Run, "passed" | "killed">;
  const calls = Object.entries(after.calls).flatMap(([name, count]) => {
    const made = count - (before.calls[name] ?? 0);
    return made === 0 ? [] : [[name, made] as const];
  });
  const frost = (before.frost - after.frost).toString();
  const refused = after.refused - before.refused;
  return { ...report, made: { calls: Object.fromEntries(calls), frost, refused } };
}

const nameOf = ({ kind, label, occurrence }: Boundary) => `${kind} ${label} #${occurrence}`;

test(
  "whoever passes a boundary of a change is killed, in workerd: each change is made and paid once",
  async () => {
    // The first one makes the anchor of the name, and finds nothing warm.
    await run(null);
    const recorded = await run(null);
    expect(new Set(recorded.passed.map(({ kind }) => kind))).toEqual(
      new Set(["book", "names", "token", "wallet"]),
    );
    const boundaries = recorded.passed.filter((_, index) => index % STRIDE === 0);
    expect(boundaries.length).toBeGreaterThan(10);
    const missed: string[] = [];
    for (const boundary of boundaries) {
      const { killed, made } = await run(boundary);
      expect(made, `killed ${nameOf(boundary)}`).toEqual(recorded.made);
      if (killed.length === 0) missed.push(nameOf(boundary));
    }
    const count = boundaries.length - missed.length;
    process.stderr.write(`killed at ${count} of ${boundaries.length} boundaries of changes\n`);
    expect(missed.length, missed.join(", ")).toBeLessThan(boundaries.length / 4);
  },
  TIMEOUT_MS,
);
