/** What the official SDK writes, read over every official route of the aggregator. */
import { Transaction } from "@mysten/sui/transactions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, problemOf } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "official-reads" });
  gateway = await startTestGateway(network);
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

async function write(blob: Uint8Array, attributes: Record<string, string>, deletable = false) {
  const { signer, walrus } = official;
  return walrus.writeBlob({ blob, deletable, epochs: 3, signer, attributes });
}

describe("by object ID", () => {
  test("a Blob gives its bytes, the safe ones of its attributes, and its lease", async () => {
    const content = seededBytes(20_000, 1);
    const { blobId, blobObject } = await write(content, {
      "content-type": "text/html",
      "content-language": "de",
      "content-encoding": "gzip",
      "set-cookie": "a=b",
    });
    const response = await gateway.aggregator(`/v1/blobs/by-object-id/${blobObject.id}`);
    expect(response.status).toBe(200);
    expectSameBytes(await bodyBytes(response), content);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "text/html",
      "content-security-policy": "sandbox",
      "content-language": "de",
      "cache-tag": blobId,
      "x-walrus-end-epoch": String(blobObject.storage.end_epoch),
    });
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("set-cookie")).toBeNull();
    expect(response.headers.get("etag")).toMatch(new RegExp(`^"${blobId}\\.\\d+"$`));
    expect(response.headers.get("cache-control")).toMatch(/^public, max-age=([12]?\d|30)$/);
  });

  test("a range, a 304 and a HEAD work as on blobs", async () => {
    const content = seededBytes(20_000, 2);
    const { blobObject } = await write(content, {});
    const path = `/v1/blobs/by-object-id/${blobObject.id}`;
    const head = await gateway.aggregator(path, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe("20000");
    const part = await gateway.aggregator(path, { headers: { Range: "bytes=-5" } });
    expect(part.status).toBe(206);
    expectSameBytes(await bodyBytes(part), content.slice(-5));
    // Sui's own parser takes an ID in full without its prefix, too.
    const bare = `/v1/blobs/by-object-id/${blobObject.id.slice(2)}`;
    expect((await gateway.aggregator(bare, { method: "HEAD" })).status).toBe(200);
    const tag = head.headers.get("etag") ?? "";
    const same = await gateway.aggregator(path, { headers: { "If-None-Match": tag } });
    expect(same.status).toBe(304);
  });

  test("a SharedBlob gives the blob in it", async () => {
    const content = seededBytes(3_000, 3);
    const { blobObject } = await write(content, { "content-type": "image/png" });
    const transaction = new Transaction();
    const packageId = await official.walrus.systemObject().then(({ package_id: id }) => id);
    transaction.moveCall({
      target: `${packageId}::shared_blob::new`,
      arguments: [transaction.object(blobObject.id)],
    });
    const shared = await official.sui.signAndExecuteTransaction({
      transaction,
      signer: official.signer,
      include: { effects: true, objectTypes: true },
    });
    const types = shared.Transaction?.objectTypes ?? {};
    const created = Object.keys(types).find((id) => types[id]?.endsWith("::SharedBlob"));
    const response = await gateway.aggregator(`/v1/blobs/by-object-id/${created}`);
    expect(response.status, await response.clone().text()).toBe(200);
    expectSameBytes(await bodyBytes(response), content);
    expect(response.headers.get("content-type")).toBe("image/png");
  });

  test("an object that is not there, and one that is no blob, are 404", async () => {
    for (const id of [`0x${"1".repeat(64)}`, network.description.systemObject]) {
      const response = await gateway.aggregator(`/v1/blobs/by-object-id/${id}`);
      expect(await problemOf(response)).toMatchObject({ status: 404, reason: "BLOB_NOT_FOUND" });
    }
  });

  test("a concat takes object IDs beside blob IDs", async () => {
    const parts = [seededBytes(700, 4), seededBytes(900, 5)] as const;
    const first = await write(parts[0], { "content-type": "video/mp4" });
    const second = await write(parts[1], {}, true);
    const ids = `${first.blobObject.id},${second.blobId}`;
    const response = await gateway.aggregator(`/v1alpha/blobs/concat?ids=${ids}`);
    expect(response.headers.get("content-type")).toBe("video/mp4");
    // The type is an attribute, which may change: held as shortly as by object ID, under its version.
    expect(response.headers.get("cache-control")).toMatch(/^public, max-age=([12]?\d|30)$/);
    const byIds = `/v1alpha/blobs/concat?ids=${first.blobId},${second.blobId}`;
    const plain = await gateway.aggregator(byIds, { method: "HEAD" });
    expect(plain.headers.get("etag")).not.toBe(response.headers.get("etag"));
    const bytes = await bodyBytes(response);
    expectSameBytes(bytes.slice(0, 700), parts[0]);
    expectSameBytes(bytes.slice(700), parts[1]);
    const unknown = await gateway.aggregator(`/v1alpha/blobs/concat?ids=0x${"2".repeat(64)}`);
    expect(await problemOf(unknown)).toMatchObject({ reason: "OBJECT_ID_RESOLUTION_FAILED" });
  });
});

describe("a quilt of the official SDK", () => {
  const files = [
    {
      identifier: "readme.md",
      contents: seededBytes(10, 6),
      tags: { "content-type": "text/plain" },
    },
    { identifier: "grüße.bin", contents: seededBytes(30_000, 7), tags: { kind: "big" } },
    { identifier: "empty", contents: new Uint8Array(0) },
  ];

  test("is listed, and each patch is served by its ID and by its identifier", async () => {
    const { signer, walrus } = official;
    const quilt = await walrus.writeQuilt({ blobs: files, deletable: true, epochs: 3, signer });
    const list = await gateway.aggregator(`/v1/quilts/${quilt.blobId}/patches`);
    const listed = (await list.json()) as { identifier: string; patch_id: string; tags: object }[];
    expect(listed.map(({ identifier, patch_id: id }) => [identifier, id])).toEqual(
      quilt.index.patches.map(({ identifier, patchId }) => [identifier, patchId]),
    );
    for (const { identifier, contents, tags = {} } of files) {
      const entry = listed.find((patch) => patch.identifier === identifier);
      expect(entry?.tags).toEqual(tags);
      const name = encodeURIComponent(identifier);
      for (const path of [
        `/v1/blobs/by-quilt-patch-id/${entry?.patch_id}`,
        `/v1/blobs/by-quilt-id/${quilt.blobId}/${name}`,
      ]) {
        const response = await gateway.aggregator(path);
        expect(response.status).toBe(200);
        expectSameBytes(await bodyBytes(response), contents);
        expect(response.headers.get("etag")).toBe(`"${entry?.patch_id}"`);
      }
    }
  });
});

describe("a strict check", () => {
  test("agrees with the official SDK's on sound blobs", async () => {
    for (const size of [0, 1, 50_000]) {
      const { blobId } = await write(seededBytes(size, 20 + size), {}, true);
      const response = await gateway.aggregator(
        `/v1/blobs/${blobId}?strict_consistency_check=true`,
      );
      expect(response.headers.get("x-walrus-verified")).toBe("strict");
      expectSameBytes(await bodyBytes(response), await official.walrus.readBlob({ blobId }));
    }
  });
});
