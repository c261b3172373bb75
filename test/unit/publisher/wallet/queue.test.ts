/** Which commands share a transaction, how many, and when it goes. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  WALLET_BATCH_DEFAULT,
  WALLET_BATCH_GROWTH,
  WALLET_BATCH_MAX,
  WALLET_BATCH_WINDOW_MS,
} from "../../../../shared/limits.ts";
import { type WalletEngine } from "../../../../workers/publisher/wallet/engine.ts";
import { CommandQueue } from "../../../../workers/publisher/wallet/queue.ts";
import { chainWallet } from "../../../support/chain-wallet.ts";
import {
  type ChainWorld,
  claimedBlob,
  sleepingClock,
  startChainWorld,
} from "../../../support/chain-world.ts";

function register(root: number) {
  const blob = claimedBlob(root);
  return { kind: "register", id: `r${root}`, ...blob, epochs: 3, deletable: true } as const;
}

describe("the size of a batch", () => {
  test("is never above its hard cap", () => {
    expect(WALLET_BATCH_MAX).toBe(128);
    expect(() => new CommandQueue(WALLET_BATCH_MAX + 1)).toThrow(RangeError);
  });

  test("is 32, and doubled up to the hard cap by each that was full", () => {
    const queue = new CommandQueue(WALLET_BATCH_MAX);
    expect(queue.batchSizeAhead).toBe(WALLET_BATCH_MAX);
    for (let root = 0; root < 400; root++) queue.add(register(root));
    const taken: number[] = [];
    while (queue.length > 0) {
      const { length } = queue.take();
      taken.push(length);
      queue.grow(length);
    }
    expect(taken).toEqual([32, 64, 128, 128, 48]);
    expect(queue.batchSize).toBe(WALLET_BATCH_MAX);
  });

  test("stays as it is while none is full", () => {
    const queue = new CommandQueue(WALLET_BATCH_MAX);
    for (let n = 0; n < 100; n++) queue.grow(WALLET_BATCH_DEFAULT - 1);
    expect(queue.batchSize).toBe(WALLET_BATCH_DEFAULT);
  });

  test("is raised slowly after trouble, however many wait", () => {
    const queue = new CommandQueue(WALLET_BATCH_MAX);
    for (let root = 0; root < 400; root++) queue.add(register(root));
    queue.shrink(32);
    expect(queue.batchSizeAhead).toBe(16);
    for (let n = 0; n < 100; n++) {
      const before = queue.batchSize;
      queue.grow(before);
      expect(queue.batchSize - before).toBeLessThanOrEqual(WALLET_BATCH_GROWTH);
    }
    expect(queue.batchSize).toBe(WALLET_BATCH_MAX);
  });

  test("is halved each time, to one, and raised slowly to what is configured", () => {
    const queue = new CommandQueue(32);
    const sizes = [1, 2, 3, 4, 5, 6].map(() => {
      queue.shrink(queue.batchSize);
      return queue.batchSize;
    });
    expect(sizes).toEqual([16, 8, 4, 2, 1, 1]);
    queue.grow(1);
    expect(queue.batchSize).toBe(1 + WALLET_BATCH_GROWTH);
    for (let n = 0; n < 32; n++) queue.grow(1);
    expect(queue.batchSize).toBe(32);
  });

  test("is halved from what was sent, where that was less than it may be", () => {
    const queue = new CommandQueue(128);
    queue.shrink(20);
    expect(queue.batchSize).toBe(10);
  });

  test("counts what is taken together: one kind, in order", () => {
    const queue = new CommandQueue(2);
    for (const root of [1, 2, 3]) queue.add(register(root));
    queue.add({ kind: "delete", id: "d", blobObjectId: `0x${"1".repeat(64)}` });
    expect(queue.registerCount).toBe(3);
    expect(queue.take().map(({ command }) => command.id)).toEqual(["r1", "r2"]);
    expect(queue.take().map(({ command }) => command.id)).toEqual(["r3"]);
    expect(queue.take().map(({ command }) => command.id)).toEqual(["d"]);
  });
});

describe("a transaction", () => {
  let world: ChainWorld;
  let clock: ReturnType<typeof sleepingClock>;
  let wallet: WalletEngine;

  beforeEach(() => {
    world = startChainWorld();
    world.fund({ sui: 10n ** 11n, wal: 10_000n });
    clock = sleepingClock();
    wallet = chainWallet(world, { clock, timer: clock });
  });

  test("of a lone upload on an idle wallet goes at once; a busy one waits for its window", async () => {
    await wallet.run(register(1));
    await wallet.run(register(2));
    expect(clock.sleeps).toEqual([]);
    await Promise.all([3, 4].map((root) => wallet.run(register(root))));
    await wallet.run(register(5));
    expect(clock.sleeps).toEqual([WALLET_BATCH_WINDOW_MS, WALLET_BATCH_WINDOW_MS]);
    await clock.sleep(WALLET_BATCH_WINDOW_MS + 1);
    await wallet.run(register(6));
    expect(clock.sleeps).toHaveLength(3);
  });

  test("that is full does not wait", async () => {
    await Promise.all(
      Array.from({ length: WALLET_BATCH_DEFAULT }, (_, root) => wallet.run(register(root))),
    );
    expect(clock.sleeps).toEqual([]);
    expect(world.ledger.userTransactionCount).toBe(1);
  });

  test("is sent in smaller ones while the chain is congested", async () => {
    world.ledger.congest([world.deployment.systemId], 2);
    const replies = await Promise.all(
      Array.from({ length: 16 }, (_, root) => wallet.run(register(root))),
    );
    expect(replies.every(({ ok }) => ok)).toBe(true);
    const sizes = Array.from({ length: world.ledger.transactionCount }, (_, at) => {
      const calls = world.ledger.transactionAt(at)?.moveCalls ?? [];
      return calls.filter((call) => call === "system::register_blob").length;
    }).filter((size) => size > 0);
    // All of them and half of them were too many; two quarters raise the size back to a half.
    expect(sizes).toEqual([4, 4, 8]);
    expect(wallet.status().transactionCount).toBe(world.ledger.userTransactionCount);
  });
});
