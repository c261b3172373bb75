/**
 * Bodies larger than memory on the routes that work on them and do not just store them: quilts, dry
 * runs and the upload relay, all judged by the official SDK.
 */
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, problemOf, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { expectDryRunAndRelay, fetchOnce, storeQuilt } from "../support/large-bodies.ts";
import { type Gateway, startGateway } from "../support/local-gateway/gateway.ts";
import { type OfficialClient, officialClient } from "../support/sdk.ts";

const TIMEOUT_MS = 300_000;
const MIB = 1024 * 1024;
const CONTENT = seededBytes(40 * MIB, 1);
const TIP = { address: `0x${"7e".repeat(32)}`, kind: { const: 105 } };

let network: Network;
let gateway: Gateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ nodeCount: 12, shardCount: 100, seed: "large bodies" });
  gateway = await startGateway(network, {
    vars: { publisher: { RELAY_TIP: JSON.stringify(TIP) } },
  });
  const host = gateway.urls.publisher;
  const relay = { host, sendTip: { max: 1_000 }, fetch: fetchOnce, timeout: TIMEOUT_MS };
  official = await officialClient(network.description, 7, relay);
}, TIMEOUT_MS);
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

test(
  "a dry run of 40 MiB tells the official blob ID, and the relay takes the blob from the SDK",
  () => expectDryRunAndRelay(gateway, official, CONTENT, 2),
  TIMEOUT_MS,
);

test(
  "a quilt of 40 MiB is stored, and its patches read by the SDK",
  async () => {
    const files = [
      ["b.bin", CONTENT.subarray(0, 25 * MIB)],
      ["a.bin", CONTENT.subarray(25 * MIB)],
      ["empty", CONTENT.subarray(0, 0)],
    ] as const;
    const tags = [{ identifier: "a.bin", tags: { kind: "tail" } }];
    const { blobStoreResult, storedQuiltBlobs } = await storeQuilt(gateway, files, 2, tags);
    expect(storedQuiltBlobs.map(({ identifier }) => identifier)).toEqual([
      "a.bin",
      "b.bin",
      "empty",
    ]);
    const { blobId } = blobStoreResult.newlyCreated.blobObject;
    const blob = await official.walrus.getBlob({ blobId });
    const read = await blob.files();
    for (const file of read) {
      const identifier = await file.getIdentifier();
      const [, data] = files.find(([name]) => name === identifier) ?? [];
      expect(data, `${identifier}`).toBeDefined();
      expectSameBytes(await file.bytes(), data ?? CONTENT);
    }
    expect(read).toHaveLength(files.length);
  },
  TIMEOUT_MS,
);

test("what is above the setting is refused before its body is read", async () => {
  for (const [method, path, type] of [
    ["PUT", "/v1/blobs?dry_run=true", "application/octet-stream"],
    ["PUT", "/v1/quilts", "multipart/form-data; boundary=x"],
    [
      "POST",
      `/v1/blob-upload-relay?blob_id=${"A".repeat(43)}&tx_id=${"1".repeat(32)}&nonce=${"A".repeat(43)}`,
      "",
    ],
  ] as const) {
    const answer = await headersOnly(method, gateway.urls.publisher + path, {
      "Content-Length": "100000001",
      "Content-Type": type,
    });
    expect(await problemOf(answer), path).toMatchObject({ status: 413, reason: "BLOB_TOO_LARGE" });
  }
  const small = await fetchOnce(`${gateway.urls.publisher}/v1/blobs`, {
    method: "PUT",
    body: "small",
  });
  expect((await storedBlob(small)).size).toBe(5);
});

/** Sends the head of a request and none of its body. */
function headersOnly(
  method: string,
  url: string,
  headers: Record<string, string>,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        sending.destroy();
        resolve(new Response(Buffer.concat(chunks), { status: response.statusCode ?? 0 }));
      });
    });
    sending.on("error", reject);
    sending.flushHeaders();
  });
}
