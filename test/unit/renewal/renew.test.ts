/** A renewal run over the real ledger, wallet and lease book: extends once, however often it runs. */
import { beforeEach, describe, expect, test } from "vitest";
import { toBase64Url } from "../../../shared/bytes/text.ts";
import type { PublisherRpcSurface } from "../../../shared/rpc/publisher.ts";
import { createLeaseBook, type LeaseBookRows } from "../../../workers/publisher/lease-book/book.ts";
import { createPublisherRpc } from "../../../workers/publisher/rpc-surface.ts";
import { type WalletEngine } from "../../../workers/publisher/wallet/engine.ts";
import { renew } from "../../../workers/renewal/renew.ts";
import { reportJson } from "../../../workers/renewal/report.ts";
import { chainWallet } from "../../support/chain-wallet.ts";
import {
  certificateFor,
  type ChainWorld,
  claimedBlob,
  memoryLog,
  startChainWorld,
} from "../../support/chain-world.ts";
import { memorySql } from "../../support/memory-sql.ts";

const HOUR_MS = 3_600_000;
const AT_MS = 500_000 * HOUR_MS + 17 * 60_000;
let world: ChainWorld;
let wallet: WalletEngine;
let book: LeaseBookRows;
let publisher: PublisherRpcSurface;

/** Renewal asks neither gate nor recent stores. */
function notAsked(): never {
  throw new Error("Cannot answer: renewal asks only wallet and lease book");
}

beforeEach(() => {
  world = startChainWorld();
  world.fund({ sui: 10n ** 11n, wal: 500n });
  wallet = chainWallet(world);
  book = createLeaseBook(memorySql());
  publisher = createPublisherRpc({
    gate: notAsked,
    sweepOrphans: notAsked,
    recents: notAsked,
    wallets: {
      addresses: [world.signer.address],
      isOurs: (address) => address === world.signer.address,
      at: () => ({
        run: (command) => wallet.run(command),
        offer: (need) => wallet.offer(need),
        status: async () => wallet.status(),
      }),
    },
    book: () => ({
      record: async (lease) => book.record(lease),
      get: async (id) => book.get(id),
      find: async (id) => book.find(id),
      ofSubject: async (query) => book.ofSubject(query),
      setAttributes: async (id, attributes) => book.setAttributes(id, attributes),
      ending: async (endEpochMax, query = {}) => book.ending(endEpochMax, query),
      ends: async () => book.ends(),
      ofBlob: async (blobId) => book.ofBlob(blobId),
      updateEnds: async (ends) => book.updateEnds(ends),
      forget: async (ids) => book.forget(ids),
      keepReport: async (report) => book.keepReport(report),
      lastReport: async () => book.lastReport(),
    }),
  });
});

async function store(root: number, epochs: number): Promise<string> {
  const claim = claimedBlob(root);
  const id = `store/${root}`;
  const reply = await wallet.run({ kind: "register", id, ...claim, epochs, deletable: true });
  if (!reply.ok || reply.value.kind !== "registered") throw new Error("not registered");
  const { blob } = reply.value;
  const { blobObjectId } = blob;
  const certificate = await certificateFor(world.chain, blob.blobId, blobObjectId);
  await wallet.run({ kind: "certify", id: `certify/${root}`, blobObjectId, ...certificate });
  book.record({
    blobObjectId,
    blobId: toBase64Url(blob.blobId),
    owner: world.signer.address,
    sub: null,
    unencodedBytes: blob.unencodedBytes,
    storageBytes: blob.storage.storageBytes,
    deletable: true,
    startEpoch: blob.storage.startEpoch,
    endEpoch: blob.storage.endEpoch,
    recordedAtMs: 1,
  });
  return blobObjectId;
}

function run(scheduledMs = AT_MS, isDryRun = false) {
  const policy = { marginEpochs: 2, extendEpochs: 5, budgetFrost: null };
  const clock = { nowMs: () => scheduledMs };
  const ports = { publisher, chain: world.chain, clock, log: memoryLog(), policy, isDryRun };
  return renew(ports, scheduledMs);
}

async function endOnChain(blobObjectId: string): Promise<number> {
  const blob = await world.chain.readBlobObject(blobObjectId);
  return blob.ok ? blob.value.storage.endEpoch : -1;
}

/** Registers blobs until not even the cheapest can be paid. */
async function spendAllWal(): Promise<void> {
  for (let root = 100; ; root++) {
    const held = world.ledger.balance(world.signer.address, world.deployment.walType);
    if (held < 6n) return;
    const claim = claimedBlob(root);
    const affordable = Number((held - 1n) / 5n);
    const command = { kind: "register", id: `spend/${root}`, ...claim } as const;
    await wallet.run({ ...command, epochs: Math.min(53, affordable), deletable: false });
  }
}

