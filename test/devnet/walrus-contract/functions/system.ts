/** Bodies of `system.move` for blobs, storage and views. */
import type { MoveCall } from "../../ledger/move.ts";
import {
  addCurrentReward,
  payForStorage,
  ringLookup,
  useCapacity,
  writePrice,
} from "../rules/accounting.ts";
import { at, ensure, u32 } from "../rules/abort.ts";
import { joinBalance, splitBalance } from "../rules/balance.ts";
import {
  certifiedEpochOf,
  certifyBlob,
  deleteBlob,
  emitCertified,
  extendWithResource,
  newBlob,
} from "../rules/blob.ts";
import { verifyCertificate } from "../rules/certificate.ts";
import { encodedBlobLength } from "../rules/encoding.ts";
import { emitter, type Emit } from "../rules/events.ts";
import { certifiedBlob, invalidBlobId, type CertifiedMessage } from "../rules/messages.ts";
import { AttachedMetadata } from "../rules/metadata.ts";
import { reserveSpace, reserveSpaceForEpochs } from "../rules/storage.ts";
import { METADATA } from "../table/names.ts";
import {
  argument,
  type Balance,
  type Blob,
  type Coin,
  type Storage,
  type SystemInner,
  type VersionedObject,
} from "../values.ts";
import { type Bodies, NOTHING, type Resolve } from "./bodies.ts";
import { systemInner, systemInnerMut } from "./system-inner.ts";

const STATE = "system_state_inner";

/** Bodies of the functions on single blobs and storage. */
export function systemBodies(resolve: Resolve, walrusOriginal: string): Bodies {
  const emitTo = (call: MoveCall): Emit => emitter(call.context, walrusOriginal);
  return {
    "system::reserve_space": (call) => {
      const [bytes, epochs] = [argument(call, 1) as bigint, argument(call, 2) as number];
      return [reserveSpace(call.context, mutable(call), bytes, epochs, paid(call, 3))];
    },
    "system::reserve_space_for_epochs": (call) => {
      const range = [argument(call, 2) as number, argument(call, 3) as number] as const;
      const bytes = argument(call, 1) as bigint;
      return [reserveSpaceForEpochs(call.context, mutable(call), bytes, range, paid(call, 4))];
    },
    "system::register_blob": (call) => [registerBlob(call, emitTo(call))],
    "system::certify_blob": (call) => {
      const inner = readable(call);
      const message = certifiedMessage(call, inner, 2, "certify_blob");
      const blob = argument(call, 1) as Blob;
      certifyBlob(emitTo(call), blob, inner.committee.epoch, certifiedBlob(message));
      return NOTHING;
    },
    "system::delete_blob": (call) => {
      const blob = argument(call, 1) as Blob;
      const { epoch } = readable(call).committee;
      new AttachedMetadata(call.context, resolve(METADATA), "blob", blob.id).drop();
      return [deleteBlob(call.context, emitTo(call), blob, epoch)];
    },
    "system::extend_blob": (call) => {
      const [blob, epochs] = [argument(call, 1) as Blob, argument(call, 2) as number];
      extendBlob(emitTo(call), mutable(call), blob, epochs, paid(call, 3));
      return NOTHING;
    },
    "system::extend_blob_with_resource": (call) => {
      const [blob, extension] = [argument(call, 1) as Blob, argument(call, 2) as Storage];
      const { epoch } = readable(call).committee;
      extendWithResource(call.context, emitTo(call), blob, extension, epoch);
      return NOTHING;
    },
    "system::invalidate_blob_id": (call) => [invalidate(call, emitTo(call))],
    "system::add_subsidy": addSubsidy,
    "system::add_per_epoch_subsidies": addPerEpochSubsidies,
    "system::epoch": (call) => [readable(call).committee.epoch],
    "system::total_capacity_size": (call) => [readable(call).total_capacity_size],
    "system::used_capacity_size": (call) => [readable(call).used_capacity_size],
    "system::n_shards": (call) => [readable(call).committee.n_shards],
    "system::version": (call) => [(argument(call, 0) as VersionedObject).version],
  };
}

