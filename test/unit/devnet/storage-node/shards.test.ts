/** An epoch change at the nodes: shards move, old owners serve until the end, lost slivers return. */
import { afterEach, describe, expect, test } from "vitest";
import { toBase64, toHex } from "../../../../shared/bytes/text.ts";
import { encodeSliver, pairIndexOfShard } from "../../../../shared/codec/index.ts";
import type { CommitteeView } from "../../../devnet/storage-node/committee.ts";
import { signSyncRequest } from "../../../devnet/storage-node/shard-transfer.ts";
import { Signer } from "../../../devnet/storage-node/signer.ts";
import { nodeIdentities } from "../../../devnet/network/identities.ts";
import { Harness, refusalOf, someBytes } from "./harness.ts";

let net: Harness;

afterEach(async () => {
  await net.cluster.close();
});

/** Shard 0 goes from node 0 to node 1. */
function moved(from: CommitteeView): CommitteeView {
  return {
    epoch: from.epoch + 1,
    changing: true,
    previous: from.members,
    members: from.members.map((member, index) => ({
      ...member,
      shardIndices:
        index === 0
          ? member.shardIndices.filter((shard) => shard !== 0)
          : index === 1
            ? [...member.shardIndices, 0]
            : member.shardIndices,
    })),
  };
}

describe("an epoch change", () => {
  test("moves slivers to the new owner; the old one serves them until the end", async () => {
    net = await Harness.start();
    const blob = net.blob(someBytes(900, 1));
    await net.store(blob);
    const pair = pairIndexOfShard(0, blob.encoded.metadata.blobId, 7);
    const path = `/v1/blobs/${blob.key}/slivers/${pair}/primary`;
    const changing = moved(net.committee);
    const assignments = await net.cluster.assign(changing, true);
    expect(assignments.find(({ nodeIndex }) => nodeIndex === 1)?.report).toEqual({
      transferred: 2,
      recovered: 0,
      missing: 0,
    });
    const bytes = toHex(encodeSliver(blob.encoded.sliver("primary", pair)));
    for (const owner of [0, 1]) {
      const answer = await net.fetch(owner, path);
      expect(toHex(new Uint8Array(await answer.arrayBuffer()))).toBe(bytes);
    }
    await net.cluster.assign({ ...changing, changing: false }, true);
    expect(await refusalOf(await net.fetch(0, path))).toBe("400 SHARD_NOT_ASSIGNED");
    expect((await net.fetch(1, path)).status).toBe(200);
    const confirmation = await net.fetch(1, `/v1/blobs/${blob.key}/confirmation/permanent`);
    expect(confirmation.status).toBe(200);
  });

  test("writes to a lost shard are refused at once", async () => {
    net = await Harness.start();
    const blob = net.blob(someBytes(900, 2));
    net.cluster.feed([net.registered(blob)], true);
    await net.putMetadata(blob, 0);
    await net.cluster.assign(moved(net.committee), true);
    const pair = pairIndexOfShard(0, blob.encoded.metadata.blobId, 7);
    const answer = await net.putSliver(blob, pair, "primary", { nodeIndex: 0 });
    expect(await refusalOf(answer)).toBe("400 SHARD_NOT_ASSIGNED");
  });

  test("rebuilds from symbols what a dead owner cannot hand over", async () => {
    net = await Harness.start();
    const blob = net.blob(someBytes(900, 3));
    await net.store(blob);
    await net.cluster.setFault(0, { fault: "down", route: "sync-shard" });
    const assignments = await net.cluster.assign(moved(net.committee), true);
    expect(assignments.find(({ nodeIndex }) => nodeIndex === 1)?.report).toEqual({
      transferred: 0,
      recovered: 2,
      missing: 0,
    });
    const pair = pairIndexOfShard(0, blob.encoded.metadata.blobId, 7);
    const answer = await net.fetch(1, `/v1/blobs/${blob.key}/slivers/${pair}/secondary`);
    expect(toHex(new Uint8Array(await answer.arrayBuffer()))).toBe(
      toHex(encodeSliver(blob.encoded.sliver("secondary", 6 - pair))),
    );
  });

  test("drops blobs that have ended", async () => {
    net = await Harness.start();
    const blob = net.blob(someBytes(900, 4));
    net.cluster.feed([net.registered(blob, { endEpoch: 2 })], true);
    await net.storeOn(blob, 0);
    const path = `/v1/blobs/${blob.key}/metadata`;
    expect((await net.fetch(0, path)).status).toBe(200);
    await net.cluster.assign({ ...net.committee, epoch: 2 }, true);
    expect(await refusalOf(await net.fetch(0, path))).toBe("404 METADATA_NOT_FOUND");
    const status = await net.fetch(0, `${path}/status`);
    expect(await status.json()).toEqual({ success: { code: 200, data: "nonexistent" } });
  });
});

