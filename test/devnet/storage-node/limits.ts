/**
 * Bounds and defaults of a storage node of the local network, as mainnet nodes have them (Walrus
 * `walrus-service` `node/config.rs`, `node/server.rs`) unless a comment says otherwise.
 */

/** Bytes a sliver body may have beyond the largest sliver (`node/server.rs` HEADROOM). */
export const SLIVER_BODY_HEADROOM_BYTES = 128;

/** Body limit of every other route: the default of the axum framework. */
export const DEFAULT_BODY_BYTES_MAX = 2 * 1024 * 1024;

/** Pending slivers a node buffers at once (network profile of `PendingSliverCacheConfig`). */
export const PENDING_SLIVER_COUNT_MAX = 20_480;

/** Bytes of pending slivers a node buffers at once. */
export const PENDING_BYTES_MAX = 1024 * 1024 * 1024;

/** Largest sliver that may be pending. */
export const PENDING_SLIVER_BYTES_MAX = 4 * 1024 * 1024;

/** Pending metadata entries a node buffers at once. */
export const PENDING_METADATA_COUNT_MAX = 1_024;

/** How long pending data waits for its registration, in milliseconds. */
export const PENDING_TTL_MS = 60_000;

/**
 * Longest wait for a registration a confirmation request may ask for, in milliseconds: the generic
 * server default. Mainnet overrides it with 0, where asking is harmless and useless.
 */
export const CONFIRMATION_WAIT_MS_MAX = 5_000;

/** Recovery requests answered at once before 503 (mainnet `limit_symbol_recovery_requests`). */
export const RECOVERY_REQUESTS_MAX = 1_000;

/** Slivers one shard-sync request may ask for; ours, mainnet's is a configuration value. */
export const SYNC_SLIVER_COUNT_MAX = 256;

/**
 * How long after a certification a node rebuilds what it was not given: a live upload may still be
 * running (`LiveUploadDeferralConfig`, blobs up to 100 MiB).
 */
export const HEAL_DELAY_MS = 15_000;

/** Requests of one lane that may wait for response headers at once: Cloudflare's six. */
export const LANE_REQUESTS_MAX = 6;

/** Header that names the invocation a request belongs to. */
export const LANE_HEADER = "x-walrus-lane";

/** Lanes that may be active at once over the whole network; ours. */
export const LANE_SLOT_COUNT = 4_096;
