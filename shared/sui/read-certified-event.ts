/**
 * Reads one event of the chain and says whether it certifies a blob: what makes a storage node's
 * word on a lease a proof.
 *
 * Source of the layout: Move `system/events.move::BlobCertified`; of the rule: walrus-sdk
 * `node_client.rs::verify_blob_status_event`.
 */
import { readBcs } from "../bcs/reader.ts";
import { err, ok, type Result } from "../result.ts";
import type { ChainFailure } from "./chain.ts";
import { createRpc, type RpcOptions } from "./rpc.ts";

/** Which event to read, and whose it must be. */
export interface CertifiedEventRef {
  /** Base58. */
  readonly txDigest: string;
  /** Position among the transaction's events. */
  readonly eventIndex: number;
  /** Package that the types of the Walrus contract carry. */
  readonly originalPackageId: string;
}

/** What the event says. */
export interface CertifiedEvent {
  /** 32 bytes. */
  readonly blobId: Uint8Array;
  /** First epoch in which the blob is no longer paid for. */
  readonly endEpoch: number;
  readonly deletable: boolean;
}

/** Reads it; `null` when there is no such event or it certifies nothing. */
export type ReadCertifiedEvent = (
  ref: CertifiedEventRef,
) => Promise<Result<CertifiedEvent | null, ChainFailure>>;

const CALL = "getTransaction";
const READ_MASK = { paths: ["digest", "events"] };
const BLOB_ID_BYTES = 32;

/** Makes the reader over one RPC node. */
export function createCertifiedEventReader(options: RpcOptions): ReadCertifiedEvent {
  const rpc = createRpc(options);
  return async ({ txDigest, eventIndex, originalPackageId }) => {
    const answer = await rpc.read(CALL, async (client, signal) => {
      const request = { digest: txDigest, readMask: READ_MASK };
      return (await client.ledgerService.getTransaction(request, { abort: signal })).response;
    });
    if (!answer.ok) {
      const { failure } = answer;
      const isUnknown = failure.kind === "rpc-refused" && failure.code === "NOT_FOUND";
      return isUnknown ? ok(null) : answer;
    }
    const event = answer.value.transaction?.events?.events[eventIndex];
    if (event?.eventType !== `${originalPackageId}::events::BlobCertified`) return ok(null);
    const contents = event.contents?.value;
    const certified = contents === undefined ? null : certifiedEvent(contents);
    return certified === null
      ? err({ kind: "malformed-answer", call: CALL, detail: "BlobCertified of unknown layout" })
      : ok(certified);
  };
}

/** The event from its BCS; `null` when it has another layout. */
function certifiedEvent(contents: Uint8Array): CertifiedEvent | null {
  const read = readBcs("BlobCertified", contents, (reader): CertifiedEvent => {
    reader.u32();
    const blobId = reader.fixed(BLOB_ID_BYTES);
    const endEpoch = reader.u32();
    const deletable = reader.u8() === 1;
    // The Blob object and whether this was an extension.
    reader.fixed(BLOB_ID_BYTES);
    reader.u8();
    return { blobId, endEpoch, deletable };
  });
  return read.ok ? read.value : null;
}
