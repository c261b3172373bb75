/**
 * The largest bodies that are taken unless configured otherwise, on every route that takes one; what
 * was stored is read by the official SDK. `test/e2e/large-bodies.test.ts` does so with 40 MiB.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { UPLOAD_BLOB_BYTES_DEFAULT } from "../../shared/limits.ts";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { expectDryRunAndRelay, fetchOnce, storeQuilt } from "../support/large-bodies.ts";
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
  () => expectDryRunAndRelay(gateway, official, CONTENT.toReversed(), 1),
  TIMEOUT_MS,
);

test(
  "a quilt is stored, and its patches read by the SDK",
  async () => {
    const { blobStoreResult } = await storeQuilt(gateway, QUILT_FILES, 1);
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
