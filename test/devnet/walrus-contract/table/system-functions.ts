/**
 * Signatures of `system.move` that the local network serves. Data only.
 *
 * Left out: `certify_event_blob`, the deny-list functions and `update_protocol_version` (calls of
 * real storage nodes), and views that return references, which no transaction can call.
 */
import {
  BLOB,
  BYTES,
  CONTEXT,
  STORAGE,
  STORAGE_POOL,
  SYSTEM,
  WAL_BALANCE,
  WAL_COIN,
} from "./names.ts";
import type { FunctionTable } from "./types.ts";

export const SYSTEM_FUNCTIONS: FunctionTable = {
  "system::reserve_space": {
    parameters: [`&mut ${SYSTEM}`, "u64", "u32", `&mut ${WAL_COIN}`, CONTEXT],
    returns: [STORAGE],
  },
  "system::reserve_space_for_epochs": {
    parameters: [`&mut ${SYSTEM}`, "u64", "u32", "u32", `&mut ${WAL_COIN}`, CONTEXT],
    returns: [STORAGE],
  },
  "system::register_blob": {
    parameters: [
      `&mut ${SYSTEM}`,
      STORAGE,
      "u256",
      "u256",
      "u64",
      "u8",
      "bool",
      `&mut ${WAL_COIN}`,
      CONTEXT,
    ],
    returns: [BLOB],
  },
  "system::certify_blob": {
    parameters: [`&${SYSTEM}`, `&mut ${BLOB}`, BYTES, BYTES, BYTES],
    returns: [],
  },
  "system::delete_blob": { parameters: [`&${SYSTEM}`, BLOB], returns: [STORAGE] },
  "system::extend_blob": {
    parameters: [`&mut ${SYSTEM}`, `&mut ${BLOB}`, "u32", `&mut ${WAL_COIN}`],
    returns: [],
  },
  "system::extend_blob_with_resource": {
    parameters: [`&${SYSTEM}`, `&mut ${BLOB}`, STORAGE],
    returns: [],
  },
  "system::invalidate_blob_id": {
    parameters: [`&${SYSTEM}`, BYTES, BYTES, BYTES],
    returns: ["u256"],
  },
  "system::add_subsidy": { parameters: [`&mut ${SYSTEM}`, WAL_COIN, "u32"], returns: [] },
  "system::add_per_epoch_subsidies": {
    parameters: [`&mut ${SYSTEM}`, `vector<${WAL_BALANCE}>`],
    returns: [],
  },
  "system::create_storage_pool": {
    parameters: [`&mut ${SYSTEM}`, "u64", "u32", `&mut ${WAL_COIN}`, CONTEXT],
    returns: [STORAGE_POOL],
  },
  "system::create_storage_pool_with_storage": {
    parameters: [`&${SYSTEM}`, STORAGE, CONTEXT],
    returns: [STORAGE_POOL],
  },
  "system::register_pooled_blob": {
    parameters: [
      `&mut ${SYSTEM}`,
      `&mut ${STORAGE_POOL}`,
      "u256",
      "u256",
      "u64",
      "u8",
      "bool",
      `&mut ${WAL_COIN}`,
      CONTEXT,
    ],
    returns: [],
  },
  "system::certify_pooled_blob": {
    parameters: [`&${SYSTEM}`, `&mut ${STORAGE_POOL}`, "u256", BYTES, BYTES, BYTES],
    returns: [],
  },
  "system::delete_pooled_blob": {
    parameters: [`&${SYSTEM}`, `&mut ${STORAGE_POOL}`, "u256"],
    returns: [],
  },
  "system::burn_expired_pooled_blob": {
    parameters: [`&${SYSTEM}`, `&mut ${STORAGE_POOL}`, "u256"],
    returns: [],
  },
  "system::extend_storage_pool": {
    parameters: [`&mut ${SYSTEM}`, `&mut ${STORAGE_POOL}`, "u32", `&mut ${WAL_COIN}`],
    returns: [],
  },
  "system::increase_storage_pool_capacity": {
    parameters: [`&mut ${SYSTEM}`, `&mut ${STORAGE_POOL}`, "u64", `&mut ${WAL_COIN}`],
    returns: [],
  },
  "system::increase_storage_pool_capacity_with_storage": {
    parameters: [`&${SYSTEM}`, `&mut ${STORAGE_POOL}`, STORAGE],
    returns: [],
  },
  "system::decrease_storage_pool_capacity_by_size": {
    parameters: [`&${SYSTEM}`, `&mut ${STORAGE_POOL}`, "u64", CONTEXT],
    returns: [STORAGE],
  },
  "system::decrease_storage_pool_unused_capacity_by_percent": {
    parameters: [`&${SYSTEM}`, `&mut ${STORAGE_POOL}`, "u8", CONTEXT],
    returns: [STORAGE],
  },
  "system::epoch": { parameters: [`&${SYSTEM}`], returns: ["u32"] },
  "system::total_capacity_size": { parameters: [`&${SYSTEM}`], returns: ["u64"] },
  "system::used_capacity_size": { parameters: [`&${SYSTEM}`], returns: ["u64"] },
  "system::n_shards": { parameters: [`&${SYSTEM}`], returns: ["u16"] },
  "system::version": { parameters: [`&${SYSTEM}`], returns: ["u64"] },
};
