/**
 * Reads the Walrus contract's state: System and Staking, their inner states, the nodes.
 *
 * Source: walrus-sui `client/read_client.rs::get_committees_and_state`,
 * `shard_assignment_to_committee`. The inner state of a versioned object is a dynamic field on it
 * under its `u64` version.
 */
import { SYSTEM_STATE_ATTEMPTS } from "../limits.ts";
import { bcs } from "@mysten/bcs";
import { deriveDynamicFieldID, normalizeStructTag } from "@mysten/sui/utils";
import type { SuiClientTypes } from "@mysten/sui/client";
import type { Clock } from "../ports.ts";
import { committeeFlaw, type Committee, type CommitteeMember } from "../protocol/committee.ts";
import type { EpochPhase } from "../protocol/epoch.ts";
import type { StorageNodeUrlScheme } from "../protocol/networks.ts";
import {
  StakingField,
  type StakingInnerV1,
  StakingPoolHead,
  SystemField,
  type SystemStateInnerV1,
  VersionedOuter,
} from "../protocol/onchain.ts";
import { err, ok, type Result } from "../result.ts";
import type { ChainFailure, ContractState, SystemState } from "./chain.ts";
import type { Objects } from "./objects.ts";
import { packageOfType, parseContents, type RawObject } from "./parse.ts";
import type { Rpc } from "./rpc.ts";

/** Which deployment, and how its nodes are reached. */
export interface Deployment {
  readonly systemObjectId: string;
  readonly stakingObjectId: string;
  readonly storageNodeUrlScheme: StorageNodeUrlScheme;
}

type SystemInner = typeof SystemStateInnerV1.$inferType;
type StakingInner = typeof StakingInnerV1.$inferType;
type NodeInfo = (typeof StakingPoolHead.$inferType)["nodeInfo"];
type Read<T> = Promise<Result<T, ChainFailure>>;

/** Reads of the contract's state. */
export interface SystemReader {
  readContract(): Read<ContractState>;
  readSystem(): Read<SystemState>;
}

export function createSystemReader(
  rpc: Rpc,
  objects: Objects,
  clock: Clock,
  deployment: Deployment,
): SystemReader {
  return new Reader(rpc, objects, clock, deployment);
}

class Reader implements SystemReader {
  readonly #rpc: Rpc;
  readonly #objects: Objects;
  readonly #clock: Clock;
  readonly #deployment: Deployment;
  /** Does not change during the life of a deployment. */
  #walType: string | null = null;

  constructor(rpc: Rpc, objects: Objects, clock: Clock, deployment: Deployment) {
    this.#rpc = rpc;
    this.#objects = objects;
    this.#clock = clock;
    this.#deployment = deployment;
  }

  async readContract(): Read<ContractState> {
    const outers = await this.#objects.require([this.#deployment.systemObjectId]);
    if (!outers.ok) return outers;
    const inner = await this.#readInner(outers.value, [SystemField]);
    if (!inner.ok) return inner;
    return this.#contractOf(outers.value[0] as RawObject, inner.value[0] as SystemInner);
  }

  async readSystem(): Read<SystemState> {
    for (let attempt = 0; attempt < SYSTEM_STATE_ATTEMPTS; attempt++) {
      const state = await this.#readOnce();
      if (!state.ok) return state;
      if (state.value !== null) return ok(state.value);
    }
    return malformed("getObjects", "System and Staking are of different epochs");
  }

