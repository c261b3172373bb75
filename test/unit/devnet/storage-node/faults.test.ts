/** Each fault does what its name says, and is gone when it is cleared. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { fromBase64, toHex } from "../../../../shared/bytes/text.ts";
import {
  decodeMetadataWithId,
  decodeSliver,
  encodeSliver,
} from "../../../../shared/codec/index.ts";
import type { NodeFault } from "../../../devnet/storage-node/faults.ts";
import { codec, dataOf, Harness, refusalOf, someBytes, type TestBlob } from "./harness.ts";

let net: Harness;
let blob: TestBlob;
let sliverPath: string;
let node: number;

beforeAll(async () => {
  net = await Harness.start();
  blob = net.blob(someBytes(700, 1));
  await net.store(blob);
  node = net.nodeOfPair(blob, 0);
  sliverPath = `/v1/blobs/${blob.key}/slivers/0/primary`;
});
beforeEach(async () => {
  await net.cluster.setFault(node, { fault: null });
});
afterAll(async () => {
  await net.cluster.close();
});

const honest = () => encodeSliver(blob.encoded.sliver("primary", 0));
const set = (fault: NodeFault) => net.cluster.setFault(node, fault);
const read = (path = sliverPath, init?: RequestInit) => net.fetch(node, path, init);
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());
const metadataPath = () => `/v1/blobs/${blob.key}/metadata`;
const confirmationPath = () => `/v1/blobs/${blob.key}/confirmation/permanent`;

async function signedOf(): Promise<{ message: Uint8Array; signature: Uint8Array }> {
  const { signed } = (await dataOf(await read(confirmationPath()))) as {
    signed: { serializedMessage: string; signature: string };
  };
  return {
    message: fromBase64(signed.serializedMessage) ?? new Uint8Array(),
    signature: fromBase64(signed.signature) ?? new Uint8Array(),
  };
}

function isSignedBy(message: Uint8Array, signature: Uint8Array): boolean {
  const { longSignatures } = bls12_381;
  const key = net.committee.members[node]?.publicKey ?? new Uint8Array();
  try {
    return longSignatures.verify(signature, longSignatures.hash(message), key);
  } catch {
    return false;
  }
}

describe("omissions", () => {
  test("down: the port refuses connections, until it is cleared", async () => {
    await set({ fault: "down" });
    await expect(read()).rejects.toThrow("fetch failed");
    await set({ fault: null });
    expect(toHex(await bytesOf(await read()))).toBe(toHex(honest()));
  });

  test("down for one route and one time: that request alone goes unanswered", async () => {
    await set({ fault: "down", route: "sliver", times: 1 });
    expect((await read(metadataPath())).status).toBe(200);
    expect(net.cluster.fault(node)).toBe("down");
    await expect(read()).rejects.toThrow("fetch failed");
    expect((await read()).status).toBe(200);
    await expect.poll(() => net.cluster.fault(node), { timeout: 30_000 }).toBe(null);
  });

  test("slow: the answer comes, but not before the delay is over", async () => {
    await set({ fault: "slow", ms: 60 });
    expect(toHex(await bytesOf(await read()))).toBe(toHex(honest()));
    const hour = 3_600_000;
    await set({ fault: "slow", ms: hour });
    await expect(read(sliverPath, { signal: AbortSignal.timeout(80) })).rejects.toThrow("timeout");
  });

  test("503 and refuse: an error envelope of the protocol", async () => {
    await set({ fault: "503" });
    expect(await refusalOf(await read())).toBe("503 UNAVAILABLE");
    await set({ fault: "refuse" });
    expect(await refusalOf(await read())).toBe("451 FORBIDDEN_BLOB");
  });

  test("reset: the connection ends inside the body", async () => {
    await set({ fault: "reset" });
    const answer = await read();
    expect(answer.status).toBe(200);
    await expect(answer.arrayBuffer()).rejects.toThrow("terminated");
  });

  test("stall-after-headers: headers at once, the body only after ms", async () => {
    await set({ fault: "stall-after-headers", ms: 60 });
    const answer = await read();
    expect(answer.headers.get("content-length")).toBe(String(honest().length));
    expect(toHex(await bytesOf(answer))).toBe(toHex(honest()));
  });

  test("stall-after-headers without ms: never, until the client leaves", async () => {
    await set({ fault: "stall-after-headers" });
    const answer = await read(sliverPath, { signal: AbortSignal.timeout(80) });
    await expect(answer.arrayBuffer()).rejects.toThrow("timeout");
  });

  test("drip: the whole body, in small pieces", async () => {
    await set({ fault: "drip", ms: 1 });
    expect(toHex(await bytesOf(await read()))).toBe(toHex(honest()));
  });

  test("cache-saturated: pending uploads only", async () => {
    await set({ fault: "cache-saturated" });
    const other = net.blob(someBytes(10, 2));
    expect(await refusalOf(await net.putMetadata(other, node, "?pending=true"))).toBe(
      "400 CACHE_SATURATED",
    );
    net.cluster.feed([net.registered(other)], true);
    expect((await net.putMetadata(other, node)).status).toBe(201);
  });
});

describe("lies about presence", () => {
  test("false-404: reads are absent, statuses nonexistent, confirmations true", async () => {
    await set({ fault: "false-404" });
    expect(await refusalOf(await read())).toBe("404 SLIVER_NOT_FOUND");
    expect(await refusalOf(await read(metadataPath()))).toBe("404 METADATA_NOT_FOUND");
    expect(await dataOf(await read(`${sliverPath}/status`))).toBe("nonexistent");
    expect(await dataOf(await read(`/v1/blobs/${blob.key}/status`))).toBe("nonexistent");
    expect((await read(confirmationPath())).status).toBe(200);
  });
});

describe("lies about content", () => {
  const isHonest = (bytes: Uint8Array) => {
    const sliver = decodeSliver("primary", bytes);
    return sliver.ok && codec.verifySliver(sliver.value, blob.encoded.metadata).ok;
  };

  test("corrupt: one bit of the data, or of the signature", async () => {
    await set({ fault: "corrupt" });
    const bytes = await bytesOf(await read());
    expect(bytes.length).toBe(honest().length);
    expect(isHonest(bytes)).toBe(false);
    const { message, signature } = await signedOf();
    expect(isSignedBy(message, signature)).toBe(false);
  });

  test("truncate and extend: other lengths, with a content-length that agrees", async () => {
    await set({ fault: "truncate" });
    expect((await bytesOf(await read())).length).toBe(honest().length - 3);
    await set({ fault: "extend" });
    expect((await bytesOf(await read())).length).toBe(honest().length + 3);
  });

  test("wrong-index: the data under another sliver index", async () => {
    await set({ fault: "wrong-index" });
    const sliver = decodeSliver("primary", await bytesOf(await read()));
    expect(sliver.ok && sliver.value.sliverIndex).toBe(1);
  });

  test("wrong-signature: the right message, signed by a stranger", async () => {
    const before = await signedOf();
    await set({ fault: "wrong-signature" });
    const { message, signature } = await signedOf();
    expect(message).toEqual(before.message);
    expect(isSignedBy(before.message, before.signature)).toBe(true);
    expect(isSignedBy(message, signature)).toBe(false);
  });

  test("other-blob: another blob's sliver and metadata, a confirmation of another blob", async () => {
    const other = net.blob(someBytes(900, 3));
    await net.store(other);
    await set({ fault: "other-blob" });
    expect(isHonest(await bytesOf(await read()))).toBe(false);
    const metadata = decodeMetadataWithId(await bytesOf(await read(metadataPath())));
    expect(metadata.ok && metadata.value.blobId).not.toEqual(blob.encoded.metadata.blobId);
    const { message, signature } = await signedOf();
    expect(isSignedBy(message, signature)).toBe(true);
    expect(toHex(message.subarray(7, 39))).not.toBe(toHex(blob.encoded.metadata.blobId));
  });

  test("stale-metadata: the right ID over other contents", async () => {
    await set({ fault: "stale-metadata" });
    const metadata = decodeMetadataWithId(await bytesOf(await read(metadataPath())));
    if (!metadata.ok) throw new Error(metadata.failure.kind);
    expect(metadata.value.blobId).toEqual(blob.encoded.metadata.blobId);
    const { metadata: contents, blobId } = metadata.value;
    expect(codec.verifyMetadata(contents, blobId).ok).toBe(false);
  });
});
