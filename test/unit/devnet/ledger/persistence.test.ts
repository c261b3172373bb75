/** A ledger that stops and goes on. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Ledger } from "../../../devnet/ledger/ledger.ts";
import { loadSnapshot, saveSnapshot } from "../../../devnet/ledger/persistence.ts";
import { COUNTER_PACKAGE, STORAGE_ID } from "./counter-package.ts";
import { runOffline, sharedCounter, START_MS, startWorld } from "./harness.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "walrus-edge-ledger-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function usedWorld() {
  const world = startWorld();
  await runOffline(world, (tx) => {
    tx.moveCall({
      target: `${STORAGE_ID}::counter::increment`,
      arguments: [sharedCounter(world, tx), tx.pure.u64(3)],
    });
  });
  world.ledger.advanceSuiEpoch();
  return world;
}

describe("persistence", () => {
  test("a snapshot brings back objects, transactions, counters and epoch, and work goes on", async () => {
    const world = await usedWorld();
    await saveSnapshot(directory, world.ledger.snapshot());
    const state = await loadSnapshot(directory);
    const again = startWorld(state);
    expect(again.ledger.snapshot()).toBe(world.ledger.snapshot());
    expect(again.ledger.objectValue(again.counterId)).toEqual(
      world.ledger.objectValue(world.counterId),
    );
    expect(again.ledger.suiEpoch).toBe(1n);
    expect(again.ledger.moveCalls.get("counter::increment")).toBe(1);
    const last = world.ledger.transactionAt(world.ledger.transactionCount - 1)!;
    expect(again.ledger.transaction(last.digest)).toEqual(last);
    const executed = await runOffline(again, (tx) => {
      tx.moveCall({
        target: `${STORAGE_ID}::counter::increment`,
        arguments: [sharedCounter(again, tx), tx.pure.u64(4)],
      });
    });
    expect(executed.events[0]?.value).toMatchObject({ count: 7n });
  });

  test("the file is replaced whole and leaves no temporary file", async () => {
    const world = await usedWorld();
    await saveSnapshot(directory, world.ledger.snapshot());
    await saveSnapshot(directory, world.ledger.snapshot());
    expect(await readdir(directory)).toEqual(["ledger.json"]);
  });

  test("an empty directory holds no snapshot", async () => {
    expect(await loadSnapshot(directory)).toBeUndefined();
    expect(await loadSnapshot(join(directory, "nowhere"))).toBeUndefined();
  });

  test("a snapshot of another seed or format is refused", async () => {
    const world = await usedWorld();
    const open = (state: string) =>
      new Ledger({
        clock: { nowMs: () => START_MS },
        seed: "another",
        packages: [COUNTER_PACKAGE],
        state,
      });
    expect(() => open(world.ledger.snapshot())).toThrow(/expected seed "another", got "test"/);
    expect(() => open('{"format":0,"transactions":[]}')).toThrow(/expected format 1/);
  });
});
