/**
 * A new deployment: System, Staking with its pools, WAL treasury and exchange, already in epoch 1.
 *
 * Epoch 0 is built empty, every node staked, and then the contract's own epoch change is run, so
 * all books (stake, exchange rates, committees, rings) are as the contract keeps them.
 */
import type { SystemContext } from "../ledger/move.ts";
import {
  DEFAULT_CAPACITY_BYTES,
  DEFAULT_MAX_EPOCHS_AHEAD,
  DEFAULT_STORAGE_PRICE,
  DEFAULT_WRITE_PRICE,
  type GenesisNode,
  type GenesisOptions,
  LOCAL_ADDRESSES,
  type WalrusAddresses,
  type WalrusDeployment,
} from "./deployment.ts";
import { beginEpoch, syncNodes } from "./epoch-change.ts";
import type { Resolve } from "./functions/bodies.ts";
import { CONTRACT_VERSION } from "./functions/system-inner.ts";
import { stakingWorld } from "./functions/world.ts";
import { typeResolver } from "./packages.ts";
import { newRing } from "./rules/accounting.ts";
import { newActiveSet } from "./rules/active-set.ts";
import { emptyMap } from "./rules/balance.ts";
import { newBlsCommittee, uncompressedKey } from "./rules/certificate.ts";
import { emptyCommittee } from "./rules/committee.ts";
import { recordExchangeRate, stake } from "./rules/pool.ts";
import { poolMut, updateActiveSet } from "./rules/staking.ts";
import { stakingInnerMut } from "./functions/system-inner.ts";
import {
  EXCHANGE,
  ID,
  NODE_CAP,
  STAKED_WAL,
  STAKING,
  SYSTEM,
  TREASURY,
  UNCOMPRESSED_G1_KEY,
  WAL,
} from "./table/names.ts";
import type {
  FieldParent,
  StakingInner,
  StakingPool,
  StorageNodeCap,
  SystemInner,
  VersionedObject,
} from "./values.ts";

const FROST_PER_WAL = 10n ** 9n;
/** `wal.move::TOTAL_WAL_SUPPLY_TO_MINT`: 5 billion WAL. */
export const TOTAL_SUPPLY = 5_000_000_000n * FROST_PER_WAL;
/** Stake per shard at genesis: shards follow stake. */
const STAKE_PER_SHARD = 1_000_000n * FROST_PER_WAL;
/** WAL the exchange holds, at one to one with SUI (testnet's rate). */
const EXCHANGE_WAL = 100_000_000n * FROST_PER_WAL;

/**
 * Creates the deployment and runs it into epoch 1.
 *
 * @throws {RangeError} For no nodes, no shards, or weights that do not add up to the shards.
 */
export function createDeployment(
  context: SystemContext,
  options: GenesisOptions,
): WalrusDeployment {
  const addresses = options.addresses ?? LOCAL_ADDRESSES;
  const genesis = new Genesis(context, options, addresses);
  return genesis.create();
}

/** One run of the genesis; keeps what every step needs. */
class Genesis {
  private readonly context: SystemContext;
  private readonly options: GenesisOptions;
  private readonly addresses: WalrusAddresses;
  private readonly resolve: Resolve;
  private unspent = TOTAL_SUPPLY;

  constructor(context: SystemContext, options: GenesisOptions, addresses: WalrusAddresses) {
    this.context = context;
    this.options = options;
    this.addresses = addresses;
    this.resolve = typeResolver(addresses);
  }

  create(): WalrusDeployment {
    const weights = genesisWeights(this.options);
    const system = this.createSystem();
    const staking = this.createStaking();
    const treasury = this.createTreasury();
    const caps = new Map<string, StorageNodeCap>();
    for (const node of this.options.nodes.toSorted((a, b) => (a.nodeId < b.nodeId ? -1 : 1))) {
      const weight = weights.get(node.nodeId) ?? 0;
      caps.set(node.nodeId, this.createNode(staking, node, weight));
    }
    const exchangeId = this.createExchange();
    this.sendWal(this.options.treasuryAddress);
    beginEpoch(this.context, this.addresses, { staking, system, treasury });
    syncNodes(this.context, this.addresses, staking, (nodeId) => {
      const cap = caps.get(nodeId);
      if (cap === undefined) throw new RangeError(`Cannot sync ${nodeId}: it has no cap`);
      return cap;
    });
    return {
      addresses: this.addresses,
      walType: this.resolve(WAL),
      systemId: system.id,
      stakingId: staking.id,
      treasuryId: treasury.id,
      exchangeId,
      capIds: Object.fromEntries([...caps].map(([nodeId, cap]) => [nodeId, cap.id])),
    };
  }

