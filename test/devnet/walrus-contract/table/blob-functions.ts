/**
 * Signatures of `blob.move`, `metadata.move`, `storage_resource.move`, `shared_blob.move`,
 * `encoding.move`. Data only.
 *
 * `blob::share` is not among them: it is a method alias of `shared_blob::new`, not a function.
 */
import {
  BLOB,
  CONTEXT,
  ID,
  METADATA,
  SHARED_BLOB,
  STORAGE,
  STRING,
  SYSTEM,
  WAL_COIN,
} from "./names.ts";
import type { FunctionTable } from "./types.ts";

export const BLOB_FUNCTIONS: FunctionTable = {
  "blob::object_id": { parameters: [`&${BLOB}`], returns: [ID] },
  "blob::registered_epoch": { parameters: [`&${BLOB}`], returns: ["u32"] },
  "blob::blob_id": { parameters: [`&${BLOB}`], returns: ["u256"] },
  "blob::size": { parameters: [`&${BLOB}`], returns: ["u64"] },
  "blob::encoding_type": { parameters: [`&${BLOB}`], returns: ["u8"] },
  "blob::is_deletable": { parameters: [`&${BLOB}`], returns: ["bool"] },
  "blob::encoded_size": { parameters: [`&${BLOB}`, "u16"], returns: ["u64"] },
  "blob::end_epoch": { parameters: [`&${BLOB}`], returns: ["u32"] },
  "blob::derive_blob_id": { parameters: ["u256", "u8", "u64"], returns: ["u256"] },
  "blob::burn": { parameters: [BLOB], returns: [] },
  "blob::add_metadata": { parameters: [`&mut ${BLOB}`, METADATA], returns: [] },
  "blob::add_or_replace_metadata": {
    parameters: [`&mut ${BLOB}`, METADATA],
    returns: [`0x1::option::Option<${METADATA}>`],
  },
  "blob::take_metadata": { parameters: [`&mut ${BLOB}`], returns: [METADATA] },
  "blob::insert_or_update_metadata_pair": {
    parameters: [`&mut ${BLOB}`, STRING, STRING],
    returns: [],
  },
  "blob::remove_metadata_pair": {
    parameters: [`&mut ${BLOB}`, `&${STRING}`],
    returns: [STRING, STRING],
  },
  "blob::remove_metadata_pair_if_exists": {
    parameters: [`&mut ${BLOB}`, `&${STRING}`],
    returns: [`0x1::option::Option<${STRING}>`],
  },
  "encoding::encoded_blob_length": { parameters: ["u64", "u8", "u16"], returns: ["u64"] },
  "metadata::new": { parameters: [], returns: [METADATA] },
  "metadata::insert_or_update": {
    parameters: [`&mut ${METADATA}`, STRING, STRING],
    returns: [],
  },
  "metadata::remove": {
    parameters: [`&mut ${METADATA}`, `&${STRING}`],
    returns: [STRING, STRING],
  },
  "metadata::remove_if_exists": {
    parameters: [`&mut ${METADATA}`, `&${STRING}`],
    returns: [`0x1::option::Option<${STRING}>`],
  },
  "storage_resource::start_epoch": { parameters: [`&${STORAGE}`], returns: ["u32"] },
  "storage_resource::end_epoch": { parameters: [`&${STORAGE}`], returns: ["u32"] },
  "storage_resource::size": { parameters: [`&${STORAGE}`], returns: ["u64"] },
  "storage_resource::split_by_epoch": {
    parameters: [`&mut ${STORAGE}`, "u32", CONTEXT],
    returns: [STORAGE],
  },
  "storage_resource::split_by_size": {
    parameters: [`&mut ${STORAGE}`, "u64", CONTEXT],
    returns: [STORAGE],
  },
  "storage_resource::fuse_periods": { parameters: [`&mut ${STORAGE}`, STORAGE], returns: [] },
  "storage_resource::fuse_amount": { parameters: [`&mut ${STORAGE}`, STORAGE], returns: [] },
  "storage_resource::fuse": { parameters: [`&mut ${STORAGE}`, STORAGE], returns: [] },
  "storage_resource::destroy": { parameters: [STORAGE], returns: [] },
  "shared_blob::new": { parameters: [BLOB, CONTEXT], returns: [] },
  "shared_blob::new_funded": { parameters: [BLOB, WAL_COIN, CONTEXT], returns: [] },
  "shared_blob::fund": { parameters: [`&mut ${SHARED_BLOB}`, WAL_COIN], returns: [] },
  "shared_blob::extend": {
    parameters: [`&mut ${SHARED_BLOB}`, `&mut ${SYSTEM}`, "u32", CONTEXT],
    returns: [],
  },
};
