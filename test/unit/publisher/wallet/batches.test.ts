/** Several commands in one transaction, over the real ledger and contract. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  SPEND_FROST_PER_DAY_DEFAULT,
  SPEND_FROST_PER_HOUR_DEFAULT,
  WALLET_BATCH_MAX,
  WALLET_JOURNAL_TTL_MS,
} from "../../../../shared/limits.ts";
import type { Registered, WalletReply } from "../../../../workers/publisher/wallet/commands.ts";
import {
  type WalletEngine,
  type WalletPorts,
} from "../../../../workers/publisher/wallet/engine.ts";
import { walletSettings } from "../../../../workers/publisher/wallet/settings.ts";
import { createTreasury } from "../../../../workers/publisher/wallet/treasury.ts";
import { advance, START_MS } from "../../devnet/walrus-contract/support.ts";
import { chainWallet } from "../../../support/chain-wallet.ts";
import {
  certificateFor,
  type ChainWorld,
  claimedBlob,
  sleepingClock,
  startChainWorld,
} from "../../../support/chain-world.ts";
import { memorySql } from "../../../support/memory-sql.ts";

const HOUR_MS = 3_600_000;
/** What each of these registrations costs. */
const COST = 16n;

let world: ChainWorld;
let clock: ReturnType<typeof sleepingClock>;
let wallet: WalletEngine;

beforeEach(() => {
  world = startChainWorld();
  world.fund({ sui: 10n ** 11n, wal: 10_000n });
  wallet = engine();
});

function engine(ports: Partial<WalletPorts> = {}): WalletEngine {
  clock = sleepingClock();
  return chainWallet(world, { clock, timer: clock, ...ports });
}

function register(root: number) {
  const blob = claimedBlob(root);
  return { kind: "register", id: `r${root}`, ...blob, epochs: 3, deletable: true } as const;
}

/** Commands sent together. */
function together(roots: readonly number[]): Promise<readonly WalletReply[]> {
  return Promise.all(roots.map((root) => wallet.run(register(root))));
}

function blobOf(reply: WalletReply | undefined): Registered {
  if (reply?.ok !== true || reply.value.kind !== "registered") throw new Error("not registered");
  return reply.value;
}

