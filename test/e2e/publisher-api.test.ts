/** The publisher's official surface over HTTP, with the official SDK as the judge. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { expectSameBytes, moveCalls, problemOf, storedBlob } from "../support/answers.ts";
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

  interface Answer {
    readonly newlyCreated?: {
      readonly blobObject: { id: string; blobId: string; storage: { endEpoch: number } };
    };
    readonly alreadyCertified?: {
      readonly blobId: string;
      readonly endEpoch: number;
      readonly object?: string;
      readonly event?: { txDigest: string };
    };
  }
  const store = async (query: string, body = content) =>
    JSON.parse(await (await put(`/v1/blobs?permanent=true&${query}`, body)).text()) as Answer;

  test("is not paid again, unless it ends too early or force is asked for", async () => {
    const { newlyCreated } = await store("epochs=3");
    const { id: object, blobId, storage } = newlyCreated?.blobObject ?? {};
    const before = await registrations();
    const { alreadyCertified } = await store("epochs=2");
    expect(alreadyCertified).toEqual({ blobId, object, endEpoch: storage?.endEpoch });
    expect(await registrations()).toBe(before);
    expect((await store("epochs=4")).newlyCreated?.blobObject.blobId).toBe(blobId);
    expect((await store("epochs=2&force=true")).newlyCreated?.blobObject.blobId).toBe(blobId);
    expect(await registrations()).toBe(before + 2);
  });

  test("by somebody else is not paid again either, and its event is told", async () => {
    const body = seededBytes(3_000, 22);
    const { blobId } = await official.walrus.writeBlob({
      blob: body,
      deletable: false,
      epochs: 3,
      signer: official.signer,
    });
    const isKnown = async () => {
      const answers = await Promise.all(
        network.description.nodes.map(({ url }) => fetch(`${url}/v1/blobs/${blobId}/status`)),
      );
      const texts = await Promise.all(answers.map((answer) => answer.text()));
      return texts.every((text) => text.includes('"isCertified":true'));
    };
    await expect.poll(isKnown, { timeout: 30_000 }).toBe(true);
    const before = await registrations();
    const { alreadyCertified } = await store("epochs=1", body);
    expect(alreadyCertified).toMatchObject({ blobId });
    const digest = alreadyCertified?.event?.txDigest ?? "";
    expect((await official.sui.getTransaction({ digest })).$kind).toBe("Transaction");
    expect(await registrations()).toBe(before);
  });

  test("a deletable store of the same bytes has an object of its own", async () => {
    const before = await registrations();
    expect((await put("/v1/blobs?epochs=1", content)).status).toBe(200);
    expect(await registrations()).toBe(before + 1);
  });
});

test("many clients with one Idempotency-Key have one answer, registered once", async () => {
  const content = seededBytes(10_000, 33);
  const before = await registrations();
  const store = () => put("/v1/blobs?epochs=2", content, { "idempotency-key": "one" });
  const answers = await Promise.all(Array.from({ length: 12 }, store));
  answers.push(await store());
  const texts = await Promise.all(answers.map((answer) => answer.text()));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(texts).size).toBe(1);
  expect(await registrations()).toBe(before + 1);
  const other = await put("/v1/blobs?epochs=2", "other", { "idempotency-key": "one" });
  expect(await problemOf(other)).toMatchObject({ status: 422 });
});

describe("what a store will cost", () => {
  interface Estimate {
    readonly cost: number;
    readonly storageCost: number;
    readonly writeCost: number;
    readonly encodedSize: number;
    readonly endEpoch: number;
  }

  const content = seededBytes(1_500_000, 40);
  const wrote = async (path: string) =>
    storedBlob(await put(path, content)).then(({ blobId, cost, storage }) => ({
      blobId,
      cost,
      endEpoch: storage.endEpoch,
    }));

  test("is the official SDK's price and what the ledger takes, to the FROST", async () => {
    const response = await gateway.publisher("/edge/v1/estimate", {
      method: "POST",
      body: JSON.stringify({ size: content.length, epochs: 5 }),
    });
    const estimate = JSON.parse(await response.text()) as Estimate;
    const theirs = await official.walrus.storageCost(content.length, 5);
    expect(BigInt(estimate.storageCost)).toBe(theirs.storageCost);
    expect(BigInt(estimate.writeCost)).toBe(theirs.writeCost);
    const stored = await wrote("/v1/blobs?epochs=5");
    expect(stored).toMatchObject({ cost: estimate.cost, endEpoch: estimate.endEpoch });
  });

  test("is told by a dry run with the blob ID, and nothing is stored", async () => {
    const before = await registrations();
    const dry = await put("/v1/blobs?epochs=2&dry_run=true", content);
    const { dryRun } = JSON.parse(await dry.text()) as { dryRun: Estimate & { blobId: string } };
    expect(await registrations()).toBe(before);
    const metadata = await official.walrus.computeBlobMetadata({ bytes: content });
    expect(dryRun.blobId).toBe(metadata.blobId);
    expect(await wrote("/v1/blobs?epochs=2")).toMatchObject({
      blobId: dryRun.blobId,
      cost: dryRun.cost,
    });
    const form = new FormData();
    form.append("a", new Blob(["hello"]), "a");
    const quilt = await put("/v1/quilts?dry_run=true", form);
    expect(JSON.parse(await quilt.text())).toMatchObject({ dryRun: { epochs: 1 } });
  });

  test("has no answer for more epochs than the network sells", async () => {
    const response = await gateway.publisher("/edge/v1/estimate", {
      method: "POST",
      body: JSON.stringify({ size: 1, epochs: 54 }),
    });
    expect(await problemOf(response)).toMatchObject({ status: 400, reason: "MALFORMED_REQUEST" });
  });
});
