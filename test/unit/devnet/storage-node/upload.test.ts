/** Storing at a node: every success and every refusal, in the order of the official checks. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { fromBase64, toHex } from "../../../../shared/bytes/text.ts";
import { dataOf, Harness, refusalOf, someBytes } from "./harness.ts";

let net: Harness;

beforeAll(async () => {
  net = await Harness.start();
});
afterAll(async () => {
  await net.cluster.close();
});

describe("PUT metadata", () => {
  test("stores metadata of a registered blob once: 201, then 200", async () => {
    const blob = net.blob(someBytes(100, 1));
    net.cluster.feed([net.registered(blob)], true);
    const first = await net.putMetadata(blob, 0);
    expect(first.status).toBe(201);
    expect(await dataOf(first)).toBe("metadata successfully stored");
    const again = await net.putMetadata(blob, 0);
    expect(again.status).toBe(200);
    expect(await dataOf(again)).toBe("metadata already stored");
    const status = await net.fetch(0, `/v1/blobs/${blob.key}/metadata/status`);
    expect(await dataOf(status)).toBe("stored");
  });

  test("NOT_REGISTERED: node.rs store_metadata, registration not seen", async () => {
    const blob = net.blob(someBytes(100, 2));
    expect(await refusalOf(await net.putMetadata(blob, 0))).toBe("400 NOT_REGISTERED");
  });

  test("INVALID_METADATA: metadata of another blob", async () => {
    const blob = net.blob(someBytes(100, 3));
    const other = net.blob(someBytes(101, 4));
    net.cluster.feed([net.registered(blob)], true);
    const answer = await net.putMetadata({ ...blob, metadataBody: other.metadataBody }, 0);
    expect(await refusalOf(answer)).toBe("400 INVALID_METADATA");
  });

  test("UNSUPPORTED_ENCODING_TYPE: encoding type 0", async () => {
    const blob = net.blob(someBytes(100, 5));
    net.cluster.feed([net.registered(blob)], true);
    const metadataBody = blob.metadataBody.slice();
    metadataBody[1] = 0;
    const answer = await net.putMetadata({ ...blob, metadataBody }, 0);
    expect(await refusalOf(answer)).toBe("400 UNSUPPORTED_ENCODING_TYPE");
  });

  test("INVALID_BLOB: the chain marked the blob invalid", async () => {
    const blob = net.blob(someBytes(100, 6));
    const ref = { txDigest: "1", eventSeq: "0" };
    net.cluster.feed([net.registered(blob), { kind: "invalid", blobKey: blob.key, ref }], true);
    expect(await refusalOf(await net.putMetadata(blob, 0))).toBe("400 INVALID_BLOB");
  });

  test("INVALID_CONTENT_TYPE: another content type, or bytes that are not BCS", async () => {
    const blob = net.blob(someBytes(100, 7));
    net.cluster.feed([net.registered(blob)], true);
    const path = `/v1/blobs/${blob.key}/metadata`;
    const headers = { "content-type": "application/json" };
    const typed = await net.fetch(0, path, { method: "PUT", body: blob.metadataBody, headers });
    expect(await refusalOf(typed)).toBe("400 INVALID_CONTENT_TYPE");
    const cut = { ...blob, metadataBody: blob.metadataBody.subarray(0, 50) };
    expect(await refusalOf(await net.putMetadata(cut, 0))).toBe("400 INVALID_CONTENT_TYPE");
  });

  test("refuses unknown query fields (routes.rs UploadIntentQuery)", async () => {
    const blob = net.blob(someBytes(100, 8));
    expect(await refusalOf(await net.putMetadata(blob, 0, "?pending=true&x=1"))).toBe(
      "400 INVALID_QUERY",
    );
  });
});

describe("PUT sliver", () => {
  test("stores a verified sliver once and returns the same bytes", async () => {
    const blob = net.blob(someBytes(500, 10));
    net.cluster.feed([net.registered(blob)], true);
    const nodeIndex = net.nodeOfPair(blob, 2);
    await net.putMetadata(blob, nodeIndex);
    expect((await net.putSliver(blob, 2, "secondary")).status).toBe(201);
    expect((await net.putSliver(blob, 2, "secondary")).status).toBe(200);
    const path = `/v1/blobs/${blob.key}/slivers/2/secondary`;
    const read = await net.fetch(nodeIndex, path);
    expect(read.headers.get("content-type")).toBe("application/octet-stream");
    expect(toHex(new Uint8Array(await read.arrayBuffer()))).toBe(
      toHex(net.sliverBody(blob, 2, "secondary")),
    );
    expect(await dataOf(await net.fetch(nodeIndex, `${path}/status`))).toBe("stored");
  });

  test("INDEX_OUT_OF_RANGE: pair index n", async () => {
    const blob = net.blob(someBytes(500, 11));
    const body = net.sliverBody(blob, 0, "primary");
    const answer = await net.putSliver(blob, 7, "primary", { nodeIndex: 0, body });
    expect(await refusalOf(answer)).toBe("400 INDEX_OUT_OF_RANGE");
  });

  test("SLIVER_INDEX_MISMATCH: a sliver under another pair", async () => {
    const blob = net.blob(someBytes(500, 12));
    const body = net.sliverBody(blob, 1, "secondary");
    const answer = await net.putSliver(blob, 2, "secondary", { body });
    expect(await refusalOf(answer)).toBe("400 SLIVER_INDEX_MISMATCH");
  });

  test("METADATA_NOT_FOUND with 400: registered, but no metadata yet", async () => {
    const blob = net.blob(someBytes(500, 13));
    net.cluster.feed([net.registered(blob)], true);
    expect(await refusalOf(await net.putSliver(blob, 0, "primary"))).toBe("400 METADATA_NOT_FOUND");
  });

  test("NOT_REGISTERED: neither metadata nor registration", async () => {
    const blob = net.blob(someBytes(500, 14));
    expect(await refusalOf(await net.putSliver(blob, 0, "primary"))).toBe("400 NOT_REGISTERED");
  });

  test("SHARD_NOT_ASSIGNED: a pair of another node, with shard and epoch", async () => {
    const blob = net.blob(someBytes(500, 15));
    net.cluster.feed([net.registered(blob)], true);
    const nodeIndex = (net.nodeOfPair(blob, 0) + 1) % 3;
    await net.putMetadata(blob, nodeIndex);
    const answer = await net.putSliver(blob, 0, "primary", { nodeIndex });
    const { error } = (await answer.json()) as {
      error: { details: { reason: string; metadata: Record<string, string> }[] };
    };
    expect(error.details[0]?.reason).toBe("SHARD_NOT_ASSIGNED");
    expect(Object.keys(error.details[0]?.metadata ?? {})).toEqual(["shard", "epoch"]);
  });

  test("INVALID_SLIVER: one bit off its Merkle root", async () => {
    const blob = net.blob(someBytes(500, 16));
    net.cluster.feed([net.registered(blob)], true);
    await net.putMetadata(blob, net.nodeOfPair(blob, 0));
    const body = net.sliverBody(blob, 0, "primary");
    body[5] = (body[5] ?? 0) ^ 1;
    const answer = await net.putSliver(blob, 0, "primary", { body });
    expect(await refusalOf(answer)).toBe("400 INVALID_SLIVER");
  });

  test("refuses a body above the largest sliver and its headroom", async () => {
    const blob = net.blob(someBytes(10, 17));
    const largest = 5 * 65_534 + 128;
    const over = new Uint8Array(largest + 1);
    const answer = await net.putSliver(blob, 0, "primary", { body: over });
    expect(answer.status).toBe(413);
    const at = await net.putSliver(blob, 0, "primary", { body: over.subarray(1) });
    expect(at.status).toBe(400);
  });
});

describe("GET confirmation", () => {
  test("signs 40 bytes for a permanent blob once every owned pair is stored", async () => {
    const blob = net.blob(someBytes(300, 20));
    net.cluster.feed([net.registered(blob)], true);
    const path = `/v1/blobs/${blob.key}/confirmation/permanent`;
    await net.putMetadata(blob, 0);
    expect(await refusalOf(await net.fetch(0, path))).toBe("400 MISSING_SLIVERS");
    await net.storeOn(blob, 0);
    const { signed } = (await dataOf(await net.fetch(0, path))) as {
      signed: { serializedMessage: string; signature: string };
    };
    const message = fromBase64(signed.serializedMessage) ?? new Uint8Array();
    expect(toHex(message)).toBe(`01000301000000${toHex(blob.encoded.metadata.blobId)}00`);
    const { longSignatures } = bls12_381;
    const signature = fromBase64(signed.signature) ?? new Uint8Array();
    const key = net.committee.members[0]?.publicKey ?? new Uint8Array();
    expect(longSignatures.verify(signature, longSignatures.hash(message), key)).toBe(true);
  });

  test("signs 72 bytes for a deletable blob, only for a registered object", async () => {
    const blob = net.blob(someBytes(300, 21), 9);
    net.cluster.feed([net.registered(blob, { deletable: true })], true);
    await net.storeOn(blob, 0);
    const path = `/v1/blobs/${blob.key}/confirmation/deletable`;
    const { signed } = (await dataOf(await net.fetch(0, `${path}/${blob.objectId}`))) as {
      signed: { serializedMessage: string };
    };
    expect(toHex(fromBase64(signed.serializedMessage) ?? new Uint8Array())).toBe(
      `01000301000000${toHex(blob.encoded.metadata.blobId)}01${"09".repeat(32)}`,
    );
    const stranger = await net.fetch(0, `${path}/0x${"0a".repeat(32)}`);
    expect(await refusalOf(stranger)).toBe("400 NOT_REGISTERED");
  });

  test("NOT_REGISTERED: never registered, expired or deleted", async () => {
    const blob = net.blob(someBytes(300, 22));
    const path = `/v1/blobs/${blob.key}/confirmation/permanent`;
    expect(await refusalOf(await net.fetch(0, path))).toBe("400 NOT_REGISTERED");
    net.cluster.feed([net.registered(blob, { endEpoch: 1 })], true);
    expect(await refusalOf(await net.fetch(0, path))).toBe("400 NOT_REGISTERED");
    const { key: blobKey, objectId } = blob;
    net.cluster.feed([net.registered(blob), { kind: "deleted", blobKey, objectId }], true);
    expect(await refusalOf(await net.fetch(0, path))).toBe("400 NOT_REGISTERED");
  });

  test("waits for the registration when asked to", async () => {
    const blob = net.blob(someBytes(300, 23));
    await net.putMetadata(blob, 0, "?pending=true");
    for (const pairIndex of net.pairsOf(blob, 0)) {
      await net.putSliver(blob, pairIndex, "primary", { query: "?pending=true" });
      await net.putSliver(blob, pairIndex, "secondary", { query: "?pending=true" });
    }
    const path = `/v1/blobs/${blob.key}/confirmation/permanent`;
    const waiting = net.fetch(0, `${path}?wait_for_registration=true&wait_millis=4000`);
    net.cluster.feed([net.registered(blob)], true);
    expect((await waiting).status).toBe(200);
  });

  test("stops waiting after wait_millis", async () => {
    const blob = net.blob(someBytes(300, 24));
    const path = `/v1/blobs/${blob.key}/confirmation/permanent`;
    const answer = await net.fetch(0, `${path}?wait_for_registration=true&wait_millis=20`);
    expect(await refusalOf(answer)).toBe("400 NOT_REGISTERED");
  });
});
