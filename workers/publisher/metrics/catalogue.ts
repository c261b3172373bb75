/**
 * Every metric of `/metrics`: name, type, help. Data only.
 *
 * Names without the prefix `walrus_edge_` are those of the official publisher and upload relay, with
 * their buckets and help (`walrus-sdk node_client/metrics.rs::ClientMetrics`, `walrus-upload-relay
 * metrics.rs`, `walrus-sdk blocklist.rs`, `walrus_build_info`), so that dashboards made for them go on
 * working. What they have and we do not measure is not here; docs/operations.md says why.
 */

/** Upper bounds in seconds, `metrics.rs::LATENCY_SEC_BUCKETS`. */
const LATENCY_SEC_BUCKETS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9, 10, 20, 40, 80, 160];

/** Upper bounds in seconds, `metrics.rs::LATENCY_SEC_SMALL_BUCKETS`. */
const LATENCY_SEC_SMALL_BUCKETS = [
  0.005, 0.01, 0.03, 0.05, 0.07, 1, 1.3, 1.5, 1.7, 2, 2.3, 2.5, 2.7, 3,
];

/** What one family of series is. */
export type Metric =
  | { readonly type: "counter" | "gauge"; readonly help: string }
  | { readonly type: "histogram"; readonly help: string; readonly buckets: readonly number[] };

export const METRICS = {
  walrus_build_info: { type: "gauge", help: "Version of the gateway" },
  submitted: { type: "counter", help: "Number of submitted transactions" },
  latency_s: {
    type: "histogram",
    help: "Total time in seconds used by the workloads",
    buckets: LATENCY_SEC_BUCKETS,
  },
  latency_squared_s: {
    type: "counter",
    help: "Square of the total time in seconds used by the workloads",
  },
  errors: { type: "counter", help: "Uploads that failed, by kind of failure" },
  gas_refill: { type: "counter", help: "Number of gas refills" },
  wal_refill: { type: "counter", help: "Number of wal refills" },
  encoding_latency_s: {
    type: "histogram",
    help: "Time to encode a blob",
    buckets: LATENCY_SEC_SMALL_BUCKETS,
  },
  checking_blob_status_latency_s: {
    type: "histogram",
    help: "Time to check the status of a blob",
    buckets: LATENCY_SEC_SMALL_BUCKETS,
  },
  store_operation_latency_s: {
    type: "histogram",
    help: "Time to register a blob: storage bought and the blob created",
    buckets: LATENCY_SEC_BUCKETS,
  },
  get_certificates_latency_s: {
    type: "histogram",
    help: "Time to get certificates",
    buckets: LATENCY_SEC_BUCKETS,
  },
  upload_certificate_latency_s: {
    type: "histogram",
    help: "Time to upload a certificate to Sui",
    buckets: LATENCY_SEC_BUCKETS,
  },
  walrus_blocklist_size: { type: "gauge", help: "Number of blob IDs in the blocklist" },
  walrus_upload_relay_blobs_uploaded: {
    type: "counter",
    help: "The total count of blobs uploaded",
  },
  walrus_upload_relay_blob_id_mismatch: {
    type: "counter",
    help: "The count of blob id mismatches",
  },
  walrus_upload_relay_get_transaction_error: {
    type: "counter",
    help: "The count of errors looking up tip transactions",
  },
  walrus_upload_relay_freshness_check_error: {
    type: "counter",
    help: "The count of errors related to freshness checks of transactions",
  },
  walrus_upload_relay_tip_check_error: {
    type: "counter",
    help: "The count of errors related to tip checks",
  },
  walrus_upload_relay_auth_package_check_error: {
    type: "counter",
    help: "The count of errors related to auth package checks",
  },
  walrus_edge_uploads_total: { type: "counter", help: "Uploads that ended, by outcome" },
  walrus_edge_upload_bytes_total: { type: "counter", help: "Bytes of certified blobs" },
  walrus_edge_encoded_bytes_total: {
    type: "counter",
    help: "Encoded bytes of certified blobs: what is paid for",
  },
  walrus_edge_wallet_transactions_total: { type: "counter", help: "Transactions executed" },
  walrus_edge_wallet_spent_frost_total: { type: "counter", help: "FROST paid for storage" },
  // Rebates can make the sum smaller, so it is no counter.
  walrus_edge_wallet_gas_mist: { type: "gauge", help: "MIST paid for gas, rebates deducted" },
  walrus_edge_wallet_unresolved: {
    type: "gauge",
    help: "Commands whose transaction has an unknown fate",
  },
  walrus_edge_wallet_queue_length: { type: "gauge", help: "Commands that wait for the wallet" },
  walrus_edge_wallet_balance_frost: { type: "gauge", help: "FROST the address holds" },
  walrus_edge_wallet_balance_mist: { type: "gauge", help: "MIST the address holds" },
  walrus_edge_epoch: { type: "gauge", help: "Walrus epoch" },
  walrus_edge_leases: { type: "gauge", help: "Leases the gateway knows" },
  walrus_edge_lease_storage_bytes: { type: "gauge", help: "Encoded bytes under these leases" },
  walrus_edge_leases_ending: {
    type: "gauge",
    help: "Leases that end within so many epochs from now, those that have ended included",
  },
  walrus_edge_scrape_ok: {
    type: "gauge",
    help: "Whether this source could be asked; its series are missing where it is 0",
  },
} as const satisfies Record<string, Metric>;

/** Name of a family. */
export type MetricName = keyof typeof METRICS;

/** Families without labels that are counted as uploads end: shown from the beginning, as zeros. */
export const COUNTED_UNLABELLED = [
  "encoding_latency_s",
  "checking_blob_status_latency_s",
  "store_operation_latency_s",
  "get_certificates_latency_s",
  "upload_certificate_latency_s",
  "walrus_upload_relay_blobs_uploaded",
  "walrus_upload_relay_blob_id_mismatch",
  "walrus_upload_relay_get_transaction_error",
  "walrus_upload_relay_freshness_check_error",
  "walrus_upload_relay_tip_check_error",
  "walrus_upload_relay_auth_package_check_error",
  "walrus_edge_upload_bytes_total",
  "walrus_edge_encoded_bytes_total",
] as const satisfies readonly MetricName[];

/** Families that are counted as uploads end, and kept. */
export type CountedName =
  | (typeof COUNTED_UNLABELLED)[number]
  | Extract<MetricName, "latency_s" | "latency_squared_s" | "errors" | "walrus_edge_uploads_total">;
