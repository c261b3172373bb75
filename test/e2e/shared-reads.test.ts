/** Many reads of one cold blob at once cost the storage nodes what two cost. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const ATTEMPTS = 2;
let nextSeed = 1;
let network: Network;
let gateway: TestGateway;
/** Another gateway on the same network: what the first one has stored is cold to it. */
let reader: TestGateway;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "shared-reads" });
  gateway = await startTestGateway(network);
  reader = await startTestGateway(network);
});
afterAll(async () => {
  await reader?.close();
  await gateway?.close();
  await network?.close();
});

async function stored(byteCount: number, seed: number) {
  const content = seededBytes(byteCount, seed);
  const init = { method: "PUT", body: content };
  const response = await gateway.publisher("/v1/blobs?epochs=2", init);
  const { blobId } = await storedBlob(response);
  return { path: `/v1/blobs/${blobId}`, content };
}

/** Requests the nodes get while `read` runs. */
async function requestsOf(read: () => Promise<void>): Promise<number> {
  const count = async () => {
    const { nodes } = await network.admin.state();
    return nodes.reduce((total, node) => total + node.requests, 0);
  };
  const before = await count();
  await read();
  return (await count()) - before;
}

/**
 * The least that `read` costs in a few attempts, each with a blob nobody has read: a node that this
 * machine starves for a second gets a competitor, and that costs requests of its own.
 */
async function leastRequestsOf(
  byteCount: number,
  read: (blob: Awaited<ReturnType<typeof stored>>) => Promise<void>,
): Promise<number> {
  const counts: number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const blob = await stored(byteCount, nextSeed++);
    counts.push(await requestsOf(() => read(blob)));
  }
  return Math.min(...counts);
}

async function expectRead({ path, content }: Awaited<ReturnType<typeof stored>>): Promise<void> {
  const response = await reader.aggregator(path);
  expect(response.status).toBe(200);
  expectSameBytes(await bodyBytes(response), content);
}

describe.each([
  { what: "a few rows", byteCount: 500, readers: 100 },
  { what: "one segment through lanes", byteCount: 200_000, readers: 100 },
  { what: "several segments", byteCount: 5_000_000, readers: 8 },
])("$what: $byteCount bytes", ({ byteCount, readers }) => {
  let one = 0;

  beforeAll(async () => {
    const blob = await stored(byteCount, nextSeed++);
    one = await requestsOf(() => expectRead(blob));
  });

  test(`${readers} readers at once`, async () => {
    expect(one).toBeGreaterThan(1);
    const many = await leastRequestsOf(byteCount, async (blob) => {
      await Promise.all(Array.from({ length: readers }, () => expectRead(blob)));
    });
    expect(many).toBeLessThanOrEqual(2 * one);
  });

  test("the first of them leaves, and the others lose nothing", async () => {
    const many = await leastRequestsOf(byteCount, async (blob) => {
      const leaver = new AbortController();
      const first = reader.aggregator(blob.path, { signal: leaver.signal });
      first.catch(() => undefined);
      const others = Array.from({ length: readers - 1 }, () => expectRead(blob));
      leaver.abort();
      await Promise.all(others);
    });
    expect(many).toBeLessThanOrEqual(2 * one);
  });
});
