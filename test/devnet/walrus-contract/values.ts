/**
 * JS shapes of the contract's Move values while a function runs, field by field as in `table/`.
 *
 * Types and trivial readers only. They are mutable: a `&mut` argument is changed in place.
 */
import type { MoveCall } from "../ledger/move.ts";

export interface Balance {
  value: bigint;
}

export interface Coin {
  readonly id: string;
  readonly balance: Balance;
}

export interface VecMap<K, V> {
  readonly contents: { readonly key: K; value: V }[];
}

/** `0x2::group_ops::Element`. */
export interface CurvePoint {
  readonly bytes: Uint8Array;
}

/** An `ExtendedField`, a `Bag`'s and a table's head. */
export interface FieldParent {
  readonly id: string;
}

export interface VersionedObject {
  readonly id: string;
  readonly version: bigint;
  readonly package_id: string;
  readonly new_package_id: string | null;
}

export interface BlsCommitteeMember {
  readonly public_key: CurvePoint;
  readonly weight: number;
  readonly node_id: string;
}

export interface BlsCommittee {
  readonly members: readonly BlsCommitteeMember[];
  readonly n_shards: number;
  readonly epoch: number;
  readonly total_aggregated_key: CurvePoint;
}

export interface FutureAccounting {
  readonly epoch: number;
  used_capacity: bigint;
  readonly rewards_to_distribute: Balance;
}

export interface AccountingRing {
  current_index: number;
  readonly length: number;
  readonly ring_buffer: FutureAccounting[];
}

export interface SystemInner {
  committee: BlsCommittee;
  total_capacity_size: bigint;
  used_capacity_size: bigint;
  storage_price_per_unit_size: bigint;
  write_price_per_unit_size: bigint;
  readonly future_accounting: AccountingRing;
  event_blob_certification_state: {
    latest_certified_blob: unknown;
    aggregate_weight_per_blob: VecMap<unknown, number>;
  };
  readonly deny_list_sizes: FieldParent;
}

export interface Storage {
  readonly id: string;
  start_epoch: number;
  end_epoch: number;
  storage_size: bigint;
}

export interface Blob {
  readonly id: string;
  readonly registered_epoch: number;
  readonly blob_id: bigint;
  readonly size: bigint;
  readonly encoding_type: number;
  certified_epoch: number | null;
  readonly storage: Storage;
  readonly deletable: boolean;
}

export interface Metadata {
  readonly metadata: VecMap<string, string>;
}

export interface SharedBlob {
  readonly id: string;
  readonly blob: Blob;
  readonly funds: Balance;
}

export interface StoragePool {
  readonly id: string;
  readonly version: bigint;
}

export interface StoragePoolInner {
  readonly storage: Storage;
  used_encoded_bytes: bigint;
  blob_count: bigint;
  readonly blobs: ObjectTable;
}

export interface ObjectTable {
  readonly id: string;
  size: bigint;
}

export interface PooledBlob {
  readonly id: string;
  readonly registered_epoch: number;
  readonly blob_id: bigint;
  readonly unencoded_size: bigint;
  readonly encoding_type: number;
  certified_epoch: number | null;
  readonly storage_pool_id: string;
  readonly deletable: boolean;
}

/** `committee::Committee`: node id to shard indices, sorted by node id. */
export interface Committee {
  readonly pos0: VecMap<string, number[]>;
}

export type EpochState =
  | { readonly $kind: "EpochChangeSync"; readonly EpochChangeSync: number }
  | { readonly $kind: "EpochChangeDone"; readonly EpochChangeDone: bigint }
  | { readonly $kind: "NextParamsSelected"; readonly NextParamsSelected: bigint };

export interface EpochParams {
  readonly total_capacity_size: bigint;
  readonly storage_price_per_unit_size: bigint;
  readonly write_price_per_unit_size: bigint;
}

export interface StakingInner {
  readonly n_shards: number;
  readonly epoch_duration: bigint;
  readonly first_epoch_start: bigint;
  readonly pools: ObjectTable;
  epoch: number;
  readonly active_set: FieldParent;
  next_committee: Committee | null;
  committee: Committee;
  previous_committee: Committee;
  next_epoch_params: EpochParams | null;
  epoch_state: EpochState;
  readonly next_epoch_public_keys: FieldParent;
}

export interface ActiveSet {
  readonly max_size: number;
  readonly threshold_stake: bigint;
  readonly nodes: { readonly node_id: string; staked_amount: bigint }[];
  total_stake: bigint;
}

export interface PendingValues {
  readonly pos0: VecMap<number, bigint>;
}

export type ExchangeRate =
  | { readonly $kind: "Flat"; readonly Flat: true }
  | {
      readonly $kind: "Variable";
      readonly Variable: { readonly wal_amount: bigint; readonly share_amount: bigint };
    };

export interface StakingPool {
  readonly id: string;
  readonly state: { readonly $kind: "Active" | "Withdrawing" | "Withdrawn" };
  readonly voting_params: { storage_price: bigint; write_price: bigint; node_capacity: bigint };
  readonly node_info: {
    readonly name: string;
    readonly node_id: string;
    readonly network_address: string;
    public_key: CurvePoint;
    next_epoch_public_key: CurvePoint | null;
    readonly network_public_key: Uint8Array;
    readonly metadata: FieldParent;
  };
  readonly activation_epoch: number;
  latest_epoch: number;
  wal_balance: bigint;
  num_shares: bigint;
  readonly pending_shares_withdraw: PendingValues;
  readonly pre_active_withdrawals: PendingValues;
  readonly pending_commission_rate: PendingValues;
  commission_rate: number;
  readonly exchange_rates: ObjectTable;
  readonly pending_stake: PendingValues;
  readonly rewards_pool: Balance;
  readonly commission: Balance;
  readonly commission_receiver: unknown;
  readonly governance_authorized: unknown;
  readonly extra_fields: ObjectTable;
}

export interface StorageNodeCap {
  readonly id: string;
  readonly node_id: string;
  last_epoch_sync_done: number;
}

export interface Exchange {
  readonly id: string;
  readonly wal: Balance;
  readonly sui: Balance;
  readonly rate: { readonly wal: bigint; readonly sui: bigint };
  readonly admin: string;
}

/** Argument `index` of a call, to be cast: the ledger has already checked its Move type. */
export function argument(call: MoveCall, index: number): unknown {
  const value = call.arguments[index];
  if (value === undefined) {
    throw new RangeError(`Cannot read argument ${index}: got ${call.arguments.length} arguments`);
  }
  return value.value;
}
