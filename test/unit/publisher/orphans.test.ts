/** Registrations nobody certified, over the real ledger: swept, taken over, listed, burned. */
import { beforeEach, describe, expect, test } from "vitest";
import { formatBlobId } from "../../../shared/codec/index.ts";
import { ORPHAN_SWEEP_AFTER_MS, ORPHANS_PER_SWEEP_MAX } from "../../../shared/limits.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { Orphan } from "../../../shared/rpc/orphans.ts";
import { ok } from "../../../shared/result.ts";
import { createLeaseBook } from "../../../workers/publisher/lease-book/book.ts";
import {
  createOrphanRows,
  type OrphanRows,
} from "../../../workers/publisher/lease-book/orphans.ts";
import { sweepOrphans, type SweepPorts } from "../../../workers/publisher/orphans/sweep.ts";
import { type WalletEngine } from "../../../workers/publisher/wallet/engine.ts";
import { advance } from "../devnet/walrus-contract/support.ts";
import { chainWallet } from "../../support/chain-wallet.ts";
import {
  certificateFor,
  type ChainWorld,
  claimedBlob,
  memoryLog,
  sleepingClock,
  startChainWorld,
} from "../../support/chain-world.ts";
import { memorySql } from "../../support/memory-sql.ts";

const NOTHING = {
  looked: 1,
  deleted: 0,
  certified: 0,
  sunk: 0,
  expired: 0,
  gone: 0,
  postponed: 0,
};

let world: ChainWorld;
let clock: ReturnType<typeof sleepingClock>;
let wallet: WalletEngine;
let rows: OrphanRows;
let leases: Lease[];
let certificate: Certificate | null;

beforeEach(() => {
  world = startChainWorld();
  world.fund({ sui: 10n ** 11n, wal: 10_000n });
  clock = sleepingClock();
  const sql = memorySql();
  createLeaseBook(sql);
  rows = createOrphanRows(sql);
  leases = [];
  certificate = null;
  wallet = chainWallet(world, { clock, timer: clock });
});

/** A blob that was registered and given up. */
async function orphan(root: number, deletable: boolean, epochs = 3): Promise<Orphan> {
  const command = { kind: "register", id: `r${root}`, ...claimedBlob(root), epochs, deletable };
  const reply = await wallet.run({ ...command, kind: "register" });
  if (!reply.ok || reply.value.kind !== "registered") throw new Error("not registered");
  const { blob, costFrost, txDigest } = reply.value;
  const left: Orphan = {
    blobObjectId: blob.objectId,
    blobId: formatBlobId(blob.blobId),
    owner: world.signer.address,
    sub: null,
    uploadId: `u${root}`,
    unencodedBytes: blob.unencodedBytes,
    storageBytes: blob.storage.storageBytes,
    deletable,
    registeredEpoch: blob.registeredEpoch,
    storageObjectId: blob.storage.objectId,
    startEpoch: blob.storage.startEpoch,
    endEpoch: blob.storage.endEpoch,
    costFrost: costFrost.toString(),
    txDigest,
    recordedAtMs: clock.nowMs(),
    state: "open",
  };
  rows.recordOrphan(left);
  return left;
}

function sweep(ports: Partial<SweepPorts> = {}) {
  const book = {
    recordOrphan: async (left: Orphan) => rows.recordOrphan(left),
    orphan: async (id: string) => rows.orphan(id),
    orphans: async () => rows.orphans(),
    orphansDue: async (beforeMs: number, limit: number) => rows.orphansDue(beforeMs, limit),
    claimOrphan: async (wish: Parameters<OrphanRows["claimOrphan"]>[0]) => rows.claimOrphan(wish),
    markOrphan: async (...args: Parameters<OrphanRows["markOrphan"]>) => rows.markOrphan(...args),
    forgetOrphan: async (id: string) => rows.forgetOrphan(id),
    record: async (lease: Lease) => {
      leases.push(lease);
      rows.forgetOrphan(lease.blobObjectId);
    },
  };
  return sweepOrphans({
    book,
    chain: world.chain,
    run: (owner, command) => (owner === world.signer.address ? wallet.run(command) : null),
    certificate: async () => certificate,
    sweepAfterMs: ORPHAN_SWEEP_AFTER_MS,
    clock,
    log: memoryLog(),
    ...ports,
  });
}

