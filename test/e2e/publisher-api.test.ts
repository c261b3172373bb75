/** The publisher's official surface over HTTP, with the official SDK as the judge. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, moveCalls, problemOf } from "../support/answers.ts";
import { mediaFile, seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "publisher-api" });
  gateway = await startTestGateway(network);
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

const put = (path: string, body: NonNullable<RequestInit["body"]>, headers: HeadersInit = {}) =>
  gateway.publisher(path, { method: "PUT", body, headers });
const registrations = () => moveCalls(network.description.rpc, "register_blob");

interface QuiltAnswer {
  readonly blobStoreResult: { readonly newlyCreated: { readonly blobObject: { blobId: string } } };
  readonly storedQuiltBlobs: readonly {
    readonly identifier: string;
    readonly quiltPatchId: string;
    readonly range: readonly [number, number];
  }[];
}

describe("PUT /v1/quilts", () => {
  const files = {
    "picture.png": mediaFile("picture.png"),
    "Ünïcode 名.bin": seededBytes(5_000, 9),
    empty: new Uint8Array(0),
  };

  test("the official SDK reads every file and its tags from a stored quilt", async () => {
    const form = new FormData();
    for (const [name, bytes] of Object.entries(files)) form.append(name, new Blob([bytes]), "x");
    form.append(
      "_metadata",
      JSON.stringify([{ identifier: "picture.png", tags: { "content-type": "image/png", n: 1 } }]),
    );
    const response = await put("/v1/quilts?epochs=2&quilt_version=v1", form);
    const text = await response.text();
    expect(response.status, text).toBe(200);
    const { blobStoreResult, storedQuiltBlobs } = JSON.parse(text) as QuiltAnswer;
    expect(storedQuiltBlobs.map(({ identifier }) => identifier)).toEqual(Object.keys(files).sort());

    const { blobId } = blobStoreResult.newlyCreated.blobObject;
    const byPatch = await official.walrus.getFiles({
      ids: storedQuiltBlobs.map(({ quiltPatchId }) => quiltPatchId),
    });
    for (const [index, { identifier }] of storedQuiltBlobs.entries()) {
      expect(await byPatch[index]?.getIdentifier()).toBe(identifier);
      const bytes = await byPatch[index]?.bytes();
      expectSameBytes(bytes ?? new Uint8Array(1), files[identifier as keyof typeof files]);
    }
    const blob = await official.walrus.getBlob({ blobId });
    const [picture] = await blob.files({ identifiers: ["picture.png"] });
    expect(await picture?.getTags()).toEqual({ "content-type": "image/png", n: "1" });
  });

  test("an accepted quilt tells its patches where its state is told", async () => {
    const form = new FormData();
    form.append("a", new Blob(["hello"]), "x");
    const accepted = await put("/v1/quilts", form, { prefer: "respond-async" });
    expect(accepted.status).toBe(202);
    const location = accepted.headers.get("location") ?? "";
    const view = async () =>
      JSON.parse(await (await gateway.publisher(location)).text()) as unknown;
    await expect
      .poll(view, { timeout: 60_000, interval: 200 })
      .toMatchObject({ state: "certified", storedQuiltBlobs: [{ identifier: "a" }] });
  });

  test("what is no quilt is refused before anything is paid", async () => {
    const before = await registrations();
    const text = await put("/v1/quilts", "hello");
    expect(await problemOf(text)).toMatchObject({ status: 415, reason: "MALFORMED_REQUEST" });
    const empty = new FormData();
    empty.append("_metadata", "[]");
    expect(await problemOf(await put("/v1/quilts", empty))).toMatchObject({ status: 400 });
    const form = new FormData();
    form.append("a", new Blob(["x"]), "a");
    expect((await put("/v1/quilts?quilt_version=v2", form)).status).toBe(400);
    expect(await registrations()).toBe(before);
  });
});

describe("a permanent blob that is certified already", () => {
  const content = seededBytes(3_000, 21);

  test("is not paid again, unless it ends too early or force is asked for", async () => {
    const store = async (query: string) =>
      JSON.parse(await (await put(`/v1/blobs?permanent=true&${query}`, content)).text()) as {
        newlyCreated?: { blobObject: { blobId: string; storage: { endEpoch: number } } };
        alreadyCertified?: { blobId: string; endEpoch: number; event: { txDigest: string } };
      };
    const { newlyCreated } = await store("epochs=3");
    const blobId = newlyCreated?.blobObject.blobId;
    const before = await registrations();
    const { alreadyCertified } = await store("epochs=2");
    expect(alreadyCertified).toMatchObject({
      blobId,
      endEpoch: newlyCreated?.blobObject.storage.endEpoch,
    });
    const event = await official.sui.getTransaction({
      digest: alreadyCertified?.event.txDigest ?? "",
    });
    expect(event.$kind).toBe("Transaction");
    expect(await registrations()).toBe(before);
    expect((await store("epochs=4")).newlyCreated?.blobObject.blobId).toBe(blobId);
    expect((await store("epochs=2&force=true")).newlyCreated?.blobObject.blobId).toBe(blobId);
    expect(await registrations()).toBe(before + 2);
  });

  test("a deletable store of the same bytes has an object of its own", async () => {
    const before = await registrations();
    expect((await put("/v1/blobs?epochs=1", content)).status).toBe(200);
    expect(await registrations()).toBe(before + 1);
  });
});
