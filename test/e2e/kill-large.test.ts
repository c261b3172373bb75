/**
 * A blob that is encoded in storage dies in real workerd again and again, at boundaries of a recorded
 * run, and goes on from its checkpoint in another life: it is registered and certified once.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { IN_MEMORY_BLOB_BYTES_MAX } from "../../shared/limits.ts";
import type { Boundary } from "../kill/boundaries.ts";
import { type Killable, type Met, nameOf, startKillable } from "../kill/killable.ts";
import { bodyBytes, expectSameBytes } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";

/** Fewer cannot encode so large a blob. */
const SHARD_COUNT = 60;
const DEATHS = 6;
const TIMEOUT_MS = 10 * 60_000;

let killable: Killable;
let contentCount = 0;

beforeAll(async () => {
  killable = await startKillable("kill large", SHARD_COUNT);
}, TIMEOUT_MS);
afterAll(() => killable?.close());

async function calls() {
  const { moveCalls, refusedTransactions } = await killable.network.admin.state();
  return {
    registered: moveCalls["system::register_blob"] ?? 0,
    certified: moveCalls["system::certify_blob"] ?? 0,
    refused: refusedTransactions,
  };
}

/** Accepted, however often it takes to ask; the upload. */
async function accepted(content: Uint8Array<ArrayBuffer>): Promise<string> {
  const headers = { "idempotency-key": `large ${contentCount}`, prefer: "respond-async" };
  const path = "/v1/blobs?epochs=2&deletable=true";
  for (;;) {
    const init = { method: "PUT", body: content, headers };
    const response = await killable.gateway.publisher(path, init);
    const text = await response.text();
    if (response.status === 202) return (JSON.parse(text) as { uploadId: string }).uploadId;
    expect(response.status, text).toBeGreaterThanOrEqual(500);
  }
}

/** Stores a blob that dies at these boundaries, and reads it back; what was met, and what was made. */
async function storeLarge(
  deaths: readonly Boundary[],
): Promise<{ readonly met: Met; readonly made: object }> {
  const { gateway } = killable;
  const before = await calls();
  await killable.arm({ uploads: [deaths], shared: [] });
  const content = seededBytes(IN_MEMORY_BLOB_BYTES_MAX + 1, ++contentCount);
  const uploadId = await accepted(content);
  const endMs = performance.now() + TIMEOUT_MS;
  let blobId: string | null = null;
  for (let state = "running"; state !== "certified";) {
    // What its alarm does some seconds later.
    await gateway.publisher(`/test/resume?upload=${uploadId}`);
    const view = await gateway.publisher(`/edge/v1/uploads/${uploadId}`);
    ({ state, blobId } = (await view.json()) as { state: string; blobId: string | null });
    expect(["running", "certified"]).toContain(state);
    if (performance.now() > endMs) throw new Error("the blob is not certified in time");
  }
  const read = await gateway.aggregator(`/v1/blobs/${blobId ?? ""}`);
  expectSameBytes(await bodyBytes(read), content);
  const after = await calls();
  const made = {
    registered: after.registered - before.registered,
    certified: after.certified - before.certified,
    refused: after.refused - before.refused,
  };
  return { met: await killable.met(), made };
}

test(
  "a blob that is encoded in storage dies again and again, goes on, and is paid once",
  async () => {
    const { passed } = (await storeLarge([])).met;
    // From its first checkpoint to its certificate: before, its client would send it again.
    const own = passed.filter(({ kind }) => kind === "upload");
    const first = own.findIndex(({ label }) => label.includes("scratch"));
    const last = own.findIndex(({ label }) => label.startsWith("before LEASE_BOOKS.record"));
    const between = own.slice(first, last);
    expect(first).toBeGreaterThan(0);
    expect(between.length).toBeGreaterThan(DEATHS);
    const deaths = Array.from(
      { length: DEATHS },
      (_, n) => between[Math.floor(((n + 0.5) * between.length) / DEATHS)],
    ).filter((boundary) => boundary !== undefined);
    const { met, made } = await storeLarge(deaths);
    expect(met.killed.map(nameOf).toSorted()).toEqual(deaths.map(nameOf).toSorted());
    expect(made).toEqual({ registered: 1, certified: 1, refused: 0 });
  },
  TIMEOUT_MS,
);