  private versioned(): VersionedObject {
    return {
      id: this.context.freshId(),
      version: CONTRACT_VERSION,
      package_id: this.addresses.walrusLatest,
      new_package_id: null,
    };
  }

  private extended(valueType: string, value: unknown): { readonly id: string } {
    const id = this.context.freshId();
    const keyType = this.resolve("walrus::extended_field::Key");
    this.context.addField(id, keyType, {}, this.resolve(valueType), value);
    return { id };
  }

  private table(): { readonly id: string; size: bigint } {
    return { id: this.context.freshId(), size: 0n };
  }

  /** `system.move::create_empty`. */
  private createSystem(): VersionedObject {
    const system = this.versioned();
    const inner: SystemInner = {
      committee: newBlsCommittee(0, []),
      total_capacity_size: 0n,
      used_capacity_size: 0n,
      storage_price_per_unit_size: 0n,
      write_price_per_unit_size: 0n,
      future_accounting: newRing(this.options.maxEpochsAhead ?? DEFAULT_MAX_EPOCHS_AHEAD),
      event_blob_certification_state: {
        latest_certified_blob: null,
        aggregate_weight_per_blob: emptyMap(),
      },
      deny_list_sizes: this.extended(`0x2::vec_map::VecMap<${ID}, u64>`, emptyMap()),
    };
    const type = this.resolve("walrus::system_state_inner::SystemStateInnerV1");
    this.context.addField(system.id, "u64", CONTRACT_VERSION, type, inner);
    this.context.share(this.resolve(SYSTEM), system);
    return system;
  }

  /** `staking.move::create`. */
  private createStaking(): VersionedObject {
    const staking = this.versioned();
    const keysType = `0x2::vec_map::VecMap<${ID}, ${UNCOMPRESSED_G1_KEY}>`;
    const nowMs = BigInt(this.context.nowMs);
    const inner: StakingInner = {
      n_shards: this.options.shardCount,
      epoch_duration: BigInt(this.options.epochDurationMs),
      first_epoch_start: nowMs,
      pools: this.table(),
      epoch: 0,
      active_set: this.extended("walrus::active_set::ActiveSet", newActiveSet()),
      next_committee: null,
      committee: emptyCommittee(),
      previous_committee: emptyCommittee(),
      next_epoch_params: null,
      epoch_state: { $kind: "EpochChangeDone", EpochChangeDone: nowMs },
      next_epoch_public_keys: this.extended(keysType, emptyMap()),
    };
    const type = this.resolve("walrus::staking_inner::StakingInnerV1");
    this.context.addField(staking.id, "u64", CONTRACT_VERSION, type, inner);
    this.context.share(this.resolve(STAKING), staking);
    return staking;
  }

  /** `wal.move::init`. */
  private createTreasury(): FieldParent {
    const treasury = { id: this.context.freshId() };
    const cap = { id: this.context.freshId(), total_supply: { value: TOTAL_SUPPLY } };
    this.context.addObjectField(
      treasury.id,
      this.resolve("wal::wal::TreasuryCapKey"),
      {},
      this.resolve(`0x2::coin::TreasuryCap<${WAL}>`),
      cap,
    );
    this.context.share(this.resolve(TREASURY), treasury);
    return treasury;
  }

  /** `staking.move::register_candidate`, then stake for `weight` shards. Returns its cap. */
  private createNode(staking: VersionedObject, node: GenesisNode, weight: number): StorageNodeCap {
    const { context } = this;
    const operator = node.operator ?? this.options.treasuryAddress;
    const world = stakingWorld(context, this.addresses.walrusOriginal);
    const inner = stakingInnerMut(context, staking);
    const created = this.newPool(node, operator, weight);
    recordExchangeRate(world, created, 0);
    const poolType = this.resolve("walrus::staking_pool::StakingPool");
    context.addObjectField(inner.pools.id, ID, node.nodeId, poolType, created);
    inner.pools.size += 1n;
    const amount = BigInt(weight) * STAKE_PER_SHARD;
    const pool = poolMut(world, inner, node.nodeId);
    if (amount > 0n) {
      stake(pool, amount, 1);
      updateActiveSet(world, inner, pool);
      this.sendStake(node.nodeId, amount, operator);
    }
    const cap = {
      id: context.freshId(),
      node_id: node.nodeId,
      last_epoch_sync_done: 0,
      last_event_blob_attestation: null,
      deny_list_root: 0n,
      deny_list_sequence: 0n,
      deny_list_size: 0n,
    };
    context.transfer(this.resolve(NODE_CAP), cap, operator);
    return cap;
  }

