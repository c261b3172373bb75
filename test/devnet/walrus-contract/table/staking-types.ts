/** Layouts of the Staking side: pools, committees, stake. Data only. */
import { COMMITTEE, ID, STRING, UID, UNCOMPRESSED_G1_KEY, WAL_BALANCE } from "./names.ts";
import type { DatatypeTable } from "./types.ts";

const PENDING = "walrus::pending_values::PendingValues";
const AUTHORIZED = "walrus::auth::Authorized";
const value = ["copy", "drop", "store"] as const;

export const STAKING_TYPES: DatatypeTable = {
  "staking::Staking": {
    kind: "struct",
    abilities: ["key"],
    fields: {
      id: UID,
      version: "u64",
      package_id: ID,
      new_package_id: `0x1::option::Option<${ID}>`,
    },
  },
  "staking_inner::EpochState": {
    kind: "enum",
    abilities: value,
    variants: { EpochChangeSync: "u16", EpochChangeDone: "u64", NextParamsSelected: "u64" },
  },
  "staking_inner::StakingInnerV1": {
    kind: "struct",
    abilities: ["store"],
    fields: {
      n_shards: "u16",
      epoch_duration: "u64",
      first_epoch_start: "u64",
      pools: `0x2::object_table::ObjectTable<${ID}, walrus::staking_pool::StakingPool>`,
      epoch: "u32",
      active_set: "walrus::extended_field::ExtendedField<walrus::active_set::ActiveSet>",
      next_committee: `0x1::option::Option<${COMMITTEE}>`,
      committee: COMMITTEE,
      previous_committee: COMMITTEE,
      next_epoch_params: "0x1::option::Option<walrus::epoch_parameters::EpochParams>",
      epoch_state: "walrus::staking_inner::EpochState",
      next_epoch_public_keys: `walrus::extended_field::ExtendedField<0x2::vec_map::VecMap<${ID}, ${UNCOMPRESSED_G1_KEY}>>`,
    },
  },
  "committee::Committee": {
    kind: "struct",
    abilities: value,
    fields: { pos0: `0x2::vec_map::VecMap<${ID}, vector<u16>>` },
  },
  "epoch_parameters::EpochParams": {
    kind: "struct",
    abilities: value,
    fields: {
      total_capacity_size: "u64",
      storage_price_per_unit_size: "u64",
      write_price_per_unit_size: "u64",
    },
  },
  "active_set::ActiveSetEntry": {
    kind: "struct",
    abilities: value,
    fields: { node_id: ID, staked_amount: "u64" },
  },
  "active_set::ActiveSet": {
    kind: "struct",
    abilities: value,
    fields: {
      max_size: "u16",
      threshold_stake: "u64",
      nodes: "vector<walrus::active_set::ActiveSetEntry>",
      total_stake: "u64",
    },
  },
  "pending_values::PendingValues": {
    kind: "struct",
    abilities: value,
    fields: { pos0: "0x2::vec_map::VecMap<u32, u64>" },
  },
  "pool_exchange_rate::PoolExchangeRate": {
    kind: "enum",
    abilities: value,
    variants: { Flat: null, Variable: { wal_amount: "u128", share_amount: "u128" } },
  },
  "auth::Authorized": {
    kind: "enum",
    abilities: value,
    variants: { Address: "address", ObjectID: ID },
  },
  "node_metadata::NodeMetadata": {
    kind: "struct",
    abilities: value,
    fields: {
      image_url: STRING,
      project_url: STRING,
      description: STRING,
      extra_fields: `0x2::vec_map::VecMap<${STRING}, ${STRING}>`,
    },
  },
  "staking_pool::NewEpochCommissionBlockedForCollection": {
    kind: "struct",
    abilities: value,
    fields: {},
  },
  "staking_pool::PoolState": {
    kind: "enum",
    abilities: value,
    variants: { Active: null, Withdrawing: "u32", Withdrawn: null },
  },
  "staking_pool::VotingParams": {
    kind: "struct",
    abilities: value,
    fields: { storage_price: "u64", write_price: "u64", node_capacity: "u64" },
  },
  "staking_pool::StakingPool": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: {
      id: UID,
      state: "walrus::staking_pool::PoolState",
      voting_params: "walrus::staking_pool::VotingParams",
      node_info: "walrus::storage_node::StorageNodeInfo",
      activation_epoch: "u32",
      latest_epoch: "u32",
      wal_balance: "u64",
      num_shares: "u64",
      pending_shares_withdraw: PENDING,
      pre_active_withdrawals: PENDING,
      pending_commission_rate: PENDING,
      commission_rate: "u16",
      exchange_rates: "0x2::table::Table<u32, walrus::pool_exchange_rate::PoolExchangeRate>",
      pending_stake: PENDING,
      rewards_pool: WAL_BALANCE,
      commission: WAL_BALANCE,
      commission_receiver: AUTHORIZED,
      governance_authorized: AUTHORIZED,
      extra_fields: "0x2::bag::Bag",
    },
  },
  "storage_node::StorageNodeInfo": {
    kind: "struct",
    abilities: ["store"],
    fields: {
      name: STRING,
      node_id: ID,
      network_address: STRING,
      public_key: UNCOMPRESSED_G1_KEY,
      next_epoch_public_key: `0x1::option::Option<${UNCOMPRESSED_G1_KEY}>`,
      network_public_key: "vector<u8>",
      metadata: "walrus::extended_field::ExtendedField<walrus::node_metadata::NodeMetadata>",
    },
  },
  "storage_node::StorageNodeCap": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: {
      id: UID,
      node_id: ID,
      last_epoch_sync_done: "u32",
      last_event_blob_attestation: "0x1::option::Option<walrus::event_blob::EventBlobAttestation>",
      deny_list_root: "u256",
      deny_list_sequence: "u64",
      deny_list_size: "u64",
    },
  },
  "staked_wal::StakedWalState": {
    kind: "enum",
    abilities: value,
    variants: { Staked: null, Withdrawing: { withdraw_epoch: "u32" } },
  },
  "staked_wal::StakedWal": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: {
      id: UID,
      state: "walrus::staked_wal::StakedWalState",
      node_id: ID,
      principal: WAL_BALANCE,
      activation_epoch: "u32",
    },
  },
};
