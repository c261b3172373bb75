/** Proofs and status of what the official SDK and our publisher have stored. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, problemOf, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { checkProof, type ProofQuestion } from "../support/proof-checker.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";
import { seededRandom } from "../support/seeded-random.ts";

/** Bytes 134 lie in a row of 67 symbols; the range crosses two rows. */
const CONTENT = seededBytes(3_000, 1);
const RANGE = { start: 100, end: 190 };
let network: Network;
let gateway: TestGateway;
let official: OfficialClient;
let blobId: string;
/** n as the System object on the chain says it: not from the proof. */
let shardCount: number;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "proof" });
  gateway = await startTestGateway(network);
  official = await officialClient(network.description);
  const { walrus, signer } = official;
  const written = await walrus.writeBlob({ blob: CONTENT, deletable: true, epochs: 3, signer });
  blobId = written.blobId;
  shardCount = (await walrus.systemState()).committee.n_shards;
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

async function proofOf(query: string): Promise<unknown> {
  const response = await gateway.aggregator(`/edge/v1/blobs/${blobId}/proof${query}`);
  expect(response.status).toBe(200);
  return response.json();
}

const question = (range: ProofQuestion["range"]): ProofQuestion => ({ blobId, shardCount, range });

describe("a proof", () => {
  test.each([
    ["", null],
    ["?range=0-0", { start: 0, end: 1 }],
    ["?range=100-189", RANGE],
    ["?range=-7", { start: 2_993, end: 3_000 }],
    ["?range=1-2000", { start: 1, end: 2_001 }],
  ])("%s is accepted by a checker that knows nothing of us", async (query, range) => {
    const proven = checkProof(await proofOf(query), question(range));
    expectSameBytes(proven, CONTENT.slice(range?.start ?? 0, range?.end ?? 0));
  });

  test("is refused after any of 1,000 mutations", async () => {
    const proof = await proofOf("?range=100-189");
    const { certification, ...committed } = proof as Record<string, unknown>;
    expect(certification).toMatchObject({ transaction: null });
    const random = seededRandom(5);
    for (let index = 0; index < 1_000; index++) {
      const mutated = structuredClone(committed);
      const what = mutate(mutated, (count) => Math.floor(random.unit() * count));
      expect(() => checkProof(mutated, question(RANGE)), what).toThrow("Not proven");
    }
  });

  test("of other bytes, or of another blob, is refused", async () => {
    const proof = await proofOf("?range=100-189");
    const other = { start: RANGE.start, end: RANGE.end - 1 };
    expect(() => checkProof(proof, question(other))).toThrow("other bytes");
    const stranger = { ...question(RANGE), blobId: "A".repeat(43) };
    expect(() => checkProof(proof, stranger)).toThrow("another blob");
    expect(() => checkProof(proof, { ...question(RANGE), shardCount: 101 })).toThrow("shards");
  });

  test.each([
    ["?range=3000-", 416, "INVALID_BYTE_RANGE"],
    ["?range=a", 400, "INVALID_PARAMETER"],
    ["?range=0-1,3-4", 400, "INVALID_PARAMETER"],
    ["?range=0-1&range=0-1", 400, "INVALID_PARAMETER"],
  ])("%s is %i %s", async (query, status, reason) => {
    const response = await gateway.aggregator(`/edge/v1/blobs/${blobId}/proof${query}`);
    expect(await problemOf(response)).toMatchObject({ status, reason });
  });

  test("holds a bounded number of symbols", async () => {
    const { walrus, signer } = official;
    const blob = seededBytes(5_000, 9);
    const tiny = await walrus.writeBlob({ blob, deletable: true, epochs: 1, signer });
    const path = `/edge/v1/blobs/${tiny.blobId}/proof`;
    expect((await gateway.aggregator(`${path}?range=0-2047`)).status).toBe(200);
    const beyond = await gateway.aggregator(`${path}?range=0-4999`);
    expect(await problemOf(beyond)).toMatchObject({ status: 400, reason: "INVALID_PARAMETER" });
  });
});

describe("the status", () => {
  test("of a blob we hold no lease on is the nodes' word, and says so", async () => {
    const response = await gateway.aggregator(`/edge/v1/blobs/${blobId}/status`);
    expect(response.headers.get("cache-control")).toMatch(/^public, max-age=\d\d?$/);
    expect(await response.json()).toMatchObject({
      blobId,
      unencodedBytes: 3_000,
      standing: { certified: true, endEpoch: null, source: "storage-nodes" },
      persistence: "deletable",
    });
  });

  test("of a blob we pay for permanently has the end of the lease, and a date", async () => {
    const stored = await storedBlob(
      await gateway.publisher("/v1/blobs?epochs=2&permanent=true", {
        method: "PUT",
        body: seededBytes(500, 3),
      }),
    );
    const response = await gateway.aggregator(`/edge/v1/blobs/${stored.blobId}/status`);
    const status = (await response.json()) as { standing: { endDate: string } };
    expect(status).toMatchObject({
      standing: { certified: true, endEpoch: stored.storage.endEpoch, source: "lease-book" },
      persistence: "permanent",
    });
    expect(Date.parse(status.standing.endDate)).toBeGreaterThan(Date.now());
  });

  test("of an unknown blob is 404", async () => {
    const response = await gateway.aggregator(`/edge/v1/blobs/${"B".repeat(42)}A/status`);
    expect(await problemOf(response)).toMatchObject({ status: 404, reason: "BLOB_NOT_FOUND" });
  });
});

/** Changes one thing somewhere in `value`; returns what, for the message. */
function mutate(value: object, draw: (count: number) => number): string {
  const entries = Object.entries(value) as [string, unknown][];
  const [key = "", inner] = entries[draw(entries.length)] ?? [];
  const set = (changed: unknown) => void Object.assign(value, { [key]: changed });
  if (Array.isArray(inner) && (inner.length === 0 || draw(4) === 0)) {
    const list = [...(inner as unknown[])];
    if (draw(2) === 0 && list.length > 0) list.splice(draw(list.length), 1);
    else list.push(list[0] ?? null);
    set(list);
    return `${key}: an element more or less`;
  }
  if (typeof inner === "object" && inner !== null) return `${key}.${mutate(inner, draw)}`;
  if (typeof inner === "number") {
    set(inner + 1 + draw(3));
    return `${key}: another number`;
  }
  if (typeof inner === "string") {
    const at = draw(inner.length);
    const letter = "ABCabc012+/="[draw(12)] ?? "A";
    const changed = inner.slice(0, at) + letter + inner.slice(at + 1);
    set(changed === inner ? `${inner}A` : changed);
    return `${key}: another text`;
  }
  set("A".repeat(43) + "=");
  return `${key}: something for null`;
}