describe("a sweep", () => {
  test("leaves alone what an upload may still come back for", async () => {
    await orphan(1, true);
    expect((await sweep()).looked).toBe(0);
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    expect(await sweep()).toEqual({ ...NOTHING, deleted: 1 });
  });

  test("deletes a deletable one: the next registration has its storage", async () => {
    await orphan(1, true);
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    expect(await sweep()).toEqual({ ...NOTHING, deleted: 1 });
    expect(rows.orphans()).toEqual([]);
    const again = { ...claimedBlob(2), epochs: 3, deletable: true, reuseStorage: true };
    const reply = await wallet.run({ kind: "register", id: "next", ...again });
    expect(reply).toMatchObject({ ok: true, value: { costFrost: 1n } });
  });

  test("forgets none that an RPC node which is behind may not know of yet", async () => {
    const left = await orphan(1, true);
    await clock.sleep(1);
    const behind = { ...world.chain, readBlobObjects: async () => ok([null]) };
    const soon = { sweepAfterMs: 0, chain: behind };
    expect(await sweep(soon)).toEqual({ ...NOTHING, postponed: 1 });
    expect(rows.orphan(left.blobObjectId)).not.toBeNull();
    expect(await sweep({ sweepAfterMs: 0 })).toEqual({ ...NOTHING, deleted: 1 });
  });

  test("cut off after it deleted, deletes nothing twice and forgets it then", async () => {
    const left = await orphan(1, true);
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    const dying = sweep({
      run: async (_, command) => {
        await wallet.run(command);
        throw new Error("isolate is gone");
      },
    });
    await expect(dying).rejects.toThrow("isolate is gone");
    expect(rows.orphans()).toHaveLength(1);
    expect(await sweep()).toEqual({ ...NOTHING, gone: 1 });
    expect(world.ledger.object(left.blobObjectId)).toBeUndefined();
    expect(world.ledger.moveCalls.get("system::delete_blob")).toBe(1);
  });

  test("certifies a permanent one that enough nodes hold, and renewal has it from then on", async () => {
    const left = await orphan(1, false);
    certificate = await certificateFor(world.chain, claimedBlob(1).blobId, null);
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    expect(await sweep()).toEqual({ ...NOTHING, certified: 1 });
    expect(leases).toMatchObject([{ blobObjectId: left.blobObjectId, deletable: false }]);
    const blob = await world.chain.readBlobObject(left.blobObjectId);
    expect(blob).toMatchObject({ value: { certifiedEpoch: 1 } });
  });

  test("else calls it sunk, looks again later, and tells of it when it has expired", async () => {
    await orphan(1, false, 1);
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    expect(await sweep()).toEqual({ ...NOTHING, sunk: 1 });
    expect(rows.orphans()).toMatchObject([{ state: "sunk", costFrost: "6" }]);
    advance(world);
    expect(await sweep()).toEqual({ ...NOTHING, expired: 1 });
    expect(rows.orphans()).toMatchObject([{ state: "expired" }]);
    expect((await sweep()).looked).toBe(0);
  });

  test("is bounded, and comes to all in turn", async () => {
    for (let root = 1; root <= ORPHANS_PER_SWEEP_MAX + 1; root++) await orphan(root, false);
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    expect((await sweep()).sunk).toBe(ORPHANS_PER_SWEEP_MAX);
    expect(rows.orphans().filter(({ state }) => state === "open")).toHaveLength(1);
    await clock.sleep(1);
    await sweep();
    expect(rows.orphans().filter(({ state }) => state === "open")).toHaveLength(0);
  });

  test("postpones what the wallet cannot do now", async () => {
    await orphan(1, true);
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    expect(await sweep({ run: () => null })).toEqual({ ...NOTHING, postponed: 1 });
    expect(rows.orphans()).toHaveLength(1);
  });
});

describe("a permanent orphan", () => {
  const wish = (uploadId: string, endEpochMin = 4) => ({
    uploadId,
    blobId: formatBlobId(claimedBlob(1).blobId),
    endEpochMin,
  });

  test("is given to one upload of the same blob, however often that one asks", async () => {
    const { blobObjectId } = await orphan(1, false);
    expect(rows.claimOrphan(wish("a", 5))).toBeNull();
    expect(rows.claimOrphan(wish("a"))?.blobObjectId).toBe(blobObjectId);
    expect(rows.claimOrphan(wish("a"))?.blobObjectId).toBe(blobObjectId);
    expect(rows.claimOrphan(wish("b"))).toBeNull();
    // No sweep touches it meanwhile.
    await clock.sleep(ORPHAN_SWEEP_AFTER_MS + 1);
    expect((await sweep()).looked).toBe(0);
  });

  test("a deletable one is not: whoever stores it expects an object of their own", async () => {
    await orphan(1, true);
    expect(rows.claimOrphan(wish("a"))).toBeNull();
  });
});
