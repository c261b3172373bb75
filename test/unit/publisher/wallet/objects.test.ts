/** Attributes, shared blobs and extensions by epochs, over the real ledger and contract. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  ATTRIBUTE_VALUE_BYTES_MAX,
  ATTRIBUTES_PER_BLOB_MAX,
  BATCH_BYTES_MAX,
} from "../../../../shared/limits.ts";
import type {
  AttributePair,
  RegisterCommand,
  WalletDone,
  WalletReply,
} from "../../../../workers/publisher/wallet/commands.ts";
import { type WalletEngine } from "../../../../workers/publisher/wallet/engine.ts";
import { chainWallet } from "../../../support/chain-wallet.ts";
import {
  certificateFor,
  type ChainWorld,
  claimedBlob,
  startChainWorld,
} from "../../../support/chain-world.ts";

let world: ChainWorld;
let wallet: WalletEngine;

beforeEach(() => {
  world = startChainWorld();
  world.fund({ sui: 10n ** 12n, wal: 10_000n });
  wallet = chainWallet(world);
});

function register(id: string, root: number, attributes: readonly AttributePair[] = []) {
  const blob = claimedBlob(root);
  return { kind: "register", id, ...blob, epochs: 3, deletable: true, attributes } as const;
}

function done<Kind extends WalletDone["kind"]>(
  reply: WalletReply,
  kind: Kind,
): Extract<WalletDone, { kind: Kind }> {
  expect(reply).toMatchObject({ ok: true, value: { kind } });
  if (!reply.ok) throw new Error("unreachable");
  return reply.value as Extract<WalletDone, { kind: Kind }>;
}

async function registered(command: RegisterCommand) {
  return done(await wallet.run(command), "registered").blob;
}

/** Registers and certifies one blob. */
async function stored(root: number, options: { readonly share?: boolean } = {}) {
  const { blobId, blobObjectId } = await registered(register(`r${root}`, root));
  const certificate = await certificateFor(world.chain, blobId, blobObjectId);
  const id = `c${root}`;
  const certify = { kind: "certify", id, blobObjectId, ...certificate, ...options } as const;
  return done(await wallet.run(certify), "certified");
}

async function attributesOf(objectId: string) {
  const read = await world.readAttributed(objectId);
  if (!read.ok) throw new Error(read.failure.kind);
  return Object.fromEntries(read.value.attributes);
}

describe("attributes", () => {
  test("are on the Blob with its registration, in the same transaction", async () => {
    const pairs = [
      ["content-type", "image/png"],
      ["Ünï", ""],
    ] as const;
    const { objectId } = await registered(register("r", 1, pairs));
    expect(await attributesOf(objectId)).toEqual(Object.fromEntries(pairs));
    expect(world.ledger.userTransactionCount).toBe(1);
  });

  test("of equal content never get mixed up in one batch", async () => {
    const names = ["a", "b", "a", "c", "b"];
    const replies = await Promise.all(
      names.map((name, index) => wallet.run(register(`r${index}`, 7, [["name", name]]))),
    );
    const objects = replies.map((reply) => done(reply, "registered").blob.objectId);
    expect(new Set(objects).size).toBe(names.length);
    const attributes = await Promise.all(objects.map(attributesOf));
    expect(attributes.map(({ name }) => name)).toEqual(names);
    expect(world.ledger.userTransactionCount).toBeLessThan(names.length);
  });

  test("as large as they may be fill a batch, and the rest goes into the next", async () => {
    const large = Array.from({ length: 8 }, (_, index) => {
      const key = `k${index}`;
      return [key, "v".repeat(ATTRIBUTE_VALUE_BYTES_MAX - key.length)] as const;
    });
    const replies = await Promise.all(
      Array.from({ length: 12 }, (_, index) => wallet.run(register(`r${index}`, index + 1, large))),
    );
    for (const reply of replies) {
      const { blob } = done(reply, "registered");
      expect(await attributesOf(blob.objectId)).toEqual(Object.fromEntries(large));
    }
    expect(8 * 12 * ATTRIBUTE_VALUE_BYTES_MAX).toBeLessThan(BATCH_BYTES_MAX);
    expect(world.ledger.userTransactionCount).toBe(2);
  });

  test("are changed by one transaction, and a repetition changes nothing", async () => {
    const { blobObjectId } = await stored(1);
    const change = {
      kind: "set-attributes",
      id: "change",
      blobObjectId,
      set: [["a", "1"]],
      remove: ["never there"],
    } as const;
    const before = world.ledger.userTransactionCount;
    done(await wallet.run(change), "attributes-set");
    expect(await attributesOf(blobObjectId)).toEqual({ a: "1" });
    expect(await wallet.run(change)).toEqual(await wallet.run(change));
    expect(world.ledger.userTransactionCount).toBe(before + 1);
    done(
      await wallet.run({ ...change, id: "again", set: [["b", "2"]], remove: ["a"] }),
      "attributes-set",
    );
    expect(await attributesOf(blobObjectId)).toEqual({ b: "2" });
    const tooMany = Array.from(
      { length: ATTRIBUTES_PER_BLOB_MAX + 1 },
      (_, index) => [`k${index}`, ""] as const,
    );
    expect(await wallet.run({ ...change, id: "many", set: tooMany, remove: [] })).toMatchObject({
      failure: { kind: "invalid-command" },
    });
  });
});

