/**
 * The unmodified official SDK against the local network: it is the judge, and no code of the
 * Workers takes part.
 */
import { WalrusClient, WalrusFile } from "@mysten/walrus";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { type OfficialClient, officialClient } from "../support/sdk.ts";

const someBytes = (length: number, seed = 1): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (index * 131 + seed * 17 + (index >> 9)) & 0xff);

/** Until every node has seen what the chain did, on a machine that is busy with more. */
const CHAIN_LAG = { timeout: 30_000 };

/** Blob object id of a write. */
const objectIdOf = (written: { blobObject: { id: string } }): string => written.blobObject.id;

describe("12 nodes, 100 shards", () => {
  let network: Network;
  let official: OfficialClient;

  beforeAll(async () => {
    network = await startNetwork({ seed: "sdk-network" });
    official = await officialClient(network.description);
  });
  afterAll(async () => {
    await network.close();
  });

  const write = (blob: Uint8Array, options: object = {}) =>
    official.walrus.writeBlob({
      blob,
      deletable: false,
      epochs: 3,
      signer: official.signer,
      ...options,
    });

  test("system and staking state, and a price to the last FROST", async () => {
    const system = await official.walrus.systemState();
    expect(system.committee.n_shards).toBe(100);
    expect(system.committee.members.length).toBe(12);
    const { description } = network;
    expect(system.committee.members.map(({ node_id: id }) => id)).toEqual(
      description.nodes.map(({ id }) => id),
    );
    const staking = await official.walrus.stakingState();
    expect(staking.epoch).toBe(description.epoch);
    const units = Math.ceil((100 * ((34 + 67) * 2 + 100 * 64 + 32)) / (1024 * 1024));
    expect(await official.walrus.storageCost(10, 3)).toEqual({
      storageCost: BigInt(units) * 11_000n * 3n,
      writeCost: BigInt(units) * 20_000n,
      totalCost: BigInt(units) * (11_000n * 3n + 20_000n),
    });
  });

  test("writes a permanent blob, reads it back, and sees its verified status", async () => {
    const blob = someBytes(100_000);
    const written = await write(blob);
    expect(await official.walrus.readBlob({ blobId: written.blobId })).toEqual(blob);
    await expect
      .poll(() => official.walrus.getVerifiedBlobStatus({ blobId: written.blobId }), CHAIN_LAG)
      .toMatchObject({
        type: "permanent",
        isCertified: true,
        endEpoch: network.description.epoch + 3,
        initialCertifiedEpoch: network.description.epoch,
      });
  });

  test("writes an empty blob and one of a single byte", async () => {
    for (const length of [0, 1]) {
      const blob = someBytes(length);
      const { blobId } = await write(blob);
      expect(await official.walrus.readBlob({ blobId })).toEqual(blob);
    }
  });

  test("writes a deletable blob, deletes it, and then it is gone", async () => {
    const blob = someBytes(5_000, 2);
    const written = await write(blob, { deletable: true });
    await expect
      .poll(() => official.walrus.getVerifiedBlobStatus({ blobId: written.blobId }), CHAIN_LAG)
      .toMatchObject({
        type: "deletable",
        deletableCounts: { count_deletable_total: 1, count_deletable_certified: 1 },
      });
    await official.walrus.executeDeleteBlobTransaction({
      blobObjectId: objectIdOf(written),
      signer: official.signer,
    });
    await expect
      .poll(async () => {
        const { type } = await official.walrus.getVerifiedBlobStatus({ blobId: written.blobId });
        return type;
      }, CHAIN_LAG)
      .toBe("nonexistent");
    official.walrus.reset();
    await expect(official.walrus.readBlob({ blobId: written.blobId })).rejects.toThrow(/blob/i);
  });

  test("keeps attributes and lets them be changed", async () => {
    const attributes = { "content-type": "image/png", purpose: "test" };
    const written = await write(someBytes(3_000, 3), { attributes });
    const blobObjectId = objectIdOf(written);
    expect(await official.walrus.readBlobAttributes({ blobObjectId })).toEqual(attributes);
    await official.walrus.executeWriteBlobAttributesTransaction({
      blobObjectId,
      attributes: { purpose: null, size: "3000" },
      signer: official.signer,
    });
    expect(await official.walrus.readBlobAttributes({ blobObjectId })).toEqual({
      "content-type": "image/png",
      size: "3000",
    });
  });

  test("extends a blob", async () => {
    const written = await write(someBytes(3_000, 4));
    await official.walrus.executeExtendBlobTransaction({
      blobObjectId: objectIdOf(written),
      epochs: 5,
      signer: official.signer,
    });
    await expect
      .poll(async () => {
        const status = await official.walrus.getVerifiedBlobStatus({ blobId: written.blobId });
        return status.type === "permanent" ? status.endEpoch : null;
      }, CHAIN_LAG)
      .toBe(network.description.epoch + 8);
  });

  test("writes files as a quilt and reads them by patch ID and by name", async () => {
    const contents = [someBytes(10, 5), someBytes(2_000, 6), someBytes(40_000, 7)];
    const written = await official.walrus.writeFiles({
      files: contents.map((bytes, index) =>
        WalrusFile.from({ contents: bytes, identifier: `file-${index}`, tags: { n: `${index}` } }),
      ),
      epochs: 3,
      deletable: true,
      signer: official.signer,
    });
    const files = await official.walrus.getFiles({ ids: written.map(({ id }) => id) });
    expect(await Promise.all(files.map((file) => file.bytes()))).toEqual(contents);
    const blob = await official.walrus.getBlob({ blobId: written[0]?.blobId ?? "" });
    const [named] = await blob.files({ identifiers: ["file-1"] });
    expect(await named?.bytes()).toEqual(contents[1]);
    expect(await named?.getTags()).toEqual({ n: "1" });
  });

  test("writes and reads with a node down", async () => {
    await network.admin.setNodeFault(4, { fault: "down" });
    try {
      const blob = someBytes(50_000, 8);
      const { blobId } = await write(blob);
      official.walrus.reset();
      expect(await official.walrus.readBlob({ blobId })).toEqual(blob);
    } finally {
      await network.admin.setNodeFault(4, { fault: null });
    }
  });

  test("meets NOT_REGISTERED, since nodes see the chain late", async () => {
    let refused = 0;
    const { sui, signer } = official;
    const walrus = new WalrusClient({
      packageConfig: network.description.packageConfig,
      suiClient: sui as never,
      storageNodeUrlScheme: "http",
      storageNodeClientOptions: {
        onError: (error: Error) => {
          if (error.message.includes("has not been registered")) refused += 1;
        },
      },
    } as never);
    const blob = someBytes(1_000, 9);
    const { blobId } = await walrus.writeBlob({ blob, deletable: false, epochs: 1, signer });
    expect(refused).toBeGreaterThan(0);
    expect(await walrus.readBlob({ blobId })).toEqual(blob);
  });

  test("reads after shards have moved, during the change and after it", async () => {
    const blob = someBytes(60_000, 10);
    const { blobId } = await write(blob, { epochs: 10 });
    const before = network.description;
    await network.admin.changeEpoch({ phase: "start", moveShards: 0.3 });
    official.walrus.reset();
    expect(await official.walrus.readBlob({ blobId })).toEqual(blob);
    await network.admin.changeEpoch({ phase: "finish" });
    official.walrus.reset();
    expect(await official.walrus.readBlob({ blobId })).toEqual(blob);
    const after = network.description;
    expect(after.epoch).toBe(before.epoch + 1);
    const moved = after.nodes.flatMap(({ shards }, index) =>
      shards.filter((shard) => before.nodes[index]?.shards.includes(shard) !== true),
    );
    expect(moved.length).toBe(30);
  });
});

describe("1,000 shards", () => {
  test("writes and reads 1 MiB", async () => {
    const network = await startNetwork({ seed: "thousand", shardCount: 1_000, nodeCount: 20 });
    try {
      const { walrus, signer } = await officialClient(network.description);
      const blob = someBytes(1024 * 1024, 11);
      const { blobId } = await walrus.writeBlob({ blob, deletable: false, epochs: 1, signer });
      expect(await walrus.readBlob({ blobId })).toEqual(blob);
    } finally {
      await network.close();
    }
  });
});
