/** Bodies of `blob.move`, `metadata.move`, `storage_resource.move`, `shared_blob.move`. */
import type { MoveCall } from "../../ledger/move.ts";
import { joinBalance, mapRemove, withdrawAll } from "../rules/balance.ts";
import { deriveBlobId, encodedBlobLength } from "../rules/encoding.ts";
import { emitter } from "../rules/events.ts";
import {
  AttachedMetadata,
  insertOrUpdate,
  newMetadata,
  removeIfExists,
} from "../rules/metadata.ts";
import { fuse, fuseAmount, fusePeriods, splitByEpoch, splitBySize } from "../rules/storage.ts";
import { METADATA, SHARED_BLOB } from "../table/names.ts";
import {
  argument,
  type Balance,
  type Blob,
  type Coin,
  type Metadata,
  type SharedBlob,
  type Storage,
  type VersionedObject,
} from "../values.ts";
import { type Bodies, NOTHING, type Resolve } from "./bodies.ts";
import { systemInnerMut } from "./system-inner.ts";
import { extendBlob } from "./system.ts";

/** Bodies of `blob.move` and `encoding.move`. */
export function blobBodies(resolve: Resolve): Bodies {
  const blobOf = (call: MoveCall): Blob => argument(call, 0) as Blob;
  const attached = (call: MoveCall): AttachedMetadata =>
    new AttachedMetadata(call.context, resolve(METADATA), "blob", blobOf(call).id);
  return {
    "blob::object_id": (call) => [blobOf(call).id],
    "blob::registered_epoch": (call) => [blobOf(call).registered_epoch],
    "blob::blob_id": (call) => [blobOf(call).blob_id],
    "blob::size": (call) => [blobOf(call).size],
    "blob::encoding_type": (call) => [blobOf(call).encoding_type],
    "blob::is_deletable": (call) => [blobOf(call).deletable],
    "blob::encoded_size": (call) => {
      const blob = blobOf(call);
      return [encodedBlobLength(blob.size, blob.encoding_type, argument(call, 1) as number)];
    },
    "blob::end_epoch": (call) => [blobOf(call).storage.end_epoch],
    "blob::derive_blob_id": (call) => [
      deriveBlobId(
        argument(call, 0) as bigint,
        argument(call, 1) as number,
        argument(call, 2) as bigint,
      ),
    ],
    "blob::burn": (call) => {
      attached(call).drop();
      call.context.deleteId(blobOf(call).id);
      call.context.deleteId(blobOf(call).storage.id);
      return NOTHING;
    },
    "blob::add_metadata": (call) => {
      attached(call).add(argument(call, 1) as Metadata);
      return NOTHING;
    },
    "blob::add_or_replace_metadata": (call) => [
      attached(call).addOrReplace(argument(call, 1) as Metadata),
    ],
    "blob::take_metadata": (call) => [attached(call).take()],
    "blob::insert_or_update_metadata_pair": (call) => {
      attached(call).insertOrUpdatePair(argument(call, 1) as string, argument(call, 2) as string);
      return NOTHING;
    },
    "blob::remove_metadata_pair": (call) => attached(call).removePair(argument(call, 1) as string),
    "blob::remove_metadata_pair_if_exists": (call) => [
      attached(call).removePairIfExists(argument(call, 1) as string),
    ],
    "encoding::encoded_blob_length": (call) => [
      encodedBlobLength(
        argument(call, 0) as bigint,
        argument(call, 1) as number,
        argument(call, 2) as number,
      ),
    ],
  };
}

/** Bodies of `metadata.move`. */
export const METADATA_BODIES: Bodies = {
  "metadata::new": () => [newMetadata()],
  "metadata::insert_or_update": (call) => {
    insertOrUpdate(
      argument(call, 0) as Metadata,
      argument(call, 1) as string,
      argument(call, 2) as string,
    );
    return NOTHING;
  },
  "metadata::remove": (call) => {
    const { key, value } = mapRemove(
      (argument(call, 0) as Metadata).metadata,
      argument(call, 1) as string,
    );
    return [key, value];
  },
  "metadata::remove_if_exists": (call) => [
    removeIfExists(argument(call, 0) as Metadata, argument(call, 1) as string),
  ],
};

/** Bodies of `storage_resource.move`. */
export const STORAGE_BODIES: Bodies = {
  "storage_resource::start_epoch": (call) => [(argument(call, 0) as Storage).start_epoch],
  "storage_resource::end_epoch": (call) => [(argument(call, 0) as Storage).end_epoch],
  "storage_resource::size": (call) => [(argument(call, 0) as Storage).storage_size],
  "storage_resource::split_by_epoch": (call) => [
    splitByEpoch(call.context, argument(call, 0) as Storage, argument(call, 1) as number),
  ],
  "storage_resource::split_by_size": (call) => [
    splitBySize(call.context, argument(call, 0) as Storage, argument(call, 1) as bigint),
  ],
  "storage_resource::fuse_periods": (call) => {
    fusePeriods(call.context, argument(call, 0) as Storage, argument(call, 1) as Storage);
    return NOTHING;
  },
  "storage_resource::fuse_amount": (call) => {
    fuseAmount(call.context, argument(call, 0) as Storage, argument(call, 1) as Storage);
    return NOTHING;
  },
  "storage_resource::fuse": (call) => {
    fuse(call.context, argument(call, 0) as Storage, argument(call, 1) as Storage);
    return NOTHING;
  },
  "storage_resource::destroy": (call) => {
    call.context.deleteId((argument(call, 0) as Storage).id);
    return NOTHING;
  },
};

/** Bodies of `shared_blob.move`. */
export function sharedBlobBodies(resolve: Resolve, walrusOriginal: string): Bodies {
  const share = (call: MoveCall, funds: Balance): readonly unknown[] => {
    const shared: SharedBlob = {
      id: call.context.freshId(),
      blob: argument(call, 0) as Blob,
      funds,
    };
    call.context.share(resolve(SHARED_BLOB), shared);
    return NOTHING;
  };
  return {
    "shared_blob::new": (call) => share(call, { value: 0n }),
    "shared_blob::new_funded": (call) => share(call, intoBalance(call, 1)),
    "shared_blob::fund": (call) => {
      joinBalance((argument(call, 0) as SharedBlob).funds, intoBalance(call, 1));
      return NOTHING;
    },
    "shared_blob::extend": (call) => {
      const shared = argument(call, 0) as SharedBlob;
      const inner = systemInnerMut(call.context, argument(call, 1) as VersionedObject);
      const payment = withdrawAll(shared.funds);
      const emit = emitter(call.context, walrusOriginal);
      extendBlob(emit, inner, shared.blob, argument(call, 2) as number, payment);
      joinBalance(shared.funds, payment);
      return NOTHING;
    },
  };
}

/** `coin::into_balance` of a by-value coin argument. */
function intoBalance(call: MoveCall, index: number): Balance {
  const coin = argument(call, index) as Coin;
  call.context.deleteId(coin.id);
  return coin.balance;
}
