/**
 * What one upload through the relay adds to the counters when it has its answer. Pure.
 *
 * Each is counted where the official relay counts it (`walrus-upload-relay controller.rs::fan_out`,
 * `validate_auth_package`); what it does not count, no official name is there for.
 */
import type { Result } from "../../../shared/result.ts";
import type { PublisherFailure } from "../failure-to-problem.ts";
import type { RelayFailure } from "../relay/relay-problem.ts";
import type { CountedName } from "./catalogue.ts";
import type { Increment } from "./counters.ts";

const COUNTER_OF: Readonly<Record<RelayFailure["kind"], CountedName | null>> = {
  "relay-blob-mismatch": "walrus_upload_relay_blob_id_mismatch",
  "tip-transaction-unknown": "walrus_upload_relay_get_transaction_error",
  "tip-transaction-unreadable": "walrus_upload_relay_get_transaction_error",
  "tip-transaction-untimed": "walrus_upload_relay_freshness_check_error",
  "tip-transaction-stale": "walrus_upload_relay_freshness_check_error",
  "tip-transaction-early": "walrus_upload_relay_freshness_check_error",
  // A failed transaction has moved no tip.
  "tip-transaction-failed": "walrus_upload_relay_tip_check_error",
  "tip-missing": "walrus_upload_relay_tip_check_error",
  "tip-insufficient": "walrus_upload_relay_tip_check_error",
  "tip-unauthentic": "walrus_upload_relay_auth_package_check_error",
  // Nothing was looked up yet.
  "tip-parameter-missing": null,
};

/** The increments of an upload through the relay, by its outcome. */
export function relayIncrements(relayed: Result<unknown, PublisherFailure>): readonly Increment[] {
  if (relayed.ok) return [{ name: "walrus_upload_relay_blobs_uploaded", by: 1 }];
  const { failure } = relayed;
  const name = failure.kind === "relay-refused" ? COUNTER_OF[failure.refusal.kind] : null;
  return name === null ? [] : [{ name, by: 1 }];
}
