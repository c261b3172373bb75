/** Layouts of the System side: committee, accounting, blobs, storage. Data only. */
import {
  BLOB,
  G1_KEY,
  ID,
  STORAGE,
  STRING,
  UID,
  UNCOMPRESSED_G1_KEY,
  WAL_BALANCE,
} from "./names.ts";
import type { DatatypeTable } from "./types.ts";

export const SYSTEM_TYPES: DatatypeTable = {
  "system::System": {
    kind: "struct",
    abilities: ["key"],
    fields: {
      id: UID,
      version: "u64",
      package_id: ID,
      new_package_id: `0x1::option::Option<${ID}>`,
    },
  },
  "system_state_inner::SystemStateInnerV1": {
    kind: "struct",
    abilities: ["store"],
    fields: {
      committee: "walrus::bls_aggregate::BlsCommittee",
      total_capacity_size: "u64",
      used_capacity_size: "u64",
      storage_price_per_unit_size: "u64",
      write_price_per_unit_size: "u64",
      future_accounting: "walrus::storage_accounting::FutureAccountingRingBuffer",
      event_blob_certification_state: "walrus::event_blob::EventBlobCertificationState",
      deny_list_sizes: `walrus::extended_field::ExtendedField<0x2::vec_map::VecMap<${ID}, u64>>`,
    },
  },
  "bls_aggregate::BlsCommitteeMember": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: { public_key: UNCOMPRESSED_G1_KEY, weight: "u16", node_id: ID },
  },
  "bls_aggregate::BlsCommittee": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: {
      members: "vector<walrus::bls_aggregate::BlsCommitteeMember>",
      n_shards: "u16",
      epoch: "u32",
      total_aggregated_key: G1_KEY,
    },
  },
  "storage_accounting::FutureAccounting": {
    kind: "struct",
    abilities: ["store"],
    fields: { epoch: "u32", used_capacity: "u64", rewards_to_distribute: WAL_BALANCE },
  },
  "storage_accounting::FutureAccountingRingBuffer": {
    kind: "struct",
    abilities: ["store"],
    fields: {
      current_index: "u32",
      length: "u32",
      ring_buffer: "vector<walrus::storage_accounting::FutureAccounting>",
    },
  },
  "event_blob::EventBlob": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: { blob_id: "u256", ending_checkpoint_sequence_number: "u64" },
  },
  "event_blob::EventBlobAttestation": {
    kind: "struct",
    abilities: ["copy", "drop", "store"],
    fields: { checkpoint_sequence_num: "u64", epoch: "u32" },
  },
  "event_blob::EventBlobCertificationState": {
    kind: "struct",
    abilities: ["store"],
    fields: {
      latest_certified_blob: "0x1::option::Option<walrus::event_blob::EventBlob>",
      aggregate_weight_per_blob: "0x2::vec_map::VecMap<walrus::event_blob::EventBlob, u16>",
    },
  },
  "extended_field::ExtendedField": {
    kind: "struct",
    abilities: ["key", "store"],
    typeParameterCount: 1,
    fields: { id: UID },
  },
  "extended_field::Key": { kind: "struct", abilities: ["copy", "drop", "store"], fields: {} },
  "storage_resource::Storage": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: { id: UID, start_epoch: "u32", end_epoch: "u32", storage_size: "u64" },
  },
  "blob::Blob": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: {
      id: UID,
      registered_epoch: "u32",
      blob_id: "u256",
      size: "u64",
      encoding_type: "u8",
      certified_epoch: "0x1::option::Option<u32>",
      storage: STORAGE,
      deletable: "bool",
    },
  },
  "metadata::Metadata": {
    kind: "struct",
    abilities: ["drop", "store"],
    fields: { metadata: `0x2::vec_map::VecMap<${STRING}, ${STRING}>` },
  },
  "shared_blob::SharedBlob": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: { id: UID, blob: BLOB, funds: WAL_BALANCE },
  },
  "storage_pool::StoragePool": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: { id: UID, version: "u64" },
  },
  "storage_pool::StoragePoolInnerV1": {
    kind: "struct",
    abilities: ["store"],
    fields: {
      storage: STORAGE,
      used_encoded_bytes: "u64",
      blob_count: "u64",
      blobs: "0x2::object_table::ObjectTable<u256, walrus::storage_pool::PooledBlob>",
    },
  },
  "storage_pool::PooledBlob": {
    kind: "struct",
    abilities: ["key", "store"],
    fields: {
      id: UID,
      registered_epoch: "u32",
      blob_id: "u256",
      unencoded_size: "u64",
      encoding_type: "u8",
      certified_epoch: "0x1::option::Option<u32>",
      storage_pool_id: ID,
      deletable: "bool",
    },
  },
};