/** `system_state_inner.move::extend_blob`; `shared_blob::extend` pays from its own funds. */
export function extendBlob(
  emit: Emit,
  inner: SystemInner,
  blob: Blob,
  epochs: number,
  payment: Balance,
): void {
  const place = at(STATE, "extend_blob");
  const certifiedEpoch = certifiedEpochOf(blob, inner.committee.epoch);
  const start = blob.storage.end_epoch - inner.committee.epoch;
  const end = u32(start + epochs);
  ensure(epochs > 0, place, "EInvalidEpochsAhead");
  ensure(end <= inner.future_accounting.length, place, "EInvalidEpochsAhead");
  payForStorage(inner, blob.storage.storage_size, start, end, payment);
  useCapacity(inner, blob.storage.storage_size, start, end, "extend_blob");
  blob.storage.end_epoch = u32(blob.storage.end_epoch + epochs);
  emitCertified(emit, blob, certifiedEpoch, true);
}

/** Verifies the quorum certificate in arguments `first` to `first + 2`. */
export function certifiedMessage(
  call: MoveCall,
  inner: SystemInner,
  first: number,
  functionName: string,
  required: "quorum" | "one-correct-node" = "quorum",
): CertifiedMessage {
  const message = verifyCertificate(
    inner.committee,
    {
      signature: argument(call, first) as Uint8Array,
      signersBitmap: argument(call, first + 1) as Uint8Array,
      message: argument(call, first + 2) as Uint8Array,
    },
    required,
  );
  ensure(message.epoch === inner.committee.epoch, at(STATE, functionName), "EInvalidIdEpoch");
  return message;
}

function registerBlob(call: MoveCall, emit: Emit): Blob {
  const inner = mutable(call);
  const claim = {
    blobId: argument(call, 2) as bigint,
    rootHash: argument(call, 3) as bigint,
    size: argument(call, 4) as bigint,
    encodingType: argument(call, 5) as number,
    deletable: argument(call, 6) as boolean,
  };
  const network = { epoch: inner.committee.epoch, shardCount: inner.committee.n_shards };
  const blob = newBlob(call.context, emit, argument(call, 1) as Storage, claim, network);
  const encoded = encodedBlobLength(claim.size, claim.encodingType, network.shardCount);
  addCurrentReward(inner, splitBalance(paid(call, 7), writePrice(inner, encoded)));
  return blob;
}

function invalidate(call: MoveCall, emit: Emit): bigint {
  const inner = readable(call);
  const message = certifiedMessage(call, inner, 1, "invalidate_blob_id", "one-correct-node");
  const blobId = invalidBlobId(message);
  emit("InvalidBlobID", { epoch: message.epoch, blob_id: blobId });
  return blobId;
}

function addSubsidy(call: MoveCall): readonly unknown[] {
  const place = at(STATE, "add_subsidy");
  const inner = mutable(call);
  const [subsidy, epochs] = [argument(call, 1) as Coin, argument(call, 2) as number];
  ensure(epochs > 0, place, "EInvalidEpochsAhead");
  ensure(epochs <= inner.future_accounting.length, place, "EInvalidEpochsAhead");
  call.context.deleteId(subsidy.id);
  const perEpoch = subsidy.balance.value / BigInt(epochs);
  for (let offset = 0; offset < epochs; offset++) {
    const { rewards_to_distribute } = ringLookup(inner.future_accounting, offset);
    joinBalance(rewards_to_distribute, splitBalance(subsidy.balance, perEpoch));
  }
  addCurrentReward(inner, subsidy.balance);
  return NOTHING;
}

function addPerEpochSubsidies(call: MoveCall): readonly unknown[] {
  const inner = mutable(call);
  const subsidies = argument(call, 1) as Balance[];
  ensure(
    subsidies.length <= inner.future_accounting.length,
    at(STATE, "add_per_epoch_subsidies"),
    "EInvalidEpochsAhead",
  );
  for (const [offset, subsidy] of subsidies.entries()) {
    joinBalance(ringLookup(inner.future_accounting, offset).rewards_to_distribute, subsidy);
  }
  return NOTHING;
}

function mutable(call: MoveCall): SystemInner {
  return systemInnerMut(call.context, argument(call, 0) as VersionedObject);
}

function readable(call: MoveCall): SystemInner {
  return systemInner(call.context, argument(call, 0) as VersionedObject);
}

function paid(call: MoveCall, index: number): Balance {
  return (argument(call, index) as Coin).balance;
}