async function versionOf(objectId: string): Promise<string> {
  const views = await world.chain.readObjects([objectId]);
  return views.ok ? (views.value[0]?.version ?? "") : "";
}

describe("a change that pins a version", () => {
  const change = (blobObjectId: string, id: string, atVersion: string) =>
    ({
      kind: "set-attributes",
      id,
      blobObjectId,
      set: [["a", id]],
      remove: [],
      atVersion,
    }) as const;

  test("is made at that version, and answers the one it has made", async () => {
    const { blobObjectId } = await stored(1);
    const at = await versionOf(blobObjectId);
    const made = done(await wallet.run(change(blobObjectId, "1", at)), "attributes-set");
    expect(made.version).toBe(await versionOf(blobObjectId));
    expect(BigInt(made.version)).toBeGreaterThan(BigInt(at));
  });

  test("is refused for good at any later one, and waits for a node that is behind", async () => {
    const { blobObjectId } = await stored(1);
    const at = await versionOf(blobObjectId);
    const before = world.ledger.userTransactionCount;
    const later = (BigInt(at) + 1n).toString();
    const earlier = (BigInt(at) - 1n).toString();
    expect(await wallet.run(change(blobObjectId, "1", earlier))).toEqual({
      ok: false,
      failure: { kind: "object-moved", objectId: blobObjectId, version: at },
    });
    expect(await wallet.run(change(blobObjectId, "2", later))).toMatchObject({
      failure: { kind: "chain" },
    });
    expect(world.ledger.userTransactionCount).toBe(before);
    expect(await attributesOf(blobObjectId)).toEqual({});
  });

  test("may be an extension or a deletion as well", async () => {
    const { blobObjectId } = await stored(1);
    const at = await versionOf(blobObjectId);
    const extend = (id: string, atVersion: string) =>
      ({ kind: "extend", id, extensions: [{ blobObjectId, byEpochs: 1, atVersion }] }) as const;
    const { ends } = done(await wallet.run(extend("e", at)), "extended");
    const version = await versionOf(blobObjectId);
    expect(ends).toMatchObject([{ version }]);
    const before = world.ledger.userTransactionCount;
    const moved = { failure: { kind: "object-moved", version } };
    expect(await wallet.run(extend("f", at))).toMatchObject(moved);
    const remove = { kind: "delete", id: "d", blobObjectId } as const;
    expect(await wallet.run({ ...remove, atVersion: at })).toMatchObject(moved);
    expect(world.ledger.userTransactionCount).toBe(before);
    done(await wallet.run({ ...remove, id: "now", atVersion: version }), "deleted");
  });
});

