/** What a store leaves on chain besides the blob, and what can be done to it afterwards. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 16, seed: "publisher-objects" });
  gateway = await startTestGateway(network);
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

const put = (path: string, body: NonNullable<RequestInit["body"]>, headers: HeadersInit = {}) =>
  gateway.publisher(path, { method: "PUT", body, headers });

async function json<T>(response: Response): Promise<T> {
  const text = await response.text();
  expect(response.ok, text).toBe(true);
  return JSON.parse(text) as T;
}

describe("attributes of a store", () => {
  test("are on the Blob as the official SDK reads them, and headers by object ID", async () => {
    const response = await put("/v1/blobs", seededBytes(2_000, 1), {
      "content-type": "image/png",
      "x-walrus-attribute-author": "us",
      "x-walrus-attribute-content-language": "de",
    });
    const { id } = await storedBlob(response);
    expect(await official.walrus.readBlobAttributes({ blobObjectId: id })).toEqual({
      author: "us",
      "content-language": "de",
      "content-type": "image/png",
    });
    const read = await gateway.aggregator(`/v1/blobs/by-object-id/${id}`);
    expect(read.headers.get("content-type")).toBe("image/png");
    expect(read.headers.get("content-language")).toBe("de");
    expect((await read.arrayBuffer()).byteLength).toBe(2_000);
  });

  test("mark a quilt as the official clients do", async () => {
    const form = new FormData();
    form.append("a", new Blob(["hello"]), "a");
    const { blobStoreResult } = await json<{
      blobStoreResult: { newlyCreated: { blobObject: { id: string } } };
    }>(await put("/v1/quilts", form));
    const { id } = blobStoreResult.newlyCreated.blobObject;
    expect(await official.walrus.readBlobAttributes({ blobObjectId: id })).toEqual({
      _walrusBlobType: "quilt",
    });
  });

  test("that cannot be kept are refused before anything is paid", async () => {
    const response = await put("/v1/blobs", "x", { "x-walrus-attribute-_walrusBlobType": "quilt" });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("INVALID_ATTRIBUTE");
  });
});

test("share=true answers with the SharedBlob, which names the blob and serves it", async () => {
  const content = seededBytes(3_000, 2);
  const { newlyCreated } = await json<{
    newlyCreated: { blobObject: { id: string; blobId: string }; sharedBlobObject: string };
  }>(await put("/v1/blobs?share=true&epochs=2", content, { "content-type": "text/plain" }));
  const { blobObject, sharedBlobObject } = newlyCreated;
  const { object } = await official.sui.getObject({ objectId: sharedBlobObject });
  expect(object.type).toMatch(/::shared_blob::SharedBlob$/);
  expect(object.owner.$kind).toBe("Shared");
  const read = await gateway.aggregator(`/v1/blobs/by-object-id/${sharedBlobObject}`);
  expect(read.headers.get("content-type")).toBe("text/plain");
  expect(new Uint8Array(await read.arrayBuffer())).toEqual(content);
  const bytes = await official.walrus.readBlob({ blobId: blobObject.blobId });
  expect(bytes).toEqual(content);
});
