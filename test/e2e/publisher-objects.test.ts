/** What a store leaves on chain besides the blob, and what can be done to it afterwards. */
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { jsonOf as json, moveCalls, problemOf, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { officialClient, type OfficialClient } from "../support/sdk.ts";
import { subjectAsks } from "../support/subjects.ts";

const SECRET = "a secret of the test alone";

let network: Network;
let gateway: TestGateway;
let official: OfficialClient;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 16, seed: "publisher-objects" });
  gateway = await startTestGateway(network, {
    vars: {
      publisher: { OPEN_WRITES: "false", JWT_SECRET: SECRET },
      aggregator: { GATE_HOLD_MS: "1000" },
    },
  });
  official = await officialClient(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

const { ask, put } = subjectAsks(() => gateway, SECRET);

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
    expect(read.headers.get("x-walrus-attribute-author")).toBe("us");
    expect(read.headers.has("x-walrus-attribute-content-type")).toBe(false);
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

interface Row {
  readonly objectId: string;
  readonly blobId: string;
  readonly endEpoch: number;
  readonly attributes: Readonly<Record<string, string>>;
}

const calls = (name: string) => moveCalls(network.description.rpc, name);

describe("the objects of a subject", () => {
  const sub = "lister";

  test("are listed for it alone: by pages, filtered, and as lines", async () => {
    const stored: string[] = [];
    for (const [index, name] of ["a.txt", "b.txt", "b.png"].entries()) {
      const headers = { "x-walrus-attribute-name": name };
      const path = `/v1/blobs?epochs=${index + 1}`;
      stored.push((await storedBlob(await put(path, `content ${index}`, headers, sub))).id);
    }
    interface Page {
      readonly objects: readonly Row[];
      readonly next: string | null;
    }
    const list = async (query: string) =>
      json<Page>(await ask("GET", `/edge/v1/objects?${query}`, { sub }));
    const ids = ({ objects }: Page) => objects.map(({ objectId }) => objectId);
    const newestFirst = stored.toReversed();
    expect(ids(await list(""))).toEqual(newestFirst);
    const first = await list("limit=2");
    expect(ids(first)).toEqual(newestFirst.slice(0, 2));
    const rest = await list(`limit=2&cursor=${first.next}`);
    expect([ids(rest), rest.next]).toEqual([newestFirst.slice(2), null]);
    expect(ids(await list("attribute.name=b*"))).toEqual(newestFirst.slice(0, 2));
    expect(ids(await list("attribute.name=a.txt&attribute.content-type=text*"))).toEqual(
      stored.slice(0, 1),
    );
    const { objects } = await list("");
    const ends = objects.map(({ endEpoch }) => endEpoch).toSorted((a, b) => a - b);
    expect(ids(await list(`end_epoch_min=${ends[1]}&end_epoch_max=${ends[1]}`))).toEqual([
      stored[1],
    ]);
    const lines = await ask("GET", "/edge/v1/objects?limit=1", {
      sub,
      headers: { accept: "application/jsonl" },
    });
    expect(lines.headers.get("content-type")).toBe("application/jsonl");
    const rows = (await lines.text()).trimEnd().split("\n");
    expect(rows.map((row) => JSON.parse(row) as Row)).toEqual(objects);
    const foreign = await json<Page>(await ask("GET", "/edge/v1/objects", { sub: "nobody" }));
    expect(foreign).toEqual({ objects: [], next: null });
    for (const query of ["cursor=x", "limit=0", "limit=501", "end_epoch_min=x", "format=csv"]) {
      expect((await ask("GET", `/edge/v1/objects?${query}`, { sub })).status).toBe(400);
    }
  });
});

describe("one object", () => {
  test("is told as the chain has it, and exists for its own subject alone", async () => {
    const { id, blobId } = await storedBlob(await put("/v1/blobs?epochs=2", "told"));
    const response = await ask("GET", `/edge/v1/objects/${id}`);
    expect(response.headers.get("etag")).toMatch(/^"\d+"$/);
    expect(await json(response)).toMatchObject({
      objectId: id,
      blobId,
      owner: network.description.wallet.address,
      size: 4,
      deletable: true,
      sharedObjectId: null,
    });
    const change = JSON.stringify({ attributes: { a: "b" } });
    for (const [method, path, body] of [
      ["GET", "", undefined],
      ["PATCH", "", change],
      ["DELETE", "", undefined],
      ["POST", "/extend", JSON.stringify({ epochs: 1 })],
    ] as const) {
      const init = { sub: "them", ...(body === undefined ? {} : { body }) };
      const refused = await ask(method, `/edge/v1/objects/${id}${path}`, init);
      expect(await problemOf(refused)).toMatchObject({ status: 404, reason: "OBJECT_NOT_FOUND" });
    }
    expect((await ask("GET", `/edge/v1/objects/0x${"9".repeat(64)}`)).status).toBe(404);
    expect((await ask("GET", "/edge/v1/objects/nonsense")).status).toBe(404);
  });

  test("has its attributes set and removed; the list knows", async () => {
    const headers = { "x-walrus-attribute-color": "red", "x-walrus-attribute-size": "s" };
    const { id } = await storedBlob(await put("/v1/blobs", new Uint8Array([1, 2]), headers));
    const patch = (attributes: unknown) =>
      ask("PATCH", `/edge/v1/objects/${id}`, { body: JSON.stringify({ attributes }) });
    const changed = await json<Row>(await patch({ color: "blue", size: null, Ünï: "✓" }));
    expect(changed.attributes).toEqual({ color: "blue", Ünï: "✓" });
    expect(await official.walrus.readBlobAttributes({ blobObjectId: id })).toEqual({
      color: "blue",
      Ünï: "✓",
    });
    const { objects } = await json<{ objects: readonly Row[] }>(
      await ask("GET", "/edge/v1/objects?attribute.color=blue"),
    );
    expect(objects.map(({ objectId }) => objectId)).toEqual([id]);
    const wrong = await patch({ _walrusBlobType: "quilt" });
    expect(await problemOf(wrong)).toMatchObject({ status: 400, reason: "INVALID_ATTRIBUTE" });
    expect((await patch({})).status).toBe(400);
    expect((await ask("PATCH", `/edge/v1/objects/${id}`, { body: "{" })).status).toBe(400);
  });

  test("is extended by epochs, and paid once for one key", async () => {
    const { id, size, storage } = await storedBlob(await put("/v1/blobs?epochs=2", "extend me"));
    const extend = (epochs: unknown, key: string) =>
      ask("POST", `/edge/v1/objects/${id}/extend`, {
        body: JSON.stringify({ epochs }),
        headers: { "idempotency-key": key },
      });
    const before = await calls("::extend_blob");
    const first = await json<Row & { cost: number; fromEndEpoch: number }>(await extend(3, "k"));
    expect(first).toMatchObject({
      fromEndEpoch: storage.endEpoch,
      endEpoch: storage.endEpoch + 3,
    });
    const { storageCost } = await official.walrus.storageCost(size, 3);
    expect(BigInt(first.cost)).toBe(storageCost);
    expect(await json(await extend(3, "k"))).toMatchObject({ endEpoch: first.endEpoch });
    expect(await calls("::extend_blob")).toBe(before + 1);
    expect(await problemOf(await extend(4, "k"))).toMatchObject({ status: 422 });
    expect(await problemOf(await extend(60, "far"))).toMatchObject({ status: 400 });
    for (const epochs of [0, 1.5, "2", null])
      expect((await extend(epochs, "bad")).status).toBe(400);
    const now = await json<Row>(await ask("GET", `/edge/v1/objects/${id}`));
    expect(now.endEpoch).toBe(first.endEpoch);
  });

  test("is deleted, and its storage is told as returned", async () => {
    const { id, blobId } = await storedBlob(await put("/v1/blobs?epochs=2", "delete me"));
    expect((await gateway.aggregator(`/v1/blobs/${blobId}`)).status).toBe(200);
    const deleted = await json<{ returnedStorage: { id: string } }>(
      await ask("DELETE", `/edge/v1/objects/${id}`),
    );
    expect(deleted).toMatchObject({ deleted: { objectId: id, blobId } });
    const storage = await official.sui.getObject({ objectId: deleted.returnedStorage.id });
    expect(storage.object.type).toMatch(/::storage_resource::Storage$/);
    await expect(official.sui.getObject({ objectId: id })).rejects.toThrow();
    expect((await ask("DELETE", `/edge/v1/objects/${id}`)).status).toBe(404);
    // Readers are told that it is gone, and not that its lease is running.
    await vi.waitFor(
      async () => {
        const read = await gateway.aggregator(`/v1/blobs/${blobId}`);
        expect(await problemOf(read)).toMatchObject({ status: 404, reason: "BLOB_NOT_FOUND" });
      },
      { timeout: 60_000, interval: 500 },
    );

    // The next store that may, takes it: only the write price is paid.
    const again = await json<{
      newlyCreated: { resourceOperation: object; cost: number; blobObject: { size: number } };
    }>(await put("/v1/blobs?epochs=2&reuse_resources=true", "take it"));
    const { resourceOperation, cost } = again.newlyCreated;
    expect(resourceOperation).toMatchObject({ reuseStorage: {} });
    expect(BigInt(cost)).toBe((await official.walrus.storageCost(7, 2)).writeCost);
    const bought = await json<typeof again>(
      await put("/v1/blobs?epochs=2&reuse_resources=true", "buy some"),
    );
    expect(bought.newlyCreated.resourceOperation).toMatchObject({
      registerFromScratch: { epochsAhead: 2 },
    });
  });
});

describe("what cannot be changed", () => {
  async function refused(objectId: string, ...requests: readonly ("PATCH" | "DELETE" | "POST")[]) {
    const reasons: string[] = [];
    for (const method of requests) {
      const path = method === "POST" ? "/extend" : "";
      const body =
        method === "POST"
          ? JSON.stringify({ epochs: 1 })
          : JSON.stringify({ attributes: { a: "b" } });
      const response = await ask(method, `/edge/v1/objects/${objectId}${path}`, { body });
      const { status, reason } = await problemOf(response);
      expect(status).toBe(409);
      reasons.push(reason);
    }
    return reasons;
  }

  test("a permanent blob is not deleted", async () => {
    const { id } = await storedBlob(await put("/v1/blobs?permanent=true", "permanent"));
    expect(await refused(id, "DELETE")).toEqual(["OBJECT_PERMANENT"]);
  });

  test("a blob that was given away is its owner's", async () => {
    const to = official.signer.toSuiAddress();
    const { id } = await storedBlob(await put(`/v1/blobs?send_object_to=${to}`, "given"));
    expect(await refused(id, "PATCH", "DELETE", "POST")).toEqual([
      "OBJECT_NOT_OWNED",
      "OBJECT_NOT_OWNED",
      "OBJECT_NOT_OWNED",
    ]);
    expect(await json(await ask("GET", `/edge/v1/objects/${id}`))).toMatchObject({ owner: to });
  });

  test("a shared blob is neither deleted nor changed, but funded and extended", async () => {
    const { newlyCreated } = await json<{
      newlyCreated: { blobObject: { id: string }; sharedBlobObject: string };
    }>(await put("/v1/blobs?share=true&epochs=2", "shared"));
    const { blobObject, sharedBlobObject } = newlyCreated;
    expect(await refused(blobObject.id, "DELETE", "PATCH")).toEqual([
      "OBJECT_SHARED",
      "OBJECT_SHARED",
    ]);
    const extended = await json<Row & { fromEndEpoch: number; cost: number }>(
      await ask("POST", `/edge/v1/objects/${sharedBlobObject}/extend`, {
        body: JSON.stringify({ epochs: 2 }),
      }),
    );
    expect(extended.endEpoch).toBe(extended.fromEndEpoch + 2);
    expect(BigInt(extended.cost)).toBe((await official.walrus.storageCost(6, 2)).storageCost);
    expect(await json(await ask("GET", `/edge/v1/objects/${blobObject.id}`))).toMatchObject({
      objectId: blobObject.id,
      sharedObjectId: sharedBlobObject,
      owner: sharedBlobObject,
      endEpoch: extended.endEpoch,
    });
  });
});

test("what is over is burned, permanent or not", async () => {
  const ids: string[] = [];
  for (const query of ["permanent=true", "permanent=false"]) {
    ids.push((await storedBlob(await put(`/v1/blobs?epochs=1&${query}`, query))).id);
  }
  const changed = await fetch(`${network.description.rpc}/admin/epoch`, { method: "POST" });
  expect(changed.ok).toBe(true);
  for (const id of ids) {
    const gone = await json(await ask("DELETE", `/edge/v1/objects/${id}`));
    expect(gone).toMatchObject({ deleted: { objectId: id }, returnedStorage: null });
    await expect(official.sui.getObject({ objectId: id })).rejects.toThrow();
  }
});
