import { describe, expect, test } from "vitest";
import { type EpochChangeOptions } from "../../../devnet/walrus-contract/epoch-change.ts";
import {
  finishEpochChange,
  readEpochState,
  setPrices,
  startEpochChange,
} from "../../../devnet/walrus-contract/operations.ts";
import {
  dhondt,
  maxShardsPerNode,
  quorumAbove,
  quorumBelow,
} from "../../../devnet/walrus-contract/rules/apportionment.ts";
import {
  diffCommittees,
  initializeCommittee,
  rotateShards,
  transitionCommittee,
} from "../../../devnet/walrus-contract/rules/committee.ts";
import { mapGet } from "../../../devnet/walrus-contract/rules/balance.ts";
import type { Committee, SystemInner } from "../../../devnet/walrus-contract/values.ts";
import type { TreasuryCap } from "../../../devnet/walrus-contract/functions/treasury.ts";
import { walInExistence } from "./supply.ts";
import {
  abortOf,
  call,
  callOne,
  coin,
  DAY_MS,
  ENCODED,
  eventsOf,
  run,
  START_MS,
  startWorld,
  testNode,
  TREASURY,
  type World,
} from "./support.ts";

const shardsOf = (committee: Committee, node: string) => mapGet(committee.pos0, node) ?? [];

describe("apportionment (staking_inner.move)", () => {
  test.each([
    [10, [1_000_000n], [10]],
    [6, [1n, 1n, 1n], [2, 2, 2]],
    [10, [4_000n, 2_000n, 1_000n], [6, 3, 1]],
    [10, [1_000n, 1_000n, 1_000n], [4, 3, 3]],
  ])("%i shards over stakes %s (staking_inner_compute_tests.move)", (shards, stakes, expected) => {
    expect(dhondt(shards, stakes)).toEqual(expected);
  });

  test("one node has a tenth of the shards at most, from 20 nodes on", () => {
    expect([maxShardsPerNode(20, 1000), maxShardsPerNode(12, 100)]).toEqual([100, 17]);
  });

  test("ENoStake: nobody has staked", () => {
    expect(() => dhondt(10, [0n])).toThrow("ENoStake");
  });

  const values = [1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n, 10n];
  const votes = (weights: readonly number[]) =>
    values.map((value, index) => ({ value, weight: weights[index] ?? 0 }));

  test("quorum_above and quorum_below find the Move tests' values", () => {
    expect(quorumAbove(votes([5, 5, 4, 6, 3, 7, 2, 8, 1, 9]), 50)).toBe(4n);
    expect(quorumAbove(votes([17, 1, 1, 1, 3, 7, 2, 8, 1, 9]), 50)).toBe(1n);
    expect(quorumBelow(votes([5, 5, 4, 6, 3, 7, 4, 6, 1, 9]), 50)).toBe(7n);
    expect(quorumBelow(votes([5, 5, 4, 6, 3, 7, 1, 1, 1, 17]), 50)).toBe(10n);
  });
});

