/** Layouts of the Walrus events (`system/events.move`). Data only. */
import { BYTES, ID } from "./names.ts";
import type { DatatypeTable } from "./types.ts";

const abilities = ["copy", "drop"] as const;

export const EVENT_TYPES: DatatypeTable = {
  "events::BlobRegistered": {
    kind: "struct",
    abilities,
    fields: {
      epoch: "u32",
      blob_id: "u256",
      size: "u64",
      encoding_type: "u8",
      end_epoch: "u32",
      deletable: "bool",
      object_id: ID,
    },
  },
  "events::BlobCertified": {
    kind: "struct",
    abilities,
    fields: {
      epoch: "u32",
      blob_id: "u256",
      end_epoch: "u32",
      deletable: "bool",
      object_id: ID,
      is_extension: "bool",
    },
  },
  "events::BlobDeleted": {
    kind: "struct",
    abilities,
    fields: {
      epoch: "u32",
      blob_id: "u256",
      end_epoch: "u32",
      object_id: ID,
      was_certified: "bool",
    },
  },
  "events::InvalidBlobID": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", blob_id: "u256" },
  },
  "events::EpochChangeStart": { kind: "struct", abilities, fields: { epoch: "u32" } },
  "events::EpochChangeDone": { kind: "struct", abilities, fields: { epoch: "u32" } },
  "events::ShardsReceived": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", shards: "vector<u16>" },
  },
  "events::EpochParametersSelected": {
    kind: "struct",
    abilities,
    fields: { next_epoch: "u32" },
  },
  "events::ShardRecoveryStart": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", shards: "vector<u16>" },
  },
  "events::ContractUpgraded": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", package_id: ID, version: "u64" },
  },
  "events::RegisterDenyListUpdate": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", root: "u256", sequence_number: "u64", node_id: ID },
  },
  "events::DenyListUpdate": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", root: "u256", sequence_number: "u64", node_id: ID },
  },
  "events::DenyListBlobDeleted": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", blob_id: "u256" },
  },
  "events::ContractUpgradeProposed": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", package_digest: BYTES },
  },
  "events::ContractUpgradeQuorumReached": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", package_digest: BYTES },
  },
  "events::ProtocolVersionUpdated": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", start_epoch: "u32", protocol_version: "u64" },
  },
  "events::PricesUpdated": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", storage_price: "u64", write_price: "u64" },
  },
  "events::StoragePoolCreated": {
    kind: "struct",
    abilities,
    fields: {
      epoch: "u32",
      storage_pool_id: ID,
      reserved_encoded_capacity_bytes: "u64",
      start_epoch: "u32",
      end_epoch: "u32",
    },
  },
  "events::PooledBlobRegistered": {
    kind: "struct",
    abilities,
    fields: {
      epoch: "u32",
      blob_id: "u256",
      unencoded_size: "u64",
      encoding_type: "u8",
      deletable: "bool",
      object_id: ID,
      storage_pool_id: ID,
    },
  },
  "events::PooledBlobCertified": {
    kind: "struct",
    abilities,
    fields: {
      epoch: "u32",
      blob_id: "u256",
      deletable: "bool",
      object_id: ID,
      storage_pool_id: ID,
    },
  },
  "events::PooledBlobDeleted": {
    kind: "struct",
    abilities,
    fields: {
      epoch: "u32",
      blob_id: "u256",
      object_id: ID,
      was_certified: "bool",
      storage_pool_id: ID,
    },
  },
  "events::StoragePoolExtended": {
    kind: "struct",
    abilities,
    fields: { epoch: "u32", storage_pool_id: ID, new_end_epoch: "u32" },
  },
};
