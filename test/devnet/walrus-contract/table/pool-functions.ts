/** Signatures of `storage_pool.move`. Data only. */
import { ID, METADATA, STORAGE, STORAGE_POOL, STRING } from "./names.ts";
import type { FunctionTable } from "./types.ts";

export const POOL_FUNCTIONS: FunctionTable = {
  "storage_pool::start_epoch": { parameters: [`&${STORAGE_POOL}`], returns: ["u32"] },
  "storage_pool::end_epoch": { parameters: [`&${STORAGE_POOL}`], returns: ["u32"] },
  "storage_pool::reserved_encoded_capacity_bytes": {
    parameters: [`&${STORAGE_POOL}`],
    returns: ["u64"],
  },
  "storage_pool::used_encoded_bytes": { parameters: [`&${STORAGE_POOL}`], returns: ["u64"] },
  "storage_pool::available_encoded_bytes": { parameters: [`&${STORAGE_POOL}`], returns: ["u64"] },
  "storage_pool::blob_count": { parameters: [`&${STORAGE_POOL}`], returns: ["u64"] },
  "storage_pool::contains_blob": { parameters: [`&${STORAGE_POOL}`, "u256"], returns: ["bool"] },
  "storage_pool::blob_object_id": { parameters: [`&${STORAGE_POOL}`, "u256"], returns: [ID] },
  "storage_pool::object_id": { parameters: [`&${STORAGE_POOL}`], returns: [ID] },
  "storage_pool::destroy": { parameters: [STORAGE_POOL], returns: [STORAGE] },
  "storage_pool::add_blob_metadata": {
    parameters: [`&mut ${STORAGE_POOL}`, "u256", METADATA],
    returns: [],
  },
  "storage_pool::add_or_replace_blob_metadata": {
    parameters: [`&mut ${STORAGE_POOL}`, "u256", METADATA],
    returns: [`0x1::option::Option<${METADATA}>`],
  },
  "storage_pool::take_blob_metadata": {
    parameters: [`&mut ${STORAGE_POOL}`, "u256"],
    returns: [METADATA],
  },
  "storage_pool::insert_or_update_blob_metadata_pair": {
    parameters: [`&mut ${STORAGE_POOL}`, "u256", STRING, STRING],
    returns: [],
  },
  "storage_pool::remove_blob_metadata_pair": {
    parameters: [`&mut ${STORAGE_POOL}`, "u256", `&${STRING}`],
    returns: [STRING, STRING],
  },
  "storage_pool::remove_blob_metadata_pair_if_exists": {
    parameters: [`&mut ${STORAGE_POOL}`, "u256", `&${STRING}`],
    returns: [`0x1::option::Option<${STRING}>`],
  },
};
