/**
 * The largest bodies that are taken unless configured otherwise, on every route that takes one; what
 * was stored is read by the official SDK. `test/e2e/large-bodies.test.ts` does so with 40 MiB.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { UPLOAD_BLOB_BYTES_DEFAULT } from "../../shared/limits.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { type Gateway, startGateway } from "../support/local-gateway/gateway.ts";
import { type OfficialClient, officialClient } from "../support/sdk.ts";

const TIMEOUT_MS = 600_000;
const CONTENT = seededBytes(UPLOAD_BLOB_BYTES_DEFAULT, 1);

/** A quilt at 100 shards has columns of 1.5 MB for each of its files and its index. */
const QUILT_FILES = [
  ["a.bin", CONTENT.subarray(0, 60_000_000)],
  ["b.bin", CONTENT.subarray(60_000_000, 90_000_000)],
] as const;

let network: Network;
let gateway: Gateway;
let official: OfficialClient;

/** On a connection of its own: while the SDK works, nobody looks after those that are open. */
const fetchOnce: typeof fetch = (resource, init) => {
  const headers = new Headers(init?.headers);
  headers.set("Connection", "close");
  return fetch(resource, { ...init, headers });
};

beforeAll(async () => {
  network = await startNetwork({ nodeCount: 12, shardCount: 100, seed: "largest bodies" });
  gateway = await startGateway(network);
  const relay = { host: gateway.urls.publisher, fetch: fetchOnce, timeout: TIMEOUT_MS };
  official = await officialClient(network.description, 7, relay);
}, TIMEOUT_MS);
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

test.each([64_000_000, UPLOAD_BLOB_BYTES_DEFAULT])(
  "a blob of %d bytes is stored, and read by the SDK",
  async (byteCount) => {
    const content = CONTENT.subarray(0, byteCount);
    const stored = await storedBlob(
      await fetchOnce(`${gateway.urls.publisher}/v1/blobs?epochs=1`, {
        method: "PUT",
        body: content,
      }),
    );
    expect(stored.size).toBe(byteCount);
    expectSameBytes(await official.walrus.readBlob({ blobId: stored.blobId }), content);
  },
  TIMEOUT_MS,
);

test(
  "a dry run tells the official blob ID, and the relay takes the blob from the SDK",
  async () => {
    const content = CONTENT.toReversed();
    const dryRun = await fetchOnce(`${gateway.urls.publisher}/v1/blobs?dry_run=true`, {
      method: "PUT",
      body: content,
    });
    const told = (await dryRun.json()) as { dryRun: { blobId: string; size: number } };
    const { walrus, signer } = official;
    const { blobId } = await walrus.writeBlob({
      blob: content,
      deletable: true,
      epochs: 1,
      signer,
    });
    expect(told.dryRun).toMatchObject({ blobId, size: content.length });
    expectSameBytes(await walrus.readBlob({ blobId }), content);
  },
  TIMEOUT_MS,
);

test(
  "a quilt is stored, and its patches read by the SDK",
  async () => {
    const form = new FormData();
    for (const [name, data] of QUILT_FILES) form.append(name, new Blob([data]), name);
    const put = { method: "PUT", body: form };
    const stored = await fetchOnce(`${gateway.urls.publisher}/v1/quilts?epochs=1`, put);
    const body = await stored.text();
    expect(stored.status, body).toBe(200);
    const { blobStoreResult } = JSON.parse(body) as {
      blobStoreResult: { newlyCreated: { blobObject: { blobId: string } } };
    };
    const { blobId } = blobStoreResult.newlyCreated.blobObject;
    const files = await (await official.walrus.getBlob({ blobId })).files();
    expect(files).toHaveLength(QUILT_FILES.length);
    for (const [index, file] of files.entries()) {
      const [name, data] = QUILT_FILES[index] ?? [];
      expect(await file.getIdentifier()).toBe(name);
      expectSameBytes(await file.bytes(), data ?? CONTENT);
    }
  },
  TIMEOUT_MS,
);