describe("healing", () => {
  test("a node rebuilds what it was not given, some time after the certification", async () => {
    net = await Harness.start({ healDelayMs: 1 });
    const blob = net.blob(someBytes(900, 5));
    net.cluster.feed([net.registered(blob)], true);
    await net.storeOn(blob, 0);
    await net.storeOn(blob, 1);
    const confirmation = () => net.fetch(2, `/v1/blobs/${blob.key}/confirmation/permanent`);
    expect(await refusalOf(await confirmation())).toBe("400 MISSING_SLIVERS");
    net.cluster.feed([net.certified(blob)], true);
    await expect.poll(async () => (await confirmation()).status, { timeout: 10_000 }).toBe(200);
    for (const pairIndex of net.pairsOf(blob, 2)) {
      const answer = await net.fetch(2, `/v1/blobs/${blob.key}/slivers/${pairIndex}/primary`);
      expect(toHex(new Uint8Array(await answer.arrayBuffer()))).toBe(
        toHex(net.sliverBody(blob, pairIndex, "primary")),
      );
    }
  });

  test("one that lacks many slivers encodes the blob again", async () => {
    net = await Harness.start({ healDelayMs: 1, nodeCount: 4, shardCount: 20 });
    const blob = net.blob(someBytes(3_000, 6));
    net.cluster.feed([net.registered(blob)], true);
    for (const nodeIndex of [0, 1, 2]) await net.storeOn(blob, nodeIndex);
    expect(net.pairsOf(blob, 3).length * 2).toBeGreaterThan(4);
    net.cluster.feed([net.certified(blob)], true);
    const confirmation = () => net.fetch(3, `/v1/blobs/${blob.key}/confirmation/permanent`);
    await expect.poll(async () => (await confirmation()).status, { timeout: 10_000 }).toBe(200);
    for (const pairIndex of net.pairsOf(blob, 3)) {
      const answer = await net.fetch(3, `/v1/blobs/${blob.key}/slivers/${pairIndex}/secondary`);
      expect(toHex(new Uint8Array(await answer.arrayBuffer()))).toBe(
        toHex(net.sliverBody(blob, pairIndex, "secondary")),
      );
    }
  });
});

describe("POST sync_shard", () => {
  const identities = nodeIdentities("harness", 3);
  const ask = (shardIndex: number, by: number, extra: { epoch?: number; count?: number } = {}) => {
    const signer = new Signer(identities[by]?.secretKey ?? new Uint8Array());
    const body = signSyncRequest(
      {
        shardIndex,
        axis: "primary",
        startingBlobId: new Uint8Array(32),
        sliverCount: extra.count ?? 10,
        epoch: extra.epoch ?? 1,
      },
      signer,
    );
    return { body, authorization: toBase64(signer.publicKey) };
  };
  const post = ({ body, authorization }: ReturnType<typeof ask>) =>
    net.fetch(0, "/v1/migrate/sync_shard", {
      method: "POST",
      body,
      headers: { authorization, "content-type": "application/octet-stream" },
    });

  test("refuses strangers, other epochs, too many slivers, forged signatures", async () => {
    net = await Harness.start();
    const stranger = new Signer(nodeIdentities("other", 1)[0]?.secretKey ?? new Uint8Array());
    const fine = ask(1, 1);
    const unsigned = { ...fine, authorization: toBase64(stranger.publicKey) };
    expect(await refusalOf(await post(unsigned))).toBe("403 REQUEST_UNAUTHORIZED");
    expect(await refusalOf(await post(ask(0, 1)))).toBe("403 REQUEST_UNAUTHORIZED");
    expect(await refusalOf(await post(ask(1, 1, { epoch: 9 })))).toBe("400 INVALID_EPOCH");
    expect(await refusalOf(await post(ask(1, 1, { count: 257 })))).toBe(
      "400 SLIVER_COUNT_EXCEEDS_LIMIT",
    );
    const forged = { ...fine, body: fine.body.slice() };
    forged.body[20] = (forged.body[20] ?? 0) ^ 1;
    expect(await refusalOf(await post(forged))).toBe("400 MESSAGE_VERIFICATION_FAILED");
    expect(await refusalOf(await post(fine))).toBe("400 SHARD_NOT_ASSIGNED");
  });
});
