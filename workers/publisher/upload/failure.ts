/** Why an upload cannot be carried out: data that fits the journal (JSON), never prose. */

import type { StatusEvent } from "../../../shared/nodes/blob-status.ts";

/** One failure of an upload. */
export type UploadFailure =
  /** Refused while it came in. */
  | { readonly kind: "body-too-large"; readonly bytesMax: number }
  | { readonly kind: "body-interrupted"; readonly receivedBytes: number }
  /** The key of the client names another request. */
  | { readonly kind: "idempotency-mismatch" }
  /** Somebody ended it before anything was paid. */
  | { readonly kind: "cancelled" }
  /** The network's shard count cannot encode so much. */
  | { readonly kind: "blob-exceeds-protocol"; readonly bytesMax: number }
  /** Asked for zero epochs: an answer only where the network has the blob already. */
  | { readonly kind: "epochs-none" }
  | { readonly kind: "epochs-too-many"; readonly asked: number; readonly epochsMax: number }
  /** The chain could not be asked; nothing is known to be wrong. */
  | { readonly kind: "chain-unavailable"; readonly detail: string }
  /** The wallet is at work on this or an earlier transaction; nothing is lost. */
  | { readonly kind: "wallet-pending"; readonly detail: string }
  | { readonly kind: "insufficient-funds"; readonly coin: "WAL" | "SUI" }
  /** The gateway has spent what it may in this hour or day. */
  | { readonly kind: "spend-capped"; readonly period: "hour" | "day" }
  /** The contract or the validators refused for good. */
  | { readonly kind: "transaction-refused"; readonly step: string; readonly detail: string }
  | {
      readonly kind: "insufficient-confirmations";
      readonly weight: number;
      readonly requiredWeight: number;
      readonly failureCounts: Readonly<Record<string, number>>;
    }
  | { readonly kind: "blob-blocked" }
  /** The network has found the encoding of this ID inconsistent; it takes it from nobody. */
  | { readonly kind: "marked-invalid"; readonly blobId: string; readonly event: StatusEvent }
  /** The epoch changed each time a certificate was ready. */
  | { readonly kind: "epoch-unsettled" }
  /** The upload was interrupted (a restart); an alarm goes on with it. */
  | { readonly kind: "interrupted" };

/** Whether the same upload may succeed later without anybody changing the request. */
export function isTransient(failure: UploadFailure): boolean {
  switch (failure.kind) {
    case "chain-unavailable":
    case "wallet-pending":
    case "insufficient-funds":
    case "spend-capped":
    case "insufficient-confirmations":
    case "epoch-unsettled":
    case "interrupted":
      return true;
    case "body-too-large":
    case "body-interrupted":
    case "idempotency-mismatch":
    case "cancelled":
    case "blob-exceeds-protocol":
    case "epochs-none":
    case "epochs-too-many":
    case "transaction-refused":
    case "blob-blocked":
    case "marked-invalid":
      return false;
  }
}

/**
 * Whether the upload must go on even when its client has been told of the failure: money may have
 * left the wallet, or will once the chain answers, and the fate of it has to become definite.
 */
export function mustGoOn(failure: UploadFailure): boolean {
  return (
    failure.kind === "wallet-pending" ||
    failure.kind === "chain-unavailable" ||
    failure.kind === "interrupted"
  );
}