/** Registrations that each transaction has come to, the one it failed with included. */
function registrationsBegun(): readonly number[] {
  return Array.from({ length: world.ledger.transactionCount }, (_, at) => {
    const calls = world.ledger.transactionAt(at)?.moveCalls ?? [];
    return calls.filter((call) => call === "system::register_blob").length;
  }).filter((count) => count > 0);
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

describe("a batch", () => {
  test("registers many blobs by one transaction, each at its own cost", async () => {
    const replies = await together(range(12));
    const registered = replies.map(blobOf);
    expect(registered.map(({ costFrost }) => costFrost)).toEqual(range(12).map(() => COST));
    expect(registered.map(({ blob }) => blob.blobId)).toEqual(
      range(12).map((root) => claimedBlob(root).blobId),
    );
    expect(new Set(registered.map(({ blob }) => blob.objectId)).size).toBe(12);
    expect(world.ledger.userTransactionCount).toBe(1);
    expect(wallet.status()).toMatchObject({ transactionCount: 1, spentFrost: 12n * COST });
    const told = registered.reduce((sum, { gasMist }) => sum + gasMist, 0n);
    expect(told).toBe(wallet.status().gasMist);
  });

  test("takes no more than it is configured to", async () => {
    wallet = engine({ batchMax: 4 });
    (await together(range(9))).forEach(blobOf);
    expect(world.ledger.userTransactionCount).toBe(3);
    expect(() => engine({ batchMax: WALLET_BATCH_MAX + 1 })).toThrow(RangeError);
  });

  test("tells equal registrations apart by their objects", async () => {
    const same = [1, 2, 3].map((n) => ({ ...register(7), id: `same/${n}` }));
    const replies = await Promise.all(same.map((command) => wallet.run(command)));
    const objects = replies.map((reply) => blobOf(reply).blob.objectId);
    expect(new Set(objects).size).toBe(3);
  });

  test("without the one the contract refuses is sent once more", async () => {
    const bad = { ...register(5), rootHash: new Uint8Array(32).fill(99) };
    const replies = await Promise.all(
      [1, 2, 3, 4].map((root) => wallet.run(register(root))).concat(wallet.run(bad)),
    );
    replies.slice(0, 4).forEach(blobOf);
    expect(replies[4]).toMatchObject({
      failure: { kind: "execution-failed", failure: { module: "blob", abortCode: 6n } },
    });
    expect(world.ledger.userTransactionCount).toBe(2);
    expect(wallet.status()).toMatchObject({ transactionCount: 2, spentFrost: 4n * COST });
  });

  test("with several such is halved until each stands alone", async () => {
    const bad = [21, 22, 23].map((root) => ({
      ...register(root),
      rootHash: new Uint8Array(32).fill(99),
    }));
    const good = range(6).map(register);
    const replies = await Promise.all([...good, ...bad].map((command) => wallet.run(command)));
    replies.slice(0, 6).forEach(blobOf);
    for (const reply of replies.slice(6)) {
      expect(reply).toMatchObject({ failure: { kind: "execution-failed" } });
    }
    // All nine up to the first culprit, the rest once more up to the next; then halves of what is left.
    expect(registrationsBegun()).toEqual([7, 7, 4, 3, 1, 1]);
    expect(wallet.status().spentFrost).toBe(6n * COST);
  });

  test("shrinks when the chain is congested, and all of it is done", async () => {
    world.ledger.congest([world.deployment.systemId], 2);
    (await together(range(10))).forEach(blobOf);
    expect(wallet.status().spentFrost).toBe(10n * COST);
    expect(wallet.status().transactionCount).toBe(world.ledger.userTransactionCount);
  });

  test("of which the money does not suffice for all pays for those it can", async () => {
    world = startChainWorld();
    world.fund({ sui: 10n ** 11n, wal: 5n * COST });
    wallet = engine();
    const replies = await together(range(8));
    const paid = replies.filter(({ ok }) => ok);
    expect(paid.length).toBeGreaterThanOrEqual(4);
    expect(wallet.status().spentFrost).toBe(BigInt(paid.length) * COST);
    for (const reply of replies) {
      if (!reply.ok) expect(reply.failure.kind).toBe("insufficient-wal");
    }
  });

  test("of certificates of a past epoch has all of them collected again", async () => {
    const registered = (await together([1, 2, 3])).map(blobOf);
    const commands = await Promise.all(
      registered.map(async ({ blob: { blobId, blobObjectId } }) => ({
        kind: "certify" as const,
        id: `c/${blobObjectId}`,
        blobObjectId,
        ...(await certificateFor(world.chain, blobId, blobObjectId)),
      })),
    );
    let changed = false;
    wallet = engine({
      chain: {
        ...world.chain,
        submit: (bytes, signature) => {
          if (!changed) advance(world);
          changed = true;
          return world.chain.submit(bytes, signature);
        },
      },
    });
    const replies = await Promise.all(commands.map((command) => wallet.run(command)));
    const last = world.ledger.transactionAt(world.ledger.transactionCount - 1);
    // By the one transaction that failed, whose command index would have named but one of them.
    for (const reply of replies) {
      expect(reply).toMatchObject({ failure: { kind: "wrong-epoch", txDigest: last?.digest } });
    }
  });
});

describe("a spend cap", () => {
  const CAPS = { frostPerHour: 3n * COST, frostPerDay: 4n * COST };

  test("of an hour refuses what would exceed it, to the FROST, before anything is signed", async () => {
    wallet = engine({ treasury: createTreasury(memorySql(), CAPS) });
    const replies = await together([1, 2, 3, 4]);
    replies.slice(0, 3).forEach(blobOf);
    expect(replies[3]).toEqual({
      ok: false,
      failure: {
        kind: "spend-capped",
        period: "hour",
        neededFrost: COST,
        leftFrost: 0n,
        limitFrost: 3n * COST,
        endsAtMs: Math.floor(START_MS / HOUR_MS + 1) * HOUR_MS,
      },
    });
    expect(wallet.status().spentFrost).toBe(3n * COST);
  });

  test("goes by the ledger's clock: the next hour pays again, the day holds", async () => {
    wallet = engine({ treasury: createTreasury(memorySql(), CAPS) });
    await together([1, 2, 3]);
    world.setTime(START_MS + HOUR_MS);
    blobOf(await wallet.run(register(4)));
    expect(await wallet.run(register(5))).toMatchObject({
      failure: { kind: "spend-capped", period: "day" },
    });
    world.setTime(START_MS + 24 * HOUR_MS);
    blobOf(await wallet.run(register(5)));
  });

  test("is configured, or what is named; nonsense is told", () => {
    expect(walletSettings({}).settings).toMatchObject({
      caps: {
        frostPerHour: SPEND_FROST_PER_HOUR_DEFAULT,
        frostPerDay: SPEND_FROST_PER_DAY_DEFAULT,
      },
      batchMax: WALLET_BATCH_MAX,
    });
    const vars = { SPEND_FROST_PER_HOUR: "5", SPEND_FROST_PER_DAY: "9", WALLET_BATCH: "64" };
    expect(walletSettings(vars)).toMatchObject({
      settings: { caps: { frostPerHour: 5n, frostPerDay: 9n }, batchMax: 64 },
      problems: [],
    });
    const nonsense = {
      SPEND_FROST_PER_HOUR: "1.5",
      SPEND_FROST_PER_DAY: "-1",
      WALLET_BATCH: "129",
    };
    expect(walletSettings(nonsense).problems).toHaveLength(3);
  });
});

describe("the journal", () => {
  test("forgets a finished command after its time, and no sooner", async () => {
    blobOf(await wallet.run(register(1)));
    const doneAtMs = clock.nowMs();
    await clock.sleep(WALLET_JOURNAL_TTL_MS);
    expect(clock.nowMs()).toBe(doneAtMs + WALLET_JOURNAL_TTL_MS);
    await wallet.alarm();
    blobOf(await wallet.run(register(1)));
    expect(world.ledger.userTransactionCount).toBe(1);
    await clock.sleep(1);
    await wallet.alarm();
    blobOf(await wallet.run(register(1)));
    expect(world.ledger.userTransactionCount).toBe(2);
  });
});
