/**
 * Every fault of the local network on nodes of up to f shards, against every kind of read, cold and
 * warm: the answer arrives, no byte of it is wrong, and nothing wrong is cached.
 *
 * With 100 shards f = 33; twelve nodes hold 8 or 9 shards each, so three faulty ones stay within f.
 * Beyond f, and stores under faults: `faults.test.ts`.
 */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { NODE_FAULTS, type NodeFault, type NodeFaultName } from "../devnet/storage-node/faults.ts";
import { bodyBytes, expectSameBytes, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const NODE_COUNT = 12;
const FAULTY_NODES = 3;
/**
 * Faults that one reader meets: each finds nodes that have not lied to it yet. Those that have are
 * suspects for half a minute, and what they hold may be rebuilt before they are asked.
 */
const FAULTS_OF_READER = NODE_COUNT / FAULTY_NODES;
const FAULTY_SHARDS_MAX = 33;
const ROWS_STORED_AT_ONCE = 4;
/** Five gateways and 64 stores. */
const SET_UP_TIMEOUT_MS = 10 * 60_000;
/** Longer than any time-out of ours. */
const SILENCE_MS = 60_000;
/** Each piece comes before a stall is noticed, and the whole after the read has gone elsewhere. */
const DRIP_GAP_MS = 500;

/** One row of the matrix for each fault of the admin contract. */
const ROWS: Readonly<Record<NodeFaultName, Pick<NodeFault, "ms">>> = {
  down: {},
  slow: { ms: SILENCE_MS },
  corrupt: {},
  refuse: {},
  // Reads meet no signature and no pending upload: these two must change nothing.
  "wrong-signature": {},
  truncate: {},
  extend: {},
  "other-blob": {},
  "wrong-index": {},
  "stale-metadata": {},
  "stall-after-headers": { ms: SILENCE_MS },
  reset: {},
  drip: { ms: DRIP_GAP_MS },
  "503": {},
  "false-404": {},
  "cache-saturated": {},
};

const KINDS = ["full", "range", "HEAD", "patch"] as const;
/** More than a dozen rows, so that a whole read goes through lanes and a range does not. */
const CONTENT_BYTES = 3_000;
const RANGE = { first: 700, end: 1_400 };

/** How to ask for one blob, and what it holds. */
interface Case {
  readonly kind: (typeof KINDS)[number];
  readonly path: string;
  readonly content: Uint8Array;
  readonly reader: TestGateway;
}

let network: Network;
let gateway: TestGateway;
/** Other gateways on the same network: what the first one has stored is cold to them. */
const readers: TestGateway[] = [];
let cases: ReadonlyMap<NodeFaultName, readonly Case[]>;

beforeAll(async () => {
  network = await startNetwork({ nodeCount: NODE_COUNT, shardCount: 100, seed: "lying-nodes" });
  gateway = await startTestGateway(network);
  for (let first = 0; first < NODE_FAULTS.length; first += FAULTS_OF_READER) {
    readers.push(await startTestGateway(network));
  }
  const stored = new Map<NodeFaultName, readonly Case[]>();
  // Not all at once: a busy machine would leave the chain no time to answer.
  for (let row = 0; row < NODE_FAULTS.length; row += ROWS_STORED_AT_ONCE) {
    const rows = NODE_FAULTS.slice(row, row + ROWS_STORED_AT_ONCE);
    await Promise.all(
      rows.map(async (fault, offset) => {
        const seeds = KINDS.map((_, column) => (row + offset) * KINDS.length + column);
        const reader = readers[Math.floor((row + offset) / FAULTS_OF_READER)];
        assert(reader !== undefined, `no reader for ${fault}`);
        const asked = KINDS.map((kind, column) => storedCase(reader, kind, seeds[column] ?? 0));
        stored.set(fault, await Promise.all(asked));
      }),
    );
  }
  cases = stored;
}, SET_UP_TIMEOUT_MS);
afterAll(async () => {
  for (const reader of readers) await reader.close();
  await gateway?.close();
  await network?.close();
});

async function storedCase(reader: TestGateway, kind: Case["kind"], seed: number): Promise<Case> {
  const content = seededBytes(CONTENT_BYTES, seed + 1);
  if (kind === "patch") {
    const path = `/v1/blobs/by-quilt-patch-id/${await storedPatch(content)}`;
    return { kind, path, content, reader };
  }
  const response = await gateway.publisher("/v1/blobs?epochs=2", { method: "PUT", body: content });
  return { kind, path: `/v1/blobs/${(await storedBlob(response)).blobId}`, content, reader };
}

async function storedPatch(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const body = new FormData();
  body.set("patch", new Blob([content]));
  const response = await gateway.publisher("/v1/quilts?epochs=2", { method: "PUT", body });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  const { storedQuiltBlobs } = JSON.parse(text) as {
    storedQuiltBlobs: readonly { quiltPatchId: string }[];
  };
  return storedQuiltBlobs[0]?.quiltPatchId ?? "";
}

/** The read of the case itself. */
function expectRight(asked: Case): Promise<void> {
  const { kind, content } = asked;
  const { first, end } = RANGE;
  if (kind === "range") {
    const headers = { Range: `bytes=${first}-${end - 1}` };
    return expectAnswer(asked, { headers }, 206, content.slice(first, end));
  }
  return expectAnswer(asked, { method: kind === "HEAD" ? "HEAD" : "GET" }, 200, content);
}

/** What fills the caches: a range of a blob and a HEAD do not, they take what is there. */
function expectWhole(asked: Case): Promise<void> {
  return expectAnswer(asked, {}, 200, asked.content);
}

async function expectAnswer(
  { path, reader }: Case,
  init: RequestInit,
  status: number,
  content: Uint8Array,
): Promise<void> {
  const response = await reader.aggregator(path, init);
  const body = await bodyBytes(response);
  const what = response.ok ? path : `${path}: ${new TextDecoder().decode(body)}`;
  expect(response.status, what).toBe(status);
  expect(response.headers.get("content-length"), what).toBe(String(content.length));
  expectSameBytes(body, init.method === "HEAD" ? new Uint8Array(0) : content);
}

const allRight = (asked: readonly Case[]) => Promise.all(asked.map(expectRight));

/** Other nodes for each fault: those that lied last are asked last for a while. */
function faultyNodes(fault: NodeFaultName): readonly number[] {
  const first = NODE_FAULTS.indexOf(fault) * FAULTY_NODES;
  const nodeCount = network.description.nodes.length;
  return Array.from({ length: FAULTY_NODES }, (_, index) => (first + index) % nodeCount);
}

async function setFault(indices: readonly number[], fault: NodeFault): Promise<void> {
  await Promise.all(indices.map((index) => network.admin.setNodeFault(index, fault)));
}

async function requestsOf(indices: readonly number[]): Promise<number> {
  const { nodes } = await network.admin.state();
  return indices.reduce((total, index) => total + (nodes[index]?.requests ?? 0), 0);
}

test("every fault of the local network has its row", () => {
  expect(Object.keys(ROWS).toSorted()).toEqual(NODE_FAULTS.toSorted());
});

describe.each(NODE_FAULTS)("nodes of up to f shards: %s", (fault) => {
  test(`${KINDS.join(", ")}: cold, warm, and after the fault`, async () => {
    const asked = cases.get(fault) ?? [];
    expect(asked).toHaveLength(KINDS.length);
    const liars = faultyNodes(fault);
    const { nodes } = network.description;
    const shards = liars.reduce((total, index) => total + (nodes[index]?.shards.length ?? 0), 0);
    expect(shards).toBeLessThanOrEqual(FAULTY_SHARDS_MAX);
    await setFault(liars, { fault, ...ROWS[fault] });
    const before = await requestsOf(liars);
    await allRight(asked);
    // A node that is down hears of no request.
    if (fault !== "down") expect(await requestsOf(liars)).toBeGreaterThan(before);
    await Promise.all(asked.map(expectWhole));
    await allRight(asked);
    await setFault(liars, { fault: null });
    await allRight(asked);
  });
});

describe("what was cached under the faults", () => {
  test("is right, and serves while every node is down", async () => {
    await setFault([...network.description.nodes.keys()], { fault: "down" });
    expect(cases.size).toBe(NODE_FAULTS.length);
    for (const asked of cases.values()) await allRight(asked);
  });
});