describe("committees (committee_tests.move)", () => {
  const five = initializeCommittee([
    ["1", 2],
    ["2", 2],
    ["3", 2],
    ["4", 2],
    ["5", 2],
  ]);

  test("start with shards in the order of node ids", () => {
    expect(["1", "3", "5"].map((node) => shardsOf(five, node))).toEqual([
      [0, 1],
      [4, 5],
      [8, 9],
    ]);
  });

  test("move as few shards as possible", () => {
    const three = transitionCommittee(five, [
      ["1", 4],
      ["2", 3],
      ["3", 3],
    ]);
    expect(shardsOf(three, "1")).toEqual(expect.arrayContaining([0, 1]));
    expect(shardsOf(three, "2")).toEqual(expect.arrayContaining([2, 3]));
    const back = transitionCommittee(three, [
      ["2", 3],
      ["3", 3],
      ["4", 2],
      ["5", 2],
    ]);
    expect(shardsOf(back, "2")).toEqual(shardsOf(three, "2"));
    expect(diffCommittees(three, back)).toEqual([["1"], ["4", "5"]]);
    const one = transitionCommittee(back, [["1", 10]]);
    expect(shardsOf(one, "1").toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test("EInvalidShardAssignment: another number of shards (committee.move)", () => {
    expect(() => transitionCommittee(five, [["1", 9]])).toThrow("EInvalidShardAssignment");
  });

  test.each([0, 1, 3, 5, 7, 10])("rotate exactly %i shards to new owners", (count) => {
    const rotated = rotateShards(five, count);
    expect(movedBetween(five, rotated)).toBe(count);
    expect(rotated.pos0.contents.flatMap((entry) => entry.value)).toHaveLength(10);
  });

  test("a lone node keeps its shards", () => {
    const alone = initializeCommittee([["1", 4]]);
    expect(rotateShards(alone, 2)).toEqual(alone);
  });
});

describe("epoch change", () => {
  test("by halves: start swaps committees and moves a fifth of the shards, finish ends the sync", () => {
    const world = startWorld();
    const before = state(world);
    const started = start(world, { movedShare: 0.2 });
    expect(eventsOf(started)).toEqual([
      ["EpochParametersSelected", { next_epoch: 2 }],
      ["EpochChangeStart", { epoch: 2 }],
      ["PricesUpdated", { epoch: 2, storage_price: 5n, write_price: 1n }],
    ]);
    const during = state(world);
    expect(during).toMatchObject({ epoch: 2, phase: "sync" });
    expect(during.previousCommittee).toEqual(before.committee);
    const moved = during.committee.flatMap((member, index) =>
      member.shardIndices.filter((shard) => !before.committee[index]?.shardIndices.includes(shard)),
    );
    expect(moved).toHaveLength(20);
    expect(new Set(during.committee.flatMap((member) => member.shardIndices)).size).toBe(100);
    const inner = systemInner(world);
    expect(inner.committee.epoch).toBe(2);
    expect(inner.committee.members.map((member) => member.node_id)).toEqual(
      during.committee.map((member) => member.nodeId),
    );
    const finished = eventsOf(finish(world)).map(([name]) => name);
    expect(finished.indexOf("EpochChangeDone")).toBe(6);
    expect(finished.filter((name) => name === "ShardsReceived")).toHaveLength(10);
    expect(state(world)).toMatchObject({ epoch: 2, phase: "done" });
  });

  test("does not start twice and does not finish what was not started", () => {
    const world = startWorld();
    expect(() => finish(world)).toThrow(RangeError);
    start(world);
    expect(() => start(world)).toThrow(RangeError);
    expect(() => start(startWorld(), { movedShare: 1.1 })).toThrow(RangeError);
  });

  test("distributes the epoch's rewards by weight after burning 3 % and conserves the rest", () => {
    const world = startWorld();
    const supply = walInExistence(world.ledger);
    run(world, (context, { system }) => {
      const treasury = context.mutateObject(treasuryCoin(world)).value as {
        balance: { value: bigint };
      };
      const payment = coin(context, 100_000n);
      treasury.balance.value -= 100_000n;
      call(context, "system::reserve_space", system, ENCODED, 10, payment);
      context.transfer(`0x2::coin::Coin<${world.deployment.walType}>`, payment, TREASURY);
    });
    expect(walInExistence(world.ledger)).toBe(supply);
    const perEpoch = ((ENCODED + 1_048_575n) / 1_048_576n) * 5n;
    change(world);
    const burned = (perEpoch * 3n) / 100n;
    expect(walInExistence(world.ledger)).toBe(supply - burned);
    expect(supplyOf(world)).toBe(supply - burned);
    const inner = systemInner(world);
    expect(inner.used_capacity_size).toBe(ENCODED);
    expect(inner.future_accounting).toMatchObject({ current_index: 2, length: 53 });
    for (let count = 0; count < 12; count++) change(world);
    expect(systemInner(world).used_capacity_size).toBe(0n);
    expect(walInExistence(world.ledger)).toBe(supplyOf(world));
  });

  test("stake moves shards at the second epoch change after it", () => {
    const world = startWorld();
    const staked = 5_000_000_000_000_000n * 10n;
    run(world, (context, { staking }) => {
      const payment = coin(context, staked);
      const stake = callOne(
        context,
        "staking::stake_with_pool",
        staking,
        payment,
        testNode(3).nodeId,
      );
      context.transfer(
        `${world.deployment.addresses.walrusOriginal}::staked_wal::StakedWal`,
        stake,
        TREASURY,
      );
    });
    change(world);
    const weights = state(world).committee.map((member) => member.shardIndices.length);
    expect(weights[3]).toBe(20);
    expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(100);
  });

  test("EStakeBelowThreshold and EZeroStake: at least one WAL (staked_wal.move, staking_pool.move)", () => {
    const staking = (amount: bigint) =>
      abortOf(startWorld(), (context, objects) =>
        call(
          context,
          "staking::stake_with_pool",
          objects.staking,
          coin(context, amount),
          testNode(0).nodeId,
        ),
      );
    expect(staking(0n)).toBe("staking_pool::EZeroStake (7)");
    expect(staking(999_999_999n)).toBe("staked_wal::EStakeBelowThreshold (7)");
    expect(staking(1_000_000_000n)).toBe("no abort");
  });
});

describe("staking.move on its own clock", () => {
  const clock = (ms: number) => ({ id: "0x6", timestamp_ms: BigInt(ms) });
  const HALF = START_MS + DAY_MS / 2;

  test("EWrongEpochState: voting ends after half an epoch, not before", () => {
    const voting = (ms: number) =>
      abortOf(startWorld(), (context, { staking }) =>
        call(context, "staking::voting_end", staking, clock(ms)),
      );
    expect(voting(HALF - 1)).toBe("staking_inner::EWrongEpochState (0)");
    expect(voting(HALF)).toBe("no abort");
  });

  test("EWrongEpochState: an epoch changes after its duration, not before", () => {
    const world = startWorld();
    const changing = (ms: number) =>
      abortOf(world, (context, { staking, system }) => {
        const treasury = context.mutateObject(world.deployment.treasuryId).value;
        call(context, "staking::voting_end", staking, clock(HALF));
        call(context, "staking::initiate_epoch_change_v2", staking, system, treasury, clock(ms));
      });
    expect(changing(START_MS + DAY_MS - 1)).toBe("staking_inner::EWrongEpochState (0)");
    expect(changing(START_MS + DAY_MS)).toBe("no abort");
  });

  test("ENextCommitteeIsEmpty: no change without a vote", () => {
    const world = startWorld();
    const abort = abortOf(world, (context, { staking, system }) => {
      const treasury = context.mutateObject(world.deployment.treasuryId).value;
      call(
        context,
        "staking::initiate_epoch_change_v2",
        staking,
        system,
        treasury,
        clock(START_MS + DAY_MS),
      );
    });
    expect(abort).toBe("staking_inner::ENextCommitteeIsEmpty (6)");
  });

  test("EDeprecatedFunction: the first initiate_epoch_change is gone", () => {
    const abort = abortOf(startWorld(), (context, { staking, system }) =>
      call(context, "staking::initiate_epoch_change", staking, system, clock(0)),
    );
    expect(abort).toBe("staking::EDeprecatedFunction (2)");
  });

  const syncing = (node: number, epoch: number, lastDone?: number) => {
    const world = startWorld();
    start(world);
    return abortOf(world, (context, { staking }) => {
      const capId = world.deployment.capIds[testNode(node).nodeId] ?? "";
      const cap = context.mutateObject(capId).value as {
        last_epoch_sync_done: number;
        node_id: string;
      };
      const changed = { ...cap, last_epoch_sync_done: lastDone ?? cap.last_epoch_sync_done };
      if (node === 9) changed.node_id = TREASURY;
      call(context, "staking::epoch_sync_done", staking, changed, epoch, clock(START_MS));
    });
  };

  test("EInvalidSyncEpoch, EDuplicateSyncDone, ENotInCommittee", () => {
    expect(syncing(0, 2)).toBe("no abort");
    expect(syncing(0, 1)).toBe("staking_inner::EInvalidSyncEpoch (1)");
    expect(syncing(0, 2, 2)).toBe("staking_inner::EDuplicateSyncDone (2)");
    expect(syncing(9, 2)).toBe("staking_inner::ENotInCommittee (4)");
  });

  test("EWrongVersion: objects of another contract version (system.move, staking.move)", () => {
    const old = (value: unknown) => ({ ...(value as object), version: 2n });
    const world = startWorld();
    const system = abortOf(world, (context, objects) =>
      call(context, "system::epoch", old(objects.system)),
    );
    const staking = abortOf(world, (context, objects) =>
      call(context, "staking::epoch", old(objects.staking)),
    );
    expect([system, staking]).toEqual(["system::EWrongVersion (1)", "staking::EWrongVersion (1)"]);
  });
});

describe("prices", () => {
  test("change at once when the nodes vote, with PricesUpdated", () => {
    const world = startWorld();
    const transaction = world.ledger.runSystem((context) => {
      setPrices(context, world.deployment, { storagePrice: 7n });
    });
    expect(eventsOf(transaction)).toEqual([
      ["PricesUpdated", { epoch: 1, storage_price: 7n, write_price: 1n }],
    ]);
    expect(state(world)).toMatchObject({ storagePrice: 7n, writePrice: 1n });
    change(world);
    expect(state(world)).toMatchObject({ epoch: 2, storagePrice: 7n });
  });

  test("follow the quorum of the votes, not one node", () => {
    const world = startWorld();
    const vote = (nodes: readonly number[]) =>
      run(world, (context, { staking, system }) => {
        for (const node of nodes) {
          const cap = context.readObject(
            world.deployment.capIds[testNode(node).nodeId] ?? "",
          ).value;
          call(context, "staking::set_storage_price_vote", staking, cap, 100n);
        }
        call(context, "staking::update_prices", staking, system);
      });
    vote([0, 1, 2]);
    expect(state(world).storagePrice).toBe(5n);
    vote([3]);
    expect(state(world).storagePrice).toBe(100n);
  });
});

function state(world: World) {
  return run(world, (context) => readEpochState(context, world.deployment)).result;
}

function start(world: World, options?: EpochChangeOptions) {
  return world.ledger.runSystem((context) => {
    startEpochChange(context, world.deployment, options);
  });
}

function finish(world: World) {
  return world.ledger.runSystem((context) => {
    finishEpochChange(context, world.deployment);
  });
}

function change(world: World): void {
  start(world);
  finish(world);
}

function systemInner(world: World): SystemInner {
  return world.ledger.fieldValue(world.deployment.systemId, "u64", 3n) as SystemInner;
}

function supplyOf(world: World): bigint {
  const keyType = `${world.deployment.addresses.wal}::wal::TreasuryCapKey`;
  const boxes: bigint[] = [];
  world.ledger.runSystem((context) => {
    const cap = context.readObjectField(world.deployment.treasuryId, keyType, {});
    boxes.push((cap.value as TreasuryCap).total_supply.value);
  });
  return boxes[0] ?? 0n;
}

function treasuryCoin(world: World): string {
  const coins = world.ledger.view.ownedBy(TREASURY);
  const found = coins.find((object) => object.type.includes("::coin::Coin<"));
  if (found === undefined) throw new TypeError("Cannot find the treasury's coin");
  return found.id;
}

function movedBetween(before: Committee, after: Committee): number {
  return after.pos0.contents.reduce(
    (sum, { key, value }) =>
      sum + value.filter((shard) => !shardsOf(before, key).includes(shard)).length,
    0,
  );
}
