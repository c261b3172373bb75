/**
 * The message a storage node signs when it holds its slivers of a blob. Pure.
 *
 * `intent[3] = (1, 0, 3) ‖ epoch u32le ‖ blob ID[32] ‖ 00`, or `‖ 01 ‖ object ID[32]` for a
 * deletable blob. Sources: walrus-core `messages/storage_confirmation.rs::Confirmation`; Move
 * `system/messages.move::certify_blob_message` (which tolerates trailing bytes; nodes never sign
 * any, so neither do we).
 */
import { concatBytes } from "../bytes/arrays.ts";
import { fromHex, toHex } from "../bytes/text.ts";

/** Type 1 (blob certificate), version 0, application 3 (storage). */
const INTENT = Uint8Array.of(1, 0, 3);

/** Bytes of a permanent blob's confirmation. */
const PERMANENT_CONFIRMATION_BYTES = 40;

/** Bytes of a deletable blob's confirmation. */
const DELETABLE_CONFIRMATION_BYTES = 72;

/** What is confirmed; a deletable blob's message names its Blob object. */
export interface Confirmation {
  /** Epoch of the committee that signs. */
  readonly epoch: number;
  /** 32 bytes. */
  readonly blobId: Uint8Array;
  /** `0x` and 64 hex digits of the Blob object; `null` for a permanent blob. */
  readonly deletableObjectId: string | null;
}

/**
 * The exact bytes every node of the committee signs.
 *
 * @throws {RangeError} When the epoch is not a u32 or the blob ID not 32 bytes.
 * @throws {TypeError} When the object ID is malformed.
 */
export function confirmationMessage(confirmation: Confirmation): Uint8Array<ArrayBuffer> {
  const { epoch, blobId, deletableObjectId } = confirmation;
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > 0xffff_ffff) {
    throw new RangeError(`Cannot build confirmation: expected a u32 epoch, got ${epoch}`);
  }
  if (blobId.length !== 32) {
    throw new RangeError(`Cannot build confirmation: expected a 32-byte ID, got ${blobId.length}`);
  }
  const epochBytes = new Uint8Array(4);
  new DataView(epochBytes.buffer).setUint32(0, epoch, true);
  const head = concatBytes(INTENT, epochBytes, blobId);
  if (deletableObjectId === null) return concatBytes(head, Uint8Array.of(0));
  return concatBytes(head, Uint8Array.of(1), objectIdBytes(deletableObjectId));
}

/** Reads a confirmation; `null` unless it is exactly one, without a byte more. */
export function parseConfirmation(message: Uint8Array): Confirmation | null {
  const isPermanent = message.length === PERMANENT_CONFIRMATION_BYTES && message[39] === 0;
  const isDeletable = message.length === DELETABLE_CONFIRMATION_BYTES && message[39] === 1;
  if (!isPermanent && !isDeletable) return null;
  if (message[0] !== INTENT[0] || message[1] !== INTENT[1] || message[2] !== INTENT[2]) return null;
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  return {
    epoch: view.getUint32(3, true),
    blobId: message.slice(7, 39),
    deletableObjectId: isDeletable ? `0x${toHex(message.slice(40))}` : null,
  };
}

function objectIdBytes(objectId: string): Uint8Array {
  const bytes = objectId.startsWith("0x") ? fromHex(objectId.slice(2)) : null;
  if (bytes?.length !== 32) {
    throw new TypeError(
      `Cannot build confirmation: expected an object ID of 0x and 64 hex digits, got ${objectId}`,
    );
  }
  return bytes;
}
