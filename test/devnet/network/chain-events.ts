/** Blob events of the contract, read from a transaction's BCS for the storage nodes. Pure. */
import { type BcsReader, readBcs } from "../../../shared/bcs/reader.ts";
import { toHex } from "../../../shared/bytes/text.ts";
import { formatBlobId } from "../../../shared/codec/index.ts";
import type { ExecutedTransaction } from "../ledger/types.ts";
import type { ChainEvent, EventRef } from "../storage-node/chain-view.ts";

type Layout = (reader: BcsReader, ref: EventRef) => ChainEvent;

const blobKey = (reader: BcsReader): string => formatBlobId(reader.fixed(32));
const objectId = (reader: BcsReader): string => `0x${toHex(reader.fixed(32))}`;

/** Event name to its fields in wire order (`system/events.move`). */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  "events::BlobRegistered": (reader, ref) => {
    const epoch = reader.u32();
    const key = blobKey(reader);
    reader.u64();
    reader.u8();
    const endEpoch = reader.u32();
    const deletable = reader.u8() === 1;
    const object = objectId(reader);
    return { kind: "registered", blobKey: key, objectId: object, deletable, epoch, endEpoch, ref };
  },
  "events::BlobCertified": (reader, ref) => {
    const epoch = reader.u32();
    const key = blobKey(reader);
    const endEpoch = reader.u32();
    const deletable = reader.u8() === 1;
    const object = objectId(reader);
    reader.u8();
    return { kind: "certified", blobKey: key, objectId: object, deletable, epoch, endEpoch, ref };
  },
  "events::BlobDeleted": (reader) => {
    reader.u32();
    const key = blobKey(reader);
    reader.u32();
    const object = objectId(reader);
    reader.u8();
    return { kind: "deleted", blobKey: key, objectId: object };
  },
  "events::InvalidBlobID": (reader, ref) => {
    reader.u32();
    return { kind: "invalid", blobKey: blobKey(reader), ref };
  },
};

/** The blob events of a transaction that the package `walrusId` emitted, in order. */
export function blobEvents(transaction: ExecutedTransaction, walrusId: string): ChainEvent[] {
  return transaction.events.flatMap((event, index) => {
    const prefix = `${walrusId}::`;
    const layout = event.type.startsWith(prefix)
      ? LAYOUTS[event.type.slice(prefix.length)]
      : undefined;
    if (layout === undefined) return [];
    const ref = { txDigest: transaction.digest, eventSeq: String(index) };
    const read = readBcs(event.type, event.contents, (reader) => layout(reader, ref));
    if (!read.ok) throw new Error(`Cannot read event ${event.type} of ${transaction.digest}`);
    return [read.value];
  });
}
