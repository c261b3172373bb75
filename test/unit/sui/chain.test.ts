/** The chain port against the real ledger behind the RPC node. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  SYSTEM_STATE_RENEWAL_MS,
  SYSTEM_STATE_STALE_MS,
  SYSTEM_STATE_TTL_MS,
} from "../../../shared/limits.ts";
import { memberOfShard } from "../../../shared/protocol/committee.ts";
import { buildTransaction, transactionBytes } from "../../../shared/sui/transactions.ts";
import { transactionDigest } from "../../../shared/sui/signer.ts";
import { type ChainWorld, startChainWorld, SUI } from "../../support/chain-world.ts";
import { START_MS } from "../devnet/walrus-contract/support.ts";

let world: ChainWorld;
beforeEach(() => {
  world = startChainWorld();
  world.fund({ sui: 10n ** 10n, wal: 10n ** 10n });
});

function value<T>(result: { ok: true; value: T } | { ok: false; failure: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}

describe("reading the system", () => {
  test("gives epoch, prices, addresses and committees", async () => {
    const system = value(await world.chain.readSystem());
    expect(system).toMatchObject({
      epoch: 1,
      shardCount: 100,
      maxEpochsAhead: 53,
      prices: { storageFrostPerUnit: 5n, writeFrostPerUnit: 1n },
      contract: {
        systemObjectId: world.deployment.systemId,
        packageId: world.deployment.addresses.walrusLatest,
        originalPackageId: world.deployment.addresses.walrusOriginal,
        walType: world.deployment.walType,
      },
    });
    expect(system.current.members).toHaveLength(10);
    expect(system.current.members[0]).toMatchObject({
      name: "node-0",
      baseUrl: "http://127.0.0.1:9000",
    });
    expect(system.current.members[0]?.publicKey).toHaveLength(96);
    for (let shard = 0; shard < 100; shard++) {
      expect(memberOfShard(system.current, shard).shardIndices).toContain(shard);
    }
  });

  test("is answered from the cache until a fresh one is asked for", async () => {
    await world.chain.readSystem();
    const callCount = world.calls.length;
    await world.chain.readSystem();
    expect(world.calls).toHaveLength(callCount);
    await world.chain.readSystem({ fresh: true });
    expect(world.calls.length).toBeGreaterThan(callCount);
  });

  test("goes on with the last one while the chain does not answer, for a while", async () => {
    let nowMs = START_MS;
    const chain = world.connect({ clock: { nowMs: () => nowMs } });
    const first = value(await chain.readSystem());
    world.intercept = () => {
      throw new TypeError("connection refused");
    };
    nowMs += SYSTEM_STATE_TTL_MS;
    expect(value(await chain.readSystem())).toBe(first);
    expect(await chain.readSystem({ fresh: true })).toMatchObject({
      failure: { kind: "rpc-unreachable" },
    });
    nowMs = START_MS + SYSTEM_STATE_STALE_MS;
    expect(await chain.readSystem()).toMatchObject({ failure: { kind: "rpc-unreachable" } });
    world.intercept = null;
    nowMs += SYSTEM_STATE_RENEWAL_MS;
    expect(value(await chain.readSystem()).readAtMs).toBe(nowMs);
  });

  test("of the contract alone agrees with the whole", async () => {
    const whole = value(await world.chain.readSystem());
    const contract = value(await world.chain.readContract());
    expect(contract).toEqual({
      epoch: whole.epoch,
      shardCount: whole.shardCount,
      maxEpochsAhead: whole.maxEpochsAhead,
      prices: whole.prices,
      contract: whole.contract,
    });
  });
});

describe("failures of the RPC node", () => {
  test("a node that is down is a refusal with its status, after a second try", async () => {
    world.faults.fault = "down";
    const failed = await world.chain.readSuiEpoch();
    expect(failed).toMatchObject({ ok: false, failure: { kind: "rpc-refused", call: "getEpoch" } });
    expect(world.calls.filter((method) => method === "GetEpoch")).toHaveLength(2);
  });

  test("a broken connection is unreachable, and one break is survived", async () => {
    world.intercept = () => {
      throw new TypeError("connection reset");
    };
    expect(await world.chain.readSuiEpoch()).toMatchObject({
      ok: false,
      failure: { kind: "rpc-unreachable", detail: "connection reset" },
    });
    let breaks = 1;
    world.intercept = () => {
      if (breaks-- > 0) throw new TypeError("connection reset");
    };
    expect(value(await world.chain.readSuiEpoch())).toMatchObject({ referenceGasPrice: 1_000n });
  });

  test("no answer in time is a time-out", async () => {
    const chain = world.connect({ timer: { sleep: async () => undefined } });
    world.intercept = () => new Promise<never>(() => undefined);
    expect(await chain.readSuiEpoch()).toMatchObject({
      ok: false,
      failure: { kind: "rpc-timeout", call: "getEpoch", timeoutMs: 10_000 },
    });
  });

  test("an object that is not there is named", async () => {
    const objectId = `0x${"ab".repeat(32)}`;
    expect(await world.chain.readBlobObject(objectId)).toEqual({
      ok: false,
      failure: { kind: "object-not-found", objectId },
    });
    expect(value(await world.chain.readBlobObjects([objectId]))).toEqual([null]);
  });

  test("an object of another type is refused", async () => {
    const { systemId } = world.deployment;
    expect(await world.chain.readBlobObject(systemId)).toMatchObject({
      ok: false,
      failure: { kind: "wrong-object-type", objectId: systemId },
    });
  });
});

describe("submitting", () => {
  async function registration(overrides: { readonly expirationEpoch?: number } = {}) {
    const { chain, signer } = world;
    const { contract } = value(await chain.readContract());
    const [gas, wal] = [
      value(await chain.listCoins(signer.address, SUI)),
      value(await chain.listCoins(signer.address, contract.walType)),
    ];
    const sui = value(await chain.readSuiEpoch());
    const step = {
      kind: "delete",
      blob: wal[0] ?? { objectId: "", version: "0", digest: "" },
    } as const;
    const terms = {
      sender: signer.address,
      gasCoins: gas,
      gasBudgetMist: 50_000_000n,
      gasPriceMist: sui.referenceGasPrice,
      expirationEpoch: overrides.expirationEpoch ?? sui.epoch + 1,
      contract,
    };
    const bytes = await transactionBytes(buildTransaction(terms, step));
    return { bytes, signature: await signer.sign(bytes), digest: transactionDigest(bytes) };
  }

  test("a transaction that runs and fails has effects with its failure", async () => {
    const { bytes, signature, digest } = await registration();
    const executed = value(await world.chain.submit(bytes, signature));
    expect(executed.digest).toBe(digest);
    expect(executed.failure).not.toBeNull();
    expect(executed.gasMist).toBeGreaterThan(0n);
    expect(value(await world.chain.findTransaction(digest))).toEqual(executed);
    expect(value(await world.chain.submit(bytes, signature))).toEqual(executed);
  });

  test("a consumed coin, a passed expiration and a foreign signature are told apart", async () => {
    const first = await registration();
    const second = await registration();
    await world.chain.submit(first.bytes, first.signature);
    // Both spend the same gas coin; had they been equal bytes, it would be the same transaction.
    expect(second.digest).toBe(first.digest);
    world.fund({ sui: 1n });
    const stale = await registration();
    const another = await registration({ expirationEpoch: 7 });
    await world.chain.submit(another.bytes, another.signature);
    expect(await world.chain.submit(stale.bytes, stale.signature)).toMatchObject({
      failure: { kind: "rejected", reason: "stale-object" },
    });
    const late = await registration({ expirationEpoch: 0 });
    world.ledger.advanceSuiEpoch();
    expect(await world.chain.submit(late.bytes, late.signature)).toMatchObject({
      failure: { kind: "rejected", reason: "expired" },
    });
    const unsigned = await registration();
    expect(await world.chain.submit(unsigned.bytes, stale.signature)).toMatchObject({
      failure: { kind: "rejected", reason: "invalid" },
    });
  });

  test("a lost reply leaves the outcome open, and the effects are found", async () => {
    const { bytes, signature, digest } = await registration();
    world.faults.fault = "lose-reply";
    expect(await world.chain.submit(bytes, signature)).toMatchObject({
      failure: { kind: "unknown" },
    });
    world.faults.fault = null;
    expect(value(await world.chain.findTransaction(digest))?.digest).toBe(digest);
  });

  test("an unknown transaction is null", async () => {
    const digest = transactionDigest(Uint8Array.of(1, 2, 3));
    expect(value(await world.chain.findTransaction(digest))).toBeNull();
  });
});
