/**
 * Every bound of the gateway, with its unit in the name and its reason beside it.
 *
 * Sections follow the folders. Each constant has a test at the bound; `docs/limits.md` lists them.
 */

// --- Red Stuff (shared/codec) ---

/** Fewest shards that leave any redundancy: below 4, f = 0 and the code has no parity. */
export const SHARDS_MIN = 4;

/** Most shards: indices are u16 on the wire and the field has 65,536 points; mainnet runs 1,000. */
export const SHARDS_MAX = 1_000;

/** Largest legal symbol: the largest even u16 (protocol.md §1.2). */
export const SYMBOL_BYTES_MAX = 65_534;

/**
 * Largest blob the in-memory codec takes at 1,000 shards. The blob, its parity and a band of
 * slivers must fit a 128 MB isolate beside everything else.
 */
export const IN_MEMORY_BLOB_BYTES_MAX = 32 * 1024 * 1024;

// --- The platform (Cloudflare Workers) ---

/** Requests one invocation may have waiting for response headers (platform.md §0). */
export const REQUESTS_IN_FLIGHT_MAX = 6;

/** Worker invocations one request may start; 32 is documented, one is kept in reserve. */
export const LANES_MAX = 31;

/** Fan-out lanes unless configured otherwise. */
export const LANES_DEFAULT = 16;

/** Largest row we write to a Durable Object; the platform refuses rows above 2 MB. */
export const STAGED_ROW_BYTES_MAX = 1024 * 1024;

/** Largest KV value (platform.md §1.3). */
export const KV_VALUE_BYTES_MAX = 25 * 1024 * 1024;

/** Shortest lifetime KV accepts for a value. */
export const KV_TTL_SECONDS_MIN = 60;

// --- Sui ---

/** Largest serialised transaction Sui accepts. */
export const TRANSACTION_BYTES_MAX = 128 * 1024;

/** Most commands in one programmable transaction. */
export const TRANSACTION_COMMANDS_MAX = 1_024;

/** Most inputs of one programmable transaction. */
export const TRANSACTION_INPUTS_MAX = 2_048;

/** Largest pure argument of a transaction. */
export const PURE_ARGUMENT_BYTES_MAX = 16 * 1024;
