/**
 * A blob larger than an isolate, read cold and cached, alone and by several at once, within what the
 * platform gives: 128 MiB over a gateway that has served one small read.
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import {
  limitHeapsAsThePlatform,
  peakWorkerdBytes,
  workerdBytes,
} from "../support/workerd-memory.ts";

/** Most that workerd may grow while such a blob streams. */
const STREAMING_BYTES_MAX = 128 * 1024 * 1024;
const MIB = 1024 * 1024;
/** 100 shards hold at most 149 MB. */
const SHARDS = 140;
const BLOB_BYTES = 180_000_000;
const READERS = 4;
const SETUP_MS = 10 * 60_000;

let network: Network;
const content = seededBytes(BLOB_BYTES, 1);
const digest = createHash("sha256").update(content).digest("hex");
const stored = { large: "", small: "" };

beforeAll(async () => {
  limitHeapsAsThePlatform();
  network = await startNetwork({ nodeCount: 12, shardCount: SHARDS });
  const gateway = await startTestGateway(network, {
    vars: { publisher: { MAX_BLOB_BYTES: String(BLOB_BYTES) } },
  });
  const store = async (body: Uint8Array<ArrayBuffer>) => {
    const answer = await gateway.publisher("/v1/blobs?epochs=1", { method: "PUT", body });
    return `/v1/blobs/${(await storedBlob(answer)).blobId}`;
  };
  stored.small = await store(seededBytes(1_000, 2));
  stored.large = await store(content);
  await gateway.close();
}, SETUP_MS);
afterAll(() => network?.close());

/** The digest of what is streamed; nothing of it is kept. */
async function digestOf(gateway: TestGateway, path: string): Promise<string> {
  const response = await gateway.aggregator(path);
  expect(response.status).toBe(200);
  const hash = createHash("sha256");
  for await (const chunk of response.body ?? []) hash.update(chunk);
  return hash.digest("hex");
}

test.each([
  { what: "cold by one", readers: 1, isWarm: false },
  { what: `cold by ${READERS} at once`, readers: READERS, isWarm: false },
  { what: `cached by ${READERS} at once`, readers: READERS, isWarm: true },
])("180 MB $what", async ({ what, readers, isWarm }) => {
  // A gateway of its own: nothing is cached there.
  const gateway = await startTestGateway(network);
  try {
    await digestOf(gateway, stored.small);
    if (isWarm) for (let read = 0; read < 2; read++) await digestOf(gateway, stored.large);
    const idle = workerdBytes();
    const digests: string[] = [];
    const peak = await peakWorkerdBytes(async () => {
      const reads = Array.from({ length: readers }, () => digestOf(gateway, stored.large));
      digests.push(...(await Promise.all(reads)));
    });
    process.stderr.write(`180 MB ${what}: idle + ${((peak - idle) / MIB).toFixed(0)} MiB\n`);
    expect(new Set(digests)).toEqual(new Set([digest]));
    expect(peak - idle).toBeLessThanOrEqual(STREAMING_BYTES_MAX);
  } finally {
    await gateway.close();
  }
});
