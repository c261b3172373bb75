/** Committee, quorum, epoch, price and configuration rules. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Committee,
  committeeFlaw,
  memberOfShard,
  weightOf,
} from "../../../shared/protocol/committee.ts";
import {
  earliestTransitionMs,
  type EpochState,
  readCommittees,
  reusableUntilMs,
  writeCommittee,
} from "../../../shared/protocol/epoch.ts";
import { configuredNetwork, NETWORKS } from "../../../shared/protocol/networks.ts";
import { estimateCost, registrationCost, storageUnits } from "../../../shared/protocol/price.ts";
import {
  certificateWeightMin,
  faultyShardCount,
  isAboveValidity,
  isQuorum,
} from "../../../shared/protocol/quorum.ts";

function committee(shards: readonly (readonly number[])[], epoch = 5): Committee {
  const members = shards.map((shardIndices, index) => ({
    nodeId: `0x${index}`,
    name: `node-${index}`,
    baseUrl: `https://node-${index}.example`,
    publicKey: new Uint8Array(96),
    shardIndices,
  }));
  return { epoch, shardCount: shards.flat().length, members };
}

describe("committee", () => {
  const four = committee([[3], [0, 2], [1]]);

  test("finds the owner of a shard without sorting the members", () => {
    const owners = [0, 1, 2, 3].map((shard) => memberOfShard(four, shard).name);
    expect(owners).toEqual(["node-1", "node-2", "node-1", "node-0"]);
    expect(() => memberOfShard(four, 4)).toThrow(RangeError);
    expect(() => memberOfShard(four, -1)).toThrow(RangeError);
  });

  test("weighs members by their shards, each once", () => {
    expect(weightOf(four, [0, 1, 1])).toBe(3);
    expect(weightOf(four, [])).toBe(0);
    expect(() => weightOf(four, [3])).toThrow(RangeError);
  });

  test("a shard without, with two, or out of range is a flaw", () => {
    expect(committeeFlaw(four)).toBeNull();
    expect(committeeFlaw({ ...four, shardCount: 5 })).toMatchObject({
      kind: "shard-without-owner",
    });
    expect(committeeFlaw(committee([[0], [0]]))).toMatchObject({ kind: "shard-owned-twice" });
    expect(committeeFlaw(committee([[0], [2]]))).toMatchObject({ kind: "shard-out-of-range" });
  });
});

/** What the client asks of a certificate (walrus-sui `types.rs::is_at_least_min_n_correct`). */
function isAtLeastMinCorrect(weight: number, shardCount: number): boolean {
  return weight >= shardCount - faultyShardCount(shardCount);
}

/** What the contract asks of it (`bls_aggregate.move::is_quorum`). */
function isOnChainQuorum(weight: number, shardCount: number): boolean {
  return 3 * weight >= 2 * shardCount + 1;
}

describe("quorums", () => {
  test("at 1000 shards are 667 and 334 (bls_aggregate.move)", () => {
    expect([666, 667].map((weight) => isOnChainQuorum(weight, 1000))).toEqual([false, true]);
    expect([666, 667].map((weight) => isQuorum(weight, 1000))).toEqual([false, true]);
    expect([333, 334].map((weight) => isAboveValidity(weight, 1000))).toEqual([false, true]);
    expect([666, 667].map((weight) => isAtLeastMinCorrect(weight, 1000))).toEqual([false, true]);
  });

  test("f follows bft.rs", () => {
    expect([1, 3, 4, 5, 6, 100, 300].map(faultyShardCount)).toEqual([0, 0, 1, 1, 1, 33, 99]);
  });

  test("the certificate threshold is the least weight that satisfies client and contract", () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 1000 }), (shardCount) => {
        const least = certificateWeightMin(shardCount);
        const suffices = (weight: number) =>
          isAtLeastMinCorrect(weight, shardCount) &&
          isQuorum(weight, shardCount) &&
          isOnChainQuorum(weight, shardCount);
        expect(suffices(least)).toBe(true);
        expect(suffices(least - 1)).toBe(false);
        expect(least).toBeLessThanOrEqual(shardCount - faultyShardCount(shardCount));
      }),
    );
  });
});

