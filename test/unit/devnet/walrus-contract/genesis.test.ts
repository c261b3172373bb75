import { describe, expect, test } from "vitest";
import { readEpochState } from "../../../devnet/walrus-contract/operations.ts";
import { TOTAL_SUPPLY } from "../../../devnet/walrus-contract/genesis.ts";
import { callOne, DAY_MS, eventsOf, run, startWorld, testNode, TREASURY } from "./support.ts";
import { walInExistence } from "./supply.ts";

describe("genesis", () => {
  test("stands in epoch 1 with every node in a committee sorted by node id", () => {
    const world = startWorld();
    const { result } = run(world, (context) => readEpochState(context, world.deployment));
    expect(result).toMatchObject({ epoch: 1, phase: "done", shardCount: 100, storagePrice: 5n });
    expect(result.committee.map((member) => member.shardIndices)).toEqual(
      Array.from({ length: 10 }, (_, node) => Array.from({ length: 10 }, (_, i) => 10 * node + i)),
    );
    const ids = result.committee.map((member) => member.nodeId);
    expect(ids).toEqual(ids.toSorted());
    expect(result.previousCommittee).toEqual([]);
  });

  test("spreads shards evenly but for one", () => {
    const world = startWorld({ shardCount: 104 });
    const { result } = run(world, (context) => readEpochState(context, world.deployment));
    const weights = result.committee.map((member) => member.shardIndices.length);
    expect(weights).toEqual([11, 11, 11, 11, 10, 10, 10, 10, 10, 10]);
    const shards = result.committee.flatMap((member) => member.shardIndices);
    expect(shards.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 104 }, (_, i) => i));
  });

  test("gives nodes the weights they ask for", () => {
    const weights = [3, 1, 2, 4];
    const nodes = weights.map((weight, index) => ({ ...testNode(index), weight }));
    const world = startWorld({ nodes, shardCount: 10 });
    const { result } = run(world, (context) => readEpochState(context, world.deployment));
    expect(result.committee.map((member) => member.shardIndices.length)).toEqual(weights);
  });

  test("has the capacity asked for, up to rounding, whatever the weights", () => {
    const capacityBytes = 1_000_000_007n;
    const world = startWorld({ shardCount: 104, capacityBytes });
    const { result } = run(world, (context, { system }) =>
      callOne(context, "system::total_capacity_size", system),
    );
    expect(result).toBeGreaterThanOrEqual(capacityBytes);
    expect(result).toBeLessThan(capacityBytes + 104n);
  });

  test("refuses weights that do not add up to the shards", () => {
    const nodes = [0, 1].map((index) => ({ ...testNode(index), weight: 3 }));
    expect(() => startWorld({ nodes, shardCount: 10 })).toThrow(RangeError);
  });

  test("puts the whole WAL supply into stake, exchange and treasury", () => {
    const world = startWorld();
    expect(walInExistence(world.ledger)).toBe(TOTAL_SUPPLY);
    expect(world.ledger.balance(TREASURY, world.deployment.walType)).toBeGreaterThan(10n ** 18n);
  });

  test("announces the first epoch as the contract does", () => {
    const world = startWorld({ epochDurationMs: DAY_MS });
    const [first] = eventsOf(world.ledger.transactionAt(0) ?? neverRan());
    expect(first).toEqual(["EpochParametersSelected", { next_epoch: 1 }]);
  });
});

function neverRan(): never {
  throw new TypeError("Cannot read the genesis transaction: there is none");
}
