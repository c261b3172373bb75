/** Messages that committees certify (`system/messages.move`). Pure. */
import { abort, at, ensure } from "./abort.ts";
import { BcsReader } from "./bytes.ts";

const APP_ID = 3;
const INTENT_VERSION = 0;
const BLOB_CERTIFICATE_TYPE = 1;
const INVALID_BLOB_ID_TYPE = 2;
const PERMANENT = 0;
const DELETABLE = 1;

/** A message whose header is checked and whose signature was verified before. */
export interface CertifiedMessage {
  readonly intentType: number;
  readonly epoch: number;
  readonly body: Uint8Array;
}

/** What a blob certificate says. */
export interface CertifiedBlob {
  readonly blobId: bigint;
  /** Object id of the deletable blob it is for; `null` for a permanent one. */
  readonly deletableObjectId: string | null;
}

/** Checks the header (`messages.move::new_certified_message`). */
export function newCertifiedMessage(message: Uint8Array, committeeEpoch: number): CertifiedMessage {
  const place = at("messages", "new_certified_message");
  const reader = new BcsReader(message);
  const intentType = reader.u8();
  ensure(reader.u8() === INTENT_VERSION, place, "EIncorrectIntentVersion");
  ensure(reader.u8() === APP_ID, place, "EIncorrectAppId");
  const epoch = reader.u32();
  ensure(epoch === committeeEpoch, place, "EIncorrectEpoch");
  return { intentType, epoch, body: reader.remainder() };
}

/** Reads a storage confirmation (`messages.move::certify_blob_message`). */
export function certifiedBlob(message: CertifiedMessage): CertifiedBlob {
  ensure(
    message.intentType === BLOB_CERTIFICATE_TYPE,
    at("messages", "certify_blob_message"),
    "EInvalidMsgType",
  );
  const reader = new BcsReader(message.body);
  const blobId = reader.u256();
  const persistence = reader.u8();
  if (persistence === PERMANENT) return { blobId, deletableObjectId: null };
  if (persistence === DELETABLE) return { blobId, deletableObjectId: reader.address() };
  return abort(at("messages", "peel_blob_persistence_type"), "EInvalidBlobPersistenceType");
}

/** Reads an invalid-blob message (`messages.move::invalid_blob_id_message`). */
export function invalidBlobId(message: CertifiedMessage): bigint {
  ensure(
    message.intentType === INVALID_BLOB_ID_TYPE,
    at("messages", "invalid_blob_id_message"),
    "EInvalidMsgType",
  );
  return new BcsReader(message.body).u256();
}