describe("a run", () => {
  test("extends by one transaction what ends soon and leaves the rest", async () => {
    const [first, second, long] = [await store(1, 1), await store(2, 2), await store(3, 20)];
    const before = world.ledger.userTransactionCount;
    const report = await run();
    expect(world.ledger.userTransactionCount).toBe(before + 1);
    expect(report).toMatchObject({ epoch: 1, leaseCount: 2, failures: [], costFrost: 50n });
    expect(report.extended.map((end) => [end.fromEndEpoch, end.endEpoch])).toEqual([
      [2, 7],
      [3, 8],
    ]);
    expect(await Promise.all([first, second, long].map(endOnChain))).toEqual([7, 8, 21]);
    expect(book.get(first)?.endEpoch).toBe(7);
    expect(JSON.parse(reportJson(report))).toMatchObject({ extendedCount: 2, costFrost: "50" });
  });

  test("that is dry tells what it would extend and pays for nothing", async () => {
    const [first, second] = [await store(1, 1), await store(2, 2)];
    const before = world.ledger.userTransactionCount;
    const report = await run(AT_MS, true);
    expect(world.ledger.userTransactionCount).toBe(before);
    expect(report).toMatchObject({ isDryRun: true, extended: [], txDigests: [], costFrost: 0n });
    expect(
      report.planned.map(({ blobObjectId, toEndEpoch }) => [blobObjectId, toEndEpoch]),
    ).toEqual([
      [first, 7],
      [second, 8],
    ]);
    expect(JSON.parse(reportJson(report))).toMatchObject({ plannedCount: 2, extendedCount: 0 });
    // The same hour's run that is not dry does it.
    expect((await run()).extended).toHaveLength(2);
  });

  test("twice, at once, or in another hour extends once", async () => {
    const blobObjectId = await store(1, 1);
    await Promise.all([run(), run(), run(AT_MS + HOUR_MS)]);
    await run();
    expect(await endOnChain(blobObjectId)).toBe(7);
    expect(world.ledger.moveCalls.get("system::extend_blob")).toBe(1);
  });

  test("that crashed after the transaction is completed by the next without paying again", async () => {
    const blobObjectId = await store(1, 1);
    const intact = publisher.extendLeases.bind(publisher);
    publisher.extendLeases = async (request) => {
      await intact(request);
      throw new Error("isolate is gone");
    };
    await expect(run()).rejects.toThrow("isolate is gone");
    publisher.extendLeases = intact;
    const report = await run();
    expect(report.failures).toEqual([]);
    expect(await endOnChain(blobObjectId)).toBe(7);
    expect(book.get(blobObjectId)?.endEpoch).toBe(7);
    expect(world.ledger.moveCalls.get("system::extend_blob")).toBe(1);
  });

  test("is not stopped by a blob that is gone or was given away", async () => {
    const [gone, kept] = [await store(1, 1), await store(2, 1)];
    await wallet.run({ kind: "delete", id: "delete", blobObjectId: gone });
    const report = await run();
    expect(report.skipped).toEqual([{ blobObjectId: gone, reason: "missing" }]);
    expect(await endOnChain(kept)).toBe(7);
  });

  test("a blob that spoils the transaction is left out of it", async () => {
    const [spoiler, kept] = [await store(1, 1), await store(2, 1)];
    const intact = publisher.extendLeases.bind(publisher);
    publisher.extendLeases = async (request) => {
      if (world.ledger.object(spoiler) !== undefined) {
        await wallet.run({ kind: "delete", id: "delete", blobObjectId: spoiler });
      }
      return intact(request);
    };
    const report = await run();
    expect(report.failures).toMatchObject([
      { kind: "not-extended", blobObjectIds: [spoiler], failure: { reason: "not-found" } },
    ]);
    expect(await endOnChain(kept)).toBe(7);
  });

  test("without money reports it and succeeds when there is some", async () => {
    const blobObjectId = await store(1, 1);
    await spendAllWal();
    expect((await run()).failures).toMatchObject([
      { failure: { kind: "not-now", cause: "insufficient-wal" } },
    ]);
    world.fund({ wal: 25n });
    expect((await run()).failures).toEqual([]);
    expect(await endOnChain(blobObjectId)).toBe(7);
  });

  test("with the chain away reports that and changes nothing", async () => {
    await store(1, 1);
    world.faults.fault = "down";
    expect(await run()).toMatchObject({
      epoch: null,
      failures: [{ kind: "chain-unreadable", failure: { kind: "rpc-refused" } }],
    });
  });
});