  /** `staking_pool.move::new`. Votes are such that the options become prices and capacity. */
  private newPool(node: GenesisNode, operator: string, weight: number): StakingPool {
    const { options } = this;
    const authorized = { $kind: "Address", Address: operator };
    const pending = (): StakingPool["pending_stake"] => ({ pos0: emptyMap() });
    const metadata = { image_url: "", project_url: "", description: "", extra_fields: emptyMap() };
    return {
      id: node.nodeId,
      state: { $kind: "Active", Active: true } as StakingPool["state"],
      voting_params: {
        storage_price: options.storagePrice ?? DEFAULT_STORAGE_PRICE,
        write_price: options.writePrice ?? DEFAULT_WRITE_PRICE,
        node_capacity: capacityVote(options, weight),
      },
      node_info: {
        name: node.name,
        node_id: node.nodeId,
        network_address: node.networkAddress,
        public_key: { bytes: uncompressedKey(node.publicKey) },
        next_epoch_public_key: null,
        network_public_key: node.networkPublicKey,
        metadata: this.extended("walrus::node_metadata::NodeMetadata", metadata),
      },
      activation_epoch: 0,
      latest_epoch: 0,
      wal_balance: 0n,
      num_shares: 0n,
      pending_shares_withdraw: pending(),
      pre_active_withdrawals: pending(),
      pending_commission_rate: pending(),
      commission_rate: 0,
      exchange_rates: this.table(),
      pending_stake: pending(),
      rewards_pool: { value: 0n },
      commission: { value: 0n },
      commission_receiver: authorized,
      governance_authorized: authorized,
      extra_fields: this.table(),
    };
  }

  private createExchange(): string {
    const exchange = {
      id: this.context.freshId(),
      wal: { value: this.spend(EXCHANGE_WAL) },
      sui: { value: 0n },
      rate: { wal: 1n, sui: 1n },
      admin: this.context.freshId(),
    };
    this.context.share(this.resolve(EXCHANGE), exchange);
    const cap = { id: exchange.admin };
    const type = this.resolve("wal_exchange::wal_exchange::AdminCap");
    this.context.transfer(type, cap, this.options.treasuryAddress);
    return exchange.id;
  }

  private sendStake(nodeId: string, amount: bigint, recipient: string): void {
    const staked = {
      id: this.context.freshId(),
      state: { $kind: "Staked", Staked: true },
      node_id: nodeId,
      principal: { value: this.spend(amount) },
      activation_epoch: 1,
    };
    this.context.transfer(this.resolve(STAKED_WAL), staked, recipient);
  }

  /** The rest of the supply, as one coin. */
  private sendWal(recipient: string): void {
    const coin = { id: this.context.freshId(), balance: { value: this.spend(this.unspent) } };
    this.context.transfer(this.resolve(`0x2::coin::Coin<${WAL}>`), coin, recipient);
  }

  private spend(amount: bigint): bigint {
    if (amount > this.unspent) {
      throw new RangeError(`Cannot spend ${amount} FROST: ${this.unspent} are left`);
    }
    this.unspent -= amount;
    return amount;
  }
}

/** The vote by which a node of `weight` shards asks for the whole network's capacity. */
function capacityVote({ capacityBytes, shardCount }: GenesisOptions, weight: number): bigint {
  const total = (capacityBytes ?? DEFAULT_CAPACITY_BYTES) * BigInt(weight);
  const shards = BigInt(shardCount);
  return (total + shards - 1n) / shards;
}

/** Shards of every node: as asked, or nearly even with the first in id order getting one more. */
function genesisWeights({ nodes, shardCount }: GenesisOptions): ReadonlyMap<string, number> {
  if (nodes.length === 0 || shardCount < nodes.length) {
    throw new RangeError(
      `Cannot create a network: expected a shard for each node, got ${shardCount} for ${nodes.length}`,
    );
  }
  const ids = nodes.map((node) => node.nodeId).sort();
  const even = Math.floor(shardCount / nodes.length);
  const extra = shardCount % nodes.length;
  const weights = new Map(ids.map((id, index) => [id, even + (index < extra ? 1 : 0)]));
  if (nodes.every((node) => node.weight === undefined)) return weights;
  for (const node of nodes) weights.set(node.nodeId, node.weight ?? 0);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  if (total !== shardCount) {
    throw new RangeError(`Cannot create a network: weights add up to ${total}, not ${shardCount}`);
  }
  return weights;
}