describe("epoch", () => {
  const current = committee([[0]], 5);
  const previous = committee([[0]], 4);
  const settled: EpochState = {
    epoch: 5,
    phase: { kind: "change-done", startMs: 1_000 },
    current,
    previous,
  };
  const changing: EpochState = { ...settled, phase: { kind: "change-sync", syncedWeight: 1 } };

  test("reads go to the previous committee first while shards are moving, never otherwise", () => {
    expect(readCommittees(settled)).toEqual([current]);
    expect(readCommittees(changing)).toEqual([previous, current]);
    expect(readCommittees({ ...changing, previous: null })).toEqual([current]);
    expect(writeCommittee(changing)).toBe(current);
  });

  test("a state is reusable until the next transition, never during a change", () => {
    const timing = { epoch: 5, phase: settled.phase, epochDurationMs: 100, firstEpochStartMs: 7 };
    expect(earliestTransitionMs(timing)).toBe(1_050);
    const selected = { kind: "next-parameters-selected", startMs: 1_000 } as const;
    expect(earliestTransitionMs({ ...timing, phase: selected })).toBe(1_100);
    expect(earliestTransitionMs({ ...timing, phase: changing.phase })).toBe(0);
    expect(earliestTransitionMs({ ...timing, epoch: 0 })).toBe(7);
    expect(reusableUntilMs(timing, 1_000, 30)).toBe(1_030);
    expect(reusableUntilMs(timing, 1_000, 300)).toBe(1_050);
  });
});

describe("prices", () => {
  const prices = { storageFrostPerUnit: 2_000n, writeFrostPerUnit: 100n };

  test("the sample of the documentation: 17 bytes for one epoch cost 132,300 FROST", () => {
    expect(estimateCost(17, 1, 1000, prices)).toMatchObject({
      ok: true,
      value: { encodedBytes: 66_034_000, totalFrost: 132_300n },
    });
  });

  test("are by the started MiB", () => {
    const mib = 1024 * 1024;
    expect([0, 1, mib, mib + 1].map(storageUnits)).toEqual([0n, 1n, 1n, 2n]);
    expect(() => storageUnits(-1)).toThrow(RangeError);
    expect(() => storageUnits(0.5)).toThrow(RangeError);
  });

  test("storage by the epoch, writing once", () => {
    expect(registrationCost(5 * 1024 * 1024, 3, prices)).toEqual({
      storageFrost: 30_000n,
      writeFrost: 500n,
      totalFrost: 30_500n,
    });
  });

  test("are computed up to the protocol's largest blob and refused above", () => {
    const largest = 14_599_533_452;
    expect(estimateCost(largest, 53, 1000, prices)).toMatchObject({
      ok: true,
      value: { encodedBytes: 65_663_566_000, storageFrost: 62_622n * 2_000n * 53n },
    });
    expect(estimateCost(largest + 1, 1, 1000, prices)).toMatchObject({
      failure: { kind: "blob-exceeds-protocol" },
    });
  });
});

describe("network configuration", () => {
  test("mainnet and testnet need nothing but their name", () => {
    expect(configuredNetwork({ NETWORK: "mainnet" })).toEqual({
      name: "mainnet",
      ...NETWORKS.mainnet,
    });
    const other = configuredNetwork({ NETWORK: "testnet", SUI_RPC_URL: "https://sui.example/" });
    expect(other).toEqual({
      name: "testnet",
      ...NETWORKS.testnet,
      suiRpcUrl: "https://sui.example",
    });
  });

  test("what is missing or malformed is named", () => {
    const id = `0x${"1".repeat(64)}`;
    const local = {
      NETWORK: "local",
      SUI_RPC_URL: "http://127.0.0.1:8790",
      SYSTEM_OBJECT_ID: id,
      STAKING_OBJECT_ID: id,
    };
    expect(configuredNetwork(local).storageNodeUrlScheme).toBe("https");
    const broken = {
      NETWORK: "devnet",
      SUI_RPC_URL: "ftp://sui",
      SYSTEM_OBJECT_ID: "0x12",
      STAKING_OBJECT_ID: id.toUpperCase(),
      STORAGE_NODE_URL_SCHEME: "ws",
    };
    for (const [name, text] of Object.entries(broken)) {
      expect(() => configuredNetwork({ ...local, [name]: text })).toThrow(name);
    }
    const keyed = { ...local, SUI_RPC_URL: "wss://sui.example/secret-key" };
    expect(() => configuredNetwork(keyed)).not.toThrow("secret-key");
    expect(() => configuredNetwork({ NETWORK: "local" })).toThrow("Cannot configure");
    expect(() => configuredNetwork({})).toThrow("NETWORK");
  });
});