describe("sharing", () => {
  test("is part of certification, for many at once, and each is told its SharedBlob", async () => {
    const blobs = await Promise.all(
      [1, 2, 3].map((root) => registered(register(`r${root}`, root))),
    );
    const before = world.ledger.userTransactionCount;
    const replies = await Promise.all(
      blobs.map(async ({ blobId, blobObjectId }, index) => {
        const certificate = await certificateFor(world.chain, blobId, blobObjectId);
        const share = index !== 1;
        const command = { kind: "certify", id: blobObjectId, blobObjectId, ...certificate, share };
        return wallet.run(command as Parameters<WalletEngine["run"]>[0]);
      }),
    );
    expect(world.ledger.userTransactionCount).toBe(before + 1);
    for (const [index, reply] of replies.entries()) {
      const { sharedObjectId, owner } = done(reply, "certified");
      if (index === 1) {
        expect([sharedObjectId, owner]).toEqual([undefined, world.signer.address]);
        continue;
      }
      const shared = await world.chain.readBlobObject(sharedObjectId ?? "");
      expect(shared).toMatchObject({
        value: { blobObjectId: blobs[index]?.blobObjectId, sharedFundsFrost: 0n },
      });
      expect(owner).toBe(sharedObjectId);
    }
  });

  test("excludes giving away", async () => {
    const { blobObjectId } = await stored(1);
    const command = {
      kind: "certify",
      id: "both",
      blobObjectId,
      signature: new Uint8Array(96),
      signersBitmap: new Uint8Array(13),
      message: new Uint8Array(40),
      share: true,
      sendObjectTo: `0x${"1".repeat(64)}`,
    } as const;
    expect(await wallet.run(command)).toMatchObject({ failure: { kind: "invalid-command" } });
  });
});

describe("an extension", () => {
  test("by epochs is on top of the end there is, and paid once for one id", async () => {
    const { blobObjectId } = await stored(1);
    const extend = {
      kind: "extend",
      id: "e",
      extensions: [{ blobObjectId, byEpochs: 2 }],
    } as const;
    const first = done(await wallet.run(extend), "extended");
    const version = await versionOf(blobObjectId);
    expect(first.ends).toEqual([{ blobObjectId, fromEndEpoch: 4, endEpoch: 6, version }]);
    expect(done(await wallet.run(extend), "extended")).toEqual(first);
    const again = done(await wallet.run({ ...extend, id: "f" }), "extended");
    expect(again.ends[0]?.endEpoch).toBe(8);
    expect(
      await wallet.run({ ...extend, extensions: [{ blobObjectId, byEpochs: 3 }] }),
    ).toMatchObject({ failure: { kind: "id-reused" } });
    const far = { ...extend, id: "far", extensions: [{ blobObjectId, byEpochs: 60 }] };
    expect(await wallet.run(far)).toMatchObject({ failure: { kind: "invalid-command" } });
  });

  test("of a SharedBlob is paid by us to the FROST, and leaves its funds alone", async () => {
    const { sharedObjectId = "" } = await stored(1, { share: true });
    const before = await world.chain.readBlobObject(sharedObjectId);
    if (!before.ok) throw new Error(before.failure.kind);
    const extend = { kind: "extend-shared", id: "e", sharedObjectId, byEpochs: 2 } as const;
    const { ends, costFrost } = done(await wallet.run(extend), "extended");
    expect(costFrost).toBe(10n);
    const after = await world.chain.readBlobObject(sharedObjectId);
    expect(after).toMatchObject({
      value: { sharedFundsFrost: 0n, storage: { endEpoch: ends[0]?.endEpoch } },
    });
    expect(ends[0]?.endEpoch).toBe(before.value.storage.endEpoch + 2);
    done(await wallet.run(extend), "extended");
    expect(world.ledger.moveCalls.get("shared_blob::extend")).toBe(1);
    expect(await wallet.run({ ...extend, id: "far", byEpochs: 60 })).toMatchObject({
      failure: { kind: "invalid-command" },
    });
  });

  test("of what is not shared, or not there, is refused before anything is signed", async () => {
    const { blobObjectId } = await stored(1);
    const before = world.ledger.userTransactionCount;
    for (const [id, sharedObjectId, reason] of [
      ["a", blobObjectId, "not-shared"],
      ["b", `0x${"9".repeat(64)}`, "not-found"],
    ] as const) {
      const command = { kind: "extend-shared", id, sharedObjectId, byEpochs: 1 } as const;
      expect(await wallet.run(command)).toMatchObject({
        failure: { kind: "blob-unusable", reason },
      });
    }
    expect(world.ledger.userTransactionCount).toBe(before);
  });
});