  async #readWalType(originalPackageId: string): Read<string> {
    if (this.#walType !== null) return ok(this.#walType);
    const answer = await this.#rpc.read("getMoveFunction", (client, signal) =>
      client.core.getMoveFunction({
        packageId: originalPackageId,
        moduleName: "staking",
        name: "stake_with_pool",
        signal,
      }),
    );
    if (!answer.ok) return answer;
    const found = coinTypeOfParameter(answer.value.function.parameters[1]);
    if (found === null) return malformed("getMoveFunction", "staking::stake_with_pool");
    this.#walType = found;
    return ok(found);
  }

  async #readInner<T>(
    outers: readonly RawObject[],
    fields: readonly { parse(bytes: Uint8Array): { value: T } }[],
  ): Read<readonly T[]> {
    const fieldIds: string[] = [];
    for (const object of outers) {
      const outer = parseContents(VersionedOuter, object.content);
      if (outer === null) return malformed("getObjects", `contents of ${object.objectId}`);
      const key = bcs.u64().serialize(outer.version).toBytes();
      fieldIds.push(deriveDynamicFieldID(object.objectId, "u64", key));
    }
    const read = await this.#objects.require(fieldIds);
    if (!read.ok) return read;
    const inner: T[] = [];
    for (const [index, object] of read.value.entries()) {
      const field = parseContents(fields[index] ?? neverField, object.content);
      if (field === null) return malformed("getObjects", `state of ${outers[index]?.objectId}`);
      inner.push(field.value);
    }
    return ok(inner);
  }

  async #contractOf(system: RawObject, inner: SystemInner): Read<ContractState> {
    const outer = parseContents(VersionedOuter, system.content);
    if (outer === null || system.owner.$kind !== "Shared") {
      return malformed("getObjects", "the System object");
    }
    const originalPackageId = packageOfType(system.type);
    const coin = await this.#readWalType(originalPackageId);
    if (!coin.ok) return coin;
    return ok({
      epoch: inner.committee.epoch,
      shardCount: inner.committee.shardCount,
      maxEpochsAhead: inner.futureAccounting.length,
      prices: {
        storageFrostPerUnit: inner.storagePricePerUnit,
        writeFrostPerUnit: inner.writePricePerUnit,
      },
      contract: {
        systemObjectId: this.#deployment.systemObjectId,
        systemInitialSharedVersion: system.owner.Shared.initialSharedVersion,
        packageId: outer.packageId,
        originalPackageId,
        walType: coin.value,
      },
    });
  }

  async #readNodes(staking: StakingInner): Read<ReadonlyMap<string, NodeInfo>> {
    const nodeIds = new Set(
      [...staking.committee, ...staking.previousCommittee].map(([nodeId]) => nodeId),
    );
    const pools = await this.#objects.require([...nodeIds]);
    if (!pools.ok) return pools;
    const nodes = new Map<string, NodeInfo>();
    for (const pool of pools.value) {
      const head = parseContents(StakingPoolHead, pool.content);
      if (head === null) return malformed("getObjects", `staking pool ${pool.objectId}`);
      nodes.set(pool.objectId, head.nodeInfo);
    }
    return ok(nodes);
  }

  /** One attempt; `null` when System and Staking were read on two sides of an epoch change. */
  async #readOnce(): Read<SystemState | null> {
    const readAtMs = this.#clock.nowMs();
    const outers = await this.#objects.require([
      this.#deployment.systemObjectId,
      this.#deployment.stakingObjectId,
    ]);
    if (!outers.ok) return outers;
    const inner = await this.#readInner<unknown>(outers.value, [SystemField, StakingField]);
    if (!inner.ok) return inner;
    const system = inner.value[0] as SystemInner;
    const staking = inner.value[1] as StakingInner;
    if (system.committee.epoch !== staking.epoch) return ok(null);
    const [nodes, contract] = await Promise.all([
      this.#readNodes(staking),
      this.#contractOf(outers.value[0] as RawObject, system),
    ]);
    if (!nodes.ok) return nodes;
    if (!contract.ok) return contract;
    const current = currentCommittee(system, staking, nodes.value, this.#deployment);
    const flaw = committeeFlaw(current);
    if (flaw !== null) return malformed("getObjects", `committee: ${flaw.kind}`);
    const phase = epochPhase(staking.epochState);
    return ok({
      ...contract.value,
      phase,
      current,
      previous: previousCommittee(staking, nodes.value, this.#deployment),
      timing: {
        epoch: staking.epoch,
        phase,
        epochDurationMs: Number(staking.epochDurationMs),
        firstEpochStartMs: Number(staking.firstEpochStartMs),
      },
      readAtMs,
    });
  }
}

const neverField = {
  parse(): never {
    throw new TypeError("Cannot parse: expected a layout for each object, got fewer");
  },
};

/** Members in the order of the BLS committee, which is the bitmap order. */
function currentCommittee(
  system: SystemInner,
  staking: StakingInner,
  nodes: ReadonlyMap<string, NodeInfo>,
  deployment: Deployment,
): Committee {
  const shards = new Map(staking.committee);
  return {
    epoch: system.committee.epoch,
    shardCount: system.committee.shardCount,
    members: system.committee.members.map(({ nodeId, publicKey }) =>
      member(nodeId, nodes.get(nodeId), shards.get(nodeId) ?? [], deployment, publicKey),
    ),
  };
}

/** The committee of the epoch before, with today's addresses and keys; `null` if there was none. */
function previousCommittee(
  staking: StakingInner,
  nodes: ReadonlyMap<string, NodeInfo>,
  deployment: Deployment,
): Committee | null {
  const committee: Committee = {
    epoch: staking.epoch - 1,
    shardCount: staking.shardCount,
    members: staking.previousCommittee.map(([nodeId, shards]) =>
      member(nodeId, nodes.get(nodeId), shards, deployment),
    ),
  };
  return committee.members.length > 0 && committeeFlaw(committee) === null ? committee : null;
}

function member(
  nodeId: string,
  info: NodeInfo | undefined,
  shardIndices: readonly number[],
  deployment: Deployment,
  publicKey: ArrayLike<number> = info?.publicKey ?? [],
): CommitteeMember {
  return {
    nodeId,
    name: info?.name ?? "",
    baseUrl: nodeUrl(deployment.storageNodeUrlScheme, info?.networkAddress ?? ""),
    publicKey: Uint8Array.from(publicKey),
    shardIndices,
  };
}

/** Where nothing answers (RFC 2606): stands for a node whose address is not host and port. */
const NOWHERE = "https://unreachable.invalid";

/** A node chooses its address itself, so nothing but host and port is taken from it. */
function nodeUrl(scheme: StorageNodeUrlScheme, networkAddress: string): string {
  if (!/^[A-Za-z0-9.\-[\]:]+$/.test(networkAddress)) return NOWHERE;
  const text = `${scheme}://${networkAddress}`;
  return URL.canParse(text) ? text : NOWHERE;
}

function epochPhase(state: StakingInner["epochState"]): EpochPhase {
  switch (state.$kind) {
    case "EpochChangeSync":
      return { kind: "change-sync", syncedWeight: state.EpochChangeSync };
    case "EpochChangeDone":
      return { kind: "change-done", startMs: Number(state.EpochChangeDone) };
    case "NextParamsSelected":
      return { kind: "next-parameters-selected", startMs: Number(state.NextParamsSelected) };
  }
}

/** `T` of a parameter of type `Coin<T>`. */
function coinTypeOfParameter(parameter: SuiClientTypes.OpenSignature | undefined): string | null {
  const body = parameter?.body;
  if (body?.$kind !== "datatype") return null;
  const [coin] = body.datatype.typeParameters;
  return coin?.$kind === "datatype" ? normalizeStructTag(coin.datatype.typeName) : null;
}

function malformed(call: string, detail: string): Result<never, ChainFailure> {
  return err({ kind: "malformed-answer", call, detail });
}
