/**
 * Every bound of the gateway, with its unit in the name and its reason beside it.
 *
 * Sections follow the folders; `docs/limits.md` lists them. What is refused, cut or forgotten at a
 * bound is to have a test there; pauses and sizes of work are tuned.
 */

// --- Red Stuff (shared/codec) ---

/** Fewest shards that leave any redundancy: below 4, f = 0 and the code has no parity. */
export const SHARDS_MIN = 4;

/** Most shards: indices are u16 on the wire and the field has 65,536 points; mainnet runs 1,000. */
export const SHARDS_MAX = 1_000;

/** Largest legal symbol: the largest even u16 (walrus-core lib.rs::EncodingType::max_symbol_size). */
export const SYMBOL_BYTES_MAX = 65_534;

/**
 * Largest blob that is encoded or decoded in memory: at 1,000 shards the blob with the parity of its
 * rows and a band of slivers takes 71 MiB, and a 128 MB isolate holds more than that.
 */
export const IN_MEMORY_BLOB_BYTES_MAX = 32 * 1024 * 1024;

/**
 * Largest blob whose metadata alone is computed in memory: 82 MiB at 1,000 shards, as no slivers are
 * kept and half of the row parity is held at a time. It has to come in chunks: the kernel's copy and
 * another would not fit a 128 MB isolate.
 */
export const IN_MEMORY_METADATA_BLOB_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Hard maximum of one kernel's WebAssembly memory. The metadata of the largest blob takes 82 MiB,
 * encoding the largest 71 MiB, the protocol's largest sliver, expanded, 63 MiB.
 */
export const KERNEL_MEMORY_BYTES_MAX = 96 * 1024 * 1024;

/** A kernel that grew beyond this is dropped after use: WebAssembly memory never shrinks. */
export const KERNEL_IDLE_BYTES_MAX = 8 * 1024 * 1024;

/** Idle kernels that are kept for the next call; more than two calls at once are rare, a kernel holds 1 MiB and more. */
export const KERNELS_IDLE_MAX = 2;

/**
 * Slivers an encoded blob computes together: what an upload holds besides the matrix. The largest
 * blob's parity rows then take three passes, and it stays within 72 MiB.
 */
export const SLIVER_BAND_BYTES_MAX = 22 * 1024 * 1024;

/** Hashes of rows of zeros kept by a codec, one for each shard count and symbol size met. */
export const ZERO_ROW_HASHES_KEPT_MAX = 256;

/**
 * What the encoders and decoders of one isolate may hold together; who comes later waits. One blob
 * of the in-memory maximum fits; the rest of the 128 MB is code and requests under way.
 */
export const ISOLATE_WORKING_SET_BYTES = 112 * 1024 * 1024;

/** When whoever waits for the isolate's memory first looks whether it is there; then each time twice as late… */
export const MEMORY_LOOK_MS = 25;

/** …up to here: who waits so long waits for blobs larger than memory, which take seconds. */
export const MEMORY_LOOK_MS_MAX = 400;

/**
 * Kernel memory and transfers of work on a blob larger than memory, whatever its length: what a
 * 128 MB isolate spares beside a running upload. Allows 4.8 GiB at 1,000 shards, 7.2 GiB where no
 * slivers are wanted.
 */
export const EXTERNAL_WORKING_BYTES_MAX = 48 * 1024 * 1024;

/** Largest transfer of that work from or to its ports; several are under way at once. */
export const EXTERNAL_PIECE_BYTES_MAX = 512 * 1024;

// --- The platform (Cloudflare Workers) ---

/** Requests one invocation may have waiting for response headers (Workers limits: simultaneous open connections). */
export const REQUESTS_IN_FLIGHT_MAX = 6;

/** Worker invocations one request may start; 32 is documented, one is kept in reserve. */
export const LANES_MAX = 31;

/** Fan-out lanes unless configured otherwise. */
export const LANES_DEFAULT = 16;

/**
 * Rows in which an upload keeps its bytes; the platform refuses rows above 2 MB. A range costs the
 * reading of its whole row, so rows are about as long as the ranges of a blob larger than memory.
 */
export const UPLOAD_ROW_BYTES_MAX = 128 * 1024;

/** Largest KV value (KV limits). */
export const KV_VALUE_BYTES_MAX = 25 * 1024 * 1024;

/** Shortest lifetime KV accepts for a value. */
export const KV_TTL_SECONDS_MIN = 60;

/** Bodies below this are sent as bytes; from here on as a stream, which lets go what was sent. */
export const STREAMED_BODY_BYTES_MIN = 64 * 1024;

/**
 * What is written to a stream and read from it at once. The platform copies all that one write
 * brings, and for each read sets aside all that it asks for, outside of what its engine collects.
 */
export const STREAM_PART_BYTES = 256 * 1024;

// --- Sui ---

/** Largest serialised transaction Sui accepts. */
export const TRANSACTION_BYTES_MAX = 128 * 1024;

/** Most commands in one programmable transaction. */
export const TRANSACTION_COMMANDS_MAX = 1_024;

/** Most inputs of one programmable transaction. */
export const TRANSACTION_INPUTS_MAX = 2_048;

/** Largest pure argument of a transaction. */
export const PURE_ARGUMENT_BYTES_MAX = 16 * 1024;

/** One call to a Sui RPC node to the last byte, with what it waits for a slot of its invocation. */
export const SUI_CALL_TIMEOUT_MS = 10_000;

/** Submitting a transaction: a full node answers when it has executed it itself. */
export const SUI_SUBMIT_TIMEOUT_MS = 20_000;

/** Times a read is sent before its failure is believed: a connection may break once. */
export const SUI_READ_ATTEMPTS = 2;

/** Longest use of a system state that the epoch's own timing would allow to be kept longer. */
export const SYSTEM_STATE_TTL_MS = 60_000;

/**
 * While the chain does not answer, a system state is used up to this age, within its own epoch: its
 * committee does not change before, and what is paid is checked against the chain all the same.
 */
export const SYSTEM_STATE_STALE_MS = 10 * 60_000;

/** While one reads a new system state, so long the others of an isolate use the one before. */
export const SYSTEM_STATE_RENEWAL_MS = 5_000;

/** Times a state that changes epoch while its objects are read is read: it changes once in two weeks. */
export const SYSTEM_STATE_ATTEMPTS = 3;

/** Public keys of nodes that are kept parsed: of a few committees of a hundred; each takes a square root. */
export const COMMITTEE_KEYS_KEPT_MAX = 1_024;

/** Objects in one page of a listing: the most a full node gives. */
export const SUI_PAGE_OBJECTS = 200;

/** Pages of one listing: 20,000 coins or blobs of one address. */
export const SUI_PAGES_MAX = 100;

/** Gas budget of a transaction: several times what a registration has ever cost (0.01 SUI). */
export const GAS_BUDGET_BASE_MIST = 50_000_000n;

/** Gas budget added for each blob a transaction extends. */
export const GAS_BUDGET_PER_BLOB_MIST = 2_000_000n;

/** Gas budget added for each blob a transaction registers: an object costs about 2,500,000. */
export const GAS_BUDGET_PER_REGISTRATION_MIST = 5_000_000n;

/** Gas budget added for each blob that gets attributes: their map is an object of its own. */
export const GAS_BUDGET_ATTRIBUTES_MIST = 4_000_000n;

/** Gas budget added for each byte of attributes: Sui keeps a byte for 7,600 MIST. */
export const GAS_BUDGET_PER_ATTRIBUTE_BYTE_MIST = 10_000n;

/** Most coins one transaction takes in: Sui allows 256 for gas, and each costs 70 bytes. */
export const COINS_PER_TRANSACTION_MAX = 100;

/** Most blobs one transaction extends: about 40 KB of Sui's 128. */
export const EXTENSIONS_PER_TRANSACTION_MAX = 200;

/** Sui epochs after the current one in which a signed transaction may still run. */
export const TRANSACTION_EXPIRATION_EPOCHS = 1;

/** How much of an RPC node's own words is kept. */
export const SUI_ERROR_CHARS_MAX = 2_000;

// --- Storage nodes (shared/nodes) ---

/** One request to a node, from sending to the last byte: a 43 MB sliver never comes from here. */
export const NODE_REQUEST_TIMEOUT_MS = 20_000;

/** A body that has begun and brings nothing for so long is given up; it is counted in stretches. */
export const NODE_STALL_MS = 5_000;

/** How long a node that was silent, broke off or lied counts as suspect. */
export const NODE_SUSPICION_MS = 30_000;

/** Suspects one isolate remembers; mainnet has about a hundred nodes. */
export const NODE_SUSPECTS_MAX = 1_024;

/** Naps, of an eighth of the time each, after which an isolate that is always late has waited long enough. */
export const AWAKE_NAPS_MAX = 64;

/** Metadata is 66 kB and a confirmation less: a node that needs longer is given up early. */
export const NODE_METADATA_TIMEOUT_MS = 10_000;

/** How long nodes are asked whether a blob is certified already; then it is stored anew. */
export const BLOB_STATUS_DEADLINE_MS = 3_000;

/** Largest JSON answer of a node; the detailed health of a node is the longest. */
export const NODE_JSON_BYTES_MAX = 256 * 1024;

/** Largest metadata: 66,044 bytes with the blob ID at 1,000 shards. */
export const NODE_METADATA_BYTES_MAX = 128 * 1024;

/** Largest answer with recovery or decoding symbols that we read. */
export const NODE_SYMBOLS_BYTES_MAX = 8 * 1024 * 1024;

/** How much of an error answer of a node is read. */
export const NODE_ERROR_BYTES_MAX = 64 * 1024;

/** How much of a node's own words is kept. */
export const NODE_ERROR_MESSAGE_CHARS_MAX = 200;

// --- The fan-out (workers/publisher) ---

/**
 * Largest framed sliver. A primary sliver holds the blob over P symbols; 1 GiB needs at least 270
 * shards (below, 65,534-byte symbols are the limit), where S = 181: 11.3 MiB.
 */
export const LANE_FRAME_BYTES_MAX = 12 * 1024 * 1024;

/**
 * Slivers on their way to nodes at any time, over all lanes: they share the isolate's 128 MB. At
 * 1,000 shards 18 pairs of a blob of 100 MB, at 100 shards one or two.
 */
export const FAN_OUT_BYTES_IN_FLIGHT_MAX = 8 * 1024 * 1024;

/** Sliver pairs on their way to one node, so that a slow one cannot take the whole of the above. */
export const FAN_OUT_PAIRS_PER_NODE_MAX = 2;

/** Small pairs go on to one node up to this: its ten pairs of 1 MiB at 1,000 shards at once. */
export const FAN_OUT_BYTES_PER_NODE = 64 * 1024;

/** What a lane has to tell is collected for so long: a message for each sliver takes CPU time. */
export const LANE_REPORT_PAUSE_MS = 20;

/** Small frames travel to a lane together up to this: each piece costs both sides a turn. */
export const LANE_JOINED_FRAMES_BYTES_MAX = 32 * 1024;

/** Progress of a fan-out is written down this often: it is told to who asks, and decides nothing. */
export const PROGRESS_SAVE_MS = 250;

/** A node that takes nothing for so long is passed over until the next sweep. */
export const FAN_OUT_STALL_MS = 2_000;

/** Once a quorum of nodes has the metadata, the others get this long before the first sweep. */
export const FAN_OUT_READY_GRACE_MS = 500;

/** Lanes of a second or third round, so that all rounds stay within `LANES_MAX`. */
export const FAN_OUT_RETRY_LANES = 7;

/** Smallest sliver worth asking for before it is sent again (official client's threshold). */
export const SLIVER_STATUS_CHECK_BYTES_MIN = 5_560;

/**
 * Largest blob whose slivers are sent while it is being registered, as at the official client: nodes
 * hold them in a buffer. Those up to `ENCODED_TWICE_BYTES_MAX` only where memory is to spare.
 */
export const EARLY_BLOB_BYTES_MAX = 4 * 1024 * 1024;

/**
 * A small blob keeps its slivers while it is being registered as long as so much of the isolate's
 * memory stays free: two or three at a time. In a burst the others let go of theirs, so that
 * hundreds can wait for one transaction.
 */
export const EARLY_SPARE_BYTES_MIN = 84 * 1024 * 1024;

/** Waited between registering and the first request, as the official client does. */
export const REGISTRATION_DELAY_MS = 200;

/**
 * From the first request to a quorum, besides the time its bytes may take; then the store fails
 * with INSUFFICIENT_CONFIRMATIONS.
 */
export const FAN_OUT_DEADLINE_MS = 90_000;

/** Slowest rate at which the slivers of a blob may be sent, over all nodes. */
export const FAN_OUT_BYTES_PER_SECOND_MIN = 4 * 1024 * 1024;

/** Rounds of the fan-out in one wake-up: nodes that failed are asked again in the next. */
export const FAN_OUT_ROUNDS_MAX = 3;

/** A node that speaks of other shards than the committee's makes us read the chain this often. */
export const FAN_OUT_EPOCH_LOOK_MS = 1_000;

/** After a quorum the rest may go on for half of what the quorum took, and this. */
export const FAN_OUT_TAIL_BASE_MS = 500;

/** Longest tail. */
export const FAN_OUT_TAIL_MAX_MS = 15_000;

/** How long a node that a store went without is asked last by the next ones. */
export const LAGGARD_MS = 10 * 60_000;

/** Nodes one snapshot of them holds; mainnet has about a hundred in all. */
export const LAGGARDS_MAX = 64;

/** How often one isolate reads the snapshot at most. */
export const LAGGARDS_READ_MS = 60_000;

/** How long a fan-out waits for it; then it goes by what its isolate knows. */
export const LAGGARDS_READ_TIMEOUT_MS = 200;

/** How often one isolate writes it at most: 12 writes an hour while nodes are down, else none. */
export const LAGGARDS_WRITE_MS = 5 * 60_000;

// --- HTTP (shared/http) ---

/**
 * A body that declares no more comes in a packet or two and is read in one call: reading it by
 * pieces costs 0.2 ms, which a store of 1,000 shards pays 2,200 times.
 */
export const SHORT_BODY_BYTES = 2 * 1024;

/** How long a browser may keep a preflight's answer: as the official daemons say. */
export const CORS_MAX_AGE_SECONDS = 86_400;

/** Longest `Access-Control-Request-Headers` that is reflected; browsers send far less. */
export const CORS_REQUESTED_HEADERS_CHARS_MAX = 1_024;

/** Most ranges answered one by one in `multipart/byteranges`; more get the whole. */
export const RANGES_MAX = 8;

/** Headers of one part of a form: a field name of 64 KiB, escaped, and a file name beside it. */
export const MULTIPART_HEADER_BYTES_MAX = 256 * 1024;

/** What may follow a delimiter of a form on its line: two dashes, or blanks and the line's end. */
export const MULTIPART_DELIMITER_REST_BYTES_MAX = 256;

/** Bytes of a form that are searched for a delimiter at once. */
export const MULTIPART_SEARCH_BYTES = 128 * 1024;

/** Parts of one form: a quilt of 1,000 shards holds 666 patches, and their tags come in one more. */
export const MULTIPART_PARTS_MAX = 1_000;

// --- Uploads (workers/publisher) ---

/** Between two looks at an upload that is watched. */
export const UPLOAD_WATCH_POLL_MS = 500;

/** Looks without news before a comment keeps the connection alive: every 15 s. */
export const UPLOAD_WATCH_IDLE_POLLS = 30;

/** Looks in one stream, ten minutes; each is a subrequest. Whoever still waits asks again. */
export const UPLOAD_WATCH_POLLS_MAX = 1_200;

/** Body of a question for a price. */
export const ESTIMATE_BODY_BYTES_MAX = 4 * 1024;

/** Longest `Idempotency-Key`; a UUID has 36. */
export const IDEMPOTENCY_KEY_CHARS_MAX = 255;

/** A refused body up to this is read to its end, so that its connection can be used again. */
export const REFUSED_BODY_READ_BYTES_MAX = 64 * 1024;

/** Rows of a quilt that are put together at once; a column of them is read in one piece. */
export const QUILT_BAND_BYTES_MAX = 4 * 1024 * 1024;

/**
 * How long a body that is worked on and not stored is kept at most: of dry runs, forms of quilts and
 * the upload relay. Beyond any fan-out; whoever holds it longer was killed.
 */
export const DESK_KEPT_MS = 60 * 60 * 1_000;

/** Tags of one form's `_metadata` part, as JSON. */
export const QUILT_METADATA_BYTES_MAX = 4 * 1024 * 1024;

/** Most epochs a query may ask for: u32 on chain; the system's own maximum is checked later. */
export const EPOCHS_QUERY_MAX = 0xffff_ffff;

/**
 * Largest blob that may be configured: with what is derived from it, it takes five times its size
 * of the 10 GB a Durable Object may hold.
 */
export const UPLOAD_BLOB_BYTES_MAX = 1024 * 1024 * 1024;

/** Largest blob unless configured otherwise: what the platform lets any plan send. */
export const UPLOAD_BLOB_BYTES_DEFAULT = 100_000_000;

/**
 * Kernel memory and transfers of one upload whose blob is larger than memory. Allows 2.4 GiB at
 * 1,000 shards.
 */
export const UPLOAD_WORKING_BYTES_MAX = 24 * 1024 * 1024;

/**
 * What an upload asks for while it encodes or spreads a blob larger than memory: the kernel above,
 * frames in flight here and in its lanes. More than half of `ISOLATE_WORKING_SET_BYTES`, so that
 * one such upload of an isolate works at a time, beside small ones: two would share one thread and
 * take twice the memory.
 */
export const LARGE_UPLOAD_BYTES = 60 * 1024 * 1024;

/**
 * Expanded bytes one invocation encodes of such a blob before it leaves the rest to the next: about
 * 5 s of the 30 s of CPU time an invocation has. 100 MB take 0.6 GiB.
 */
export const UPLOAD_SLICE_BYTES_MAX = 2 * 1024 * 1024 * 1024;

/** Attempts an accepted upload gets before its state is `failed`; a waiting client gets one. */
export const UPLOAD_ATTEMPTS_MAX = 6;

/** Between two attempts: doubled each time from here… */
export const UPLOAD_RETRY_MIN_MS = 5_000;

/** … up to here. */
export const UPLOAD_RETRY_MAX_MS = 5 * 60_000;

/** How long an accepted upload waits for a chain that cannot be reached: then it has failed. */
export const UPLOAD_CHAIN_PATIENCE_MS = 24 * 60 * 60_000;

/**
 * Head start of a 202 before its upload begins: encoding 1 MiB takes the isolate for 200 ms, in which
 * an answer that is still on its way out stands still.
 */
export const UPLOAD_HEAD_START_MS = 50;

/** How soon an alarm looks after an upload that is running: the platform may have restarted us. */
export const UPLOAD_WATCHDOG_MS = 15_000;

/**
 * A blob up to this is encoded again after its registration instead of held in memory through it,
 * unless memory is to spare (`EARLY_SPARE_BYTES_MIN`).
 */
export const ENCODED_TWICE_BYTES_MAX = 256 * 1024;

/** Certificates built in one run of an upload: each epoch change at the wrong moment costs one. */
export const CERTIFY_GENERATIONS_MAX = 3;

/** How long the state of a finished upload can be read; then the object deletes itself. */
export const UPLOAD_STATE_TTL_MS = 7 * 24 * 60 * 60_000;

/** How long an `Idempotency-Key` is kept after the token it was first used with has expired. */
export const IDEMPOTENCY_KEPT_PAST_EXPIRY_MS = 24 * 60 * 60_000;

/** How often in a row the wallet is asked while the chain does not answer it, or a transaction is open. */
export const WALLET_ASKS_MAX = 3;

/** Between two such questions. */
export const WALLET_ASK_DELAY_MS = 1_000;

/** How often a run tells the book of a certified blob before it leaves that to a later one. */
export const RECORD_ASKS_MAX = 5;

/** Before it does so again, doubled each time: a client waits, and an object restarts within a second. */
export const RECORD_ASK_DELAY_MS = 250;

/** How often an upload is asked to go on after the call to it was lost (a deploy restarts it). */
export const UPLOAD_RESUMES_MAX = 3;

// --- Upload tokens (workers/publisher/auth) ---

/** How long after `exp` a token is still taken, as at the official publisher. */
export const JWT_LEEWAY_SECONDS = 60;

/**
 * Latest `exp`, in August 2188: workerd sets no alarm after that year, and whoever means milliseconds
 * is told so.
 */
export const JWT_EXP_SECONDS_MAX = 6_900_000_000;

/** How long a JWK Set read from its URL is used before it is read again, as `jose` holds one. */
export const JWKS_HOLD_MS = 10 * 60_000;

/** Least time between two looks of an isolate at a JWK Set, whatever tokens name: unknown keys cost its issuer little. */
export const JWKS_COOLDOWN_MS = 10_000;

/** How old a JWK Set may be while its issuer does not answer: withdrawn keys end by then. */
export const JWKS_STALE_MS = 60 * 60_000;

/** How long an issuer may take to answer with its JWK Set. */
export const JWKS_DEADLINE_MS = 5_000;

/** Largest JWK Set: a hundred RSA keys with their certificates. */
export const JWKS_BYTES_MAX = 256 * 1024;

/** Longest token; those of the official publisher have a few hundred characters. */
export const JWT_CHARS_MAX = 8 * 1024;

// --- Rate limits (workers/publisher/quota) ---

/** Writes of one client in one window unless configured otherwise: ten a second. */
export const RATE_LIMIT_REQUESTS_DEFAULT = 600;

/** Bytes of one client in one window unless configured otherwise: about 36 MB a second. */
export const RATE_LIMIT_BYTES_DEFAULT = 2 * 1024 * 1024 * 1024;

/** The window unless configured otherwise. */
export const RATE_LIMIT_WINDOW_SECONDS_DEFAULT = 60;

/** Longest window that can be configured: a day, as long as a Quota object then keeps its rows. */
export const RATE_LIMIT_WINDOW_SECONDS_MAX = 86_400;

// --- Metrics (workers/publisher/metrics) ---

/** Series the gateway counts; its labels have about 40 values, so this is a stop for mistakes. */
export const METRICS_SERIES_MAX = 500;

/** How long counts stay in memory before they are written, all at once. */
export const METRICS_FLUSH_MS = 5_000;

/** How long the sums over all leases are kept: each reading costs a row for every lease. */
export const LEASE_ENDS_HOLD_MS = 60_000;

// --- Names (workers/publisher/names) ---

/** Longest name: with the 17 characters before it, it is an attribute's key on chain. */
export const NAME_CHARS_MAX = 96;

/** Names of one anchor: 500 of at most 300 bytes stay below the 250 KiB of a Sui object. */
export const NAMES_PER_ANCHOR_MAX = 500;

/** Epochs an anchor is bought for, or as many as the network sells: then it is renewed. */
export const NAME_ANCHOR_EPOCHS = 26;

/** Versions of one name that are kept; older ones can be read from the chain's history. */
export const NAME_VERSIONS_MAX = 1_000;

/** Names in one page, unless the client says otherwise. */
export const NAME_PAGE_DEFAULT = 100;

/** Names in one page at most: each of the 16 buckets is asked for as many. */
export const NAME_PAGE_MAX = 500;

/** Versions in one page. */
export const NAME_VERSIONS_PAGE = 100;

/** Wishes looked at for one batch. */
export const NAMES_WAITING_MAX = 1_000;

/** How often in a row an anchor may have been moved by somebody else before wishes are refused. */
export const NAME_MOVES_MAX = 5;

/** When the alarm looks again at changes that are under way. */
export const NAMES_ALARM_MS = 15_000;

/** How long the outcome of a change is kept for whoever asks again: a day longer than its key. */
export const NAME_CHANGE_TTL_MS = UPLOAD_STATE_TTL_MS + 24 * 60 * 60_000;

/** How often a change is asked for after the call was lost. */
export const NAME_ASKS_MAX = 3;

/** Random bytes that name a change. */
export const NAME_CHANGE_ID_BYTES = 16;

/** Body of a change: a blob ID and an object ID. */
export const NAME_BODY_BYTES_MAX = 1_024;

// --- The upload relay (workers/publisher/relay) ---

/** Oldest tip that is taken: the same bytes may be sent again as long, as at the official relay. */
export const RELAY_TX_AGE_MS_MAX = 10 * 60 * 60_000;

/** How far the clock of the chain may be before ours. */
export const RELAY_TX_FUTURE_MS_MAX = 30_000;

/** How often a transaction is looked for: our RPC node may not have it yet. */
export const RELAY_TX_LOOKS_MAX = 4;

/** Between two such looks. */
export const RELAY_TX_LOOK_PAUSE_MS = 500;

// --- Webhooks (workers/publisher) ---

/** Largest delivery: its raw bytes are held to check the signature. */
export const HOOK_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** How far the timestamp of a delivery may be from our clock (Standard Webhooks). */
export const HOOK_TOLERANCE_SECONDS = 5 * 60;

/** Signatures tried for one delivery; a rotation sends two. */
export const HOOK_SIGNATURES_MAX = 8;

/** Shortest secret of a source of deliveries (Standard Webhooks: 24 to 64 bytes)… */
export const HOOK_SECRET_BYTES_MIN = 24;

/** …and the longest. */
export const HOOK_SECRET_BYTES_MAX = 64;

/** Longest event id. */
export const HOOK_EVENT_ID_CHARS_MAX = 256;

// --- Reading from storage nodes (shared/nodes/read-*.ts) ---

/** Longest search for metadata: any node has it, so what takes longer does not exist for us. */
export const READ_METADATA_DEADLINE_MS = 15_000;

/** A node silent for so long while metadata is asked for gets a competitor. */
export const READ_HEDGE_MS = 400;

/** One row from its owner, before its bytes are counted: then it is rebuilt from other rows. */
export const READ_ROW_TIMEOUT_MS = 3_000;

/** Slowest rate at which a node may send a row, bytes in a second. */
export const READ_ROW_BYTES_PER_SECOND_MIN = 256 * 1024;

/** Longest silence that an operator may have the nodes keep before they get a competitor, or are given up. */
export const NODE_PATIENCE_MS_MAX = 60_000;

/** A row's owner that is silent for so long gets a competitor: the row is rebuilt beside it. */
export const READ_ROW_HEDGE_MS = 800;

/** A row's body that has begun and brings nothing for so long is given up. */
export const READ_STALL_MS = 1_000;

/** Longest collection of other rows or symbols to rebuild missing ones. */
export const READ_REBUILD_DEADLINE_MS = 25_000;

/** Waiting for the memory to decode a blob in; then rows are recovered one by one. */
export const READ_MEMORY_WAIT_MS = 5_000;

/** Rows of one read in memory ahead of the reader. */
export const READ_WINDOW_BYTES_MAX = 4 * 1024 * 1024;

/** Most rows asked for ahead of the reader: twice the slots, since bodies need none. */
export const READ_WINDOW_ROWS_MAX = 12;

/** Blobs up to this size keep their verified rows, so that rebuilding one needs few others. */
export const READ_KEPT_BYTES_MAX = 4 * 1024 * 1024;

/** Causes of failed requests a read keeps for its log line; one of 1,000 shards must not collect without end. */
export const READ_CAUSES_KEPT_MAX = 20;

/** Rows that one invocation fetches itself; more go through lanes. Also the rows of a full lane. */
export const READ_LANE_ROWS_MAX = 12;

/** Lanes of one run of rows: 48 requests in flight. */
export const READ_LANES_MAX = 8;

/** Rows one lane has under way. */
export const READ_LANE_BYTES_MAX = 1024 * 1024;

/**
 * Segments of one cold read that are looked up in the tiers at once: the one that is sent, and the next
 * ones. Rows are fetched of the one that is sent alone: those of a later one would hold memory for as
 * long as the client takes, which the one before it may need to rebuild a row.
 */
export const READ_SEGMENTS_AHEAD = 3;

/**
 * How long a Fill object tells what it has found of a blob after its Standing is known: until that is
 * in the cache, and until those who had looked there before, in an isolate that is busy, have come.
 */
export const FOUND_HOLD_MS = 10_000;

/** How often a Fill object looks for what it has read before, where that is on its way into the cache. */
export const FILL_STORE_LOOKS = 10;

/** Milliseconds between two of these looks. */
export const FILL_STORE_LOOK_MS = 50;

/** How often, and after which time each, a reader looks whether a segment has reached the cache. */
export const SEGMENT_STORE_LOOKS = 40;

/** See `SEGMENT_STORE_LOOKS`: another request's promise wakes nobody in workerd. */
export const SEGMENT_STORE_LOOK_MS = 25;

/** Readers of one cold segment who put it together to be cached: each holds a copy. */
export const SEGMENT_KEEPERS_MAX = 2;

/**
 * After a read was given up, or is over as far as its own isolate knows, others of the isolate share
 * theirs for so long: as long as a look into the cache may take in one that is busy.
 */
export const ABANDONED_HOLD_MS = 15_000;

/** Reads that were given up which one isolate remembers. */
export const ABANDONED_REMEMBERED_MAX = 1_024;

/** Largest frame a Fill object sends: a row. Allows blobs of 7 GiB at 1,000 shards. */
export const FILL_FRAME_BYTES_MAX = 24 * 1024 * 1024;

/** Frames of rows below this are written at once: the copy costs less than a second write. */
export const FILL_COPIED_ROW_BYTES_MAX = 64 * 1024;

/** The cached unit: consecutive whole rows up to this size, or one row where that is larger. */
export const SEGMENT_BYTES_MAX = 4 * 1024 * 1024;

// --- The aggregator ---

/** Verified content without a known end epoch is cached no longer than this. */
export const UNPROVEN_TTL_SECONDS = 3_600;

/** Longest lifetime in `Cache-Control`: a year, as for any immutable content. */
export const CLIENT_TTL_SECONDS_MAX = 31_536_000;

/** How long a verified segment or metadata stays in the edge cache and KV; the gate decides use. */
export const SEGMENT_TTL_SECONDS = 86_400;

/** How long an isolate trusts the blocklist and the purge generation it has read. */
export const GATE_HOLD_MS = 30_000;

/** While an epoch is changing, or late, nothing is promised for longer than this. */
export const EPOCH_CHANGE_TTL_SECONDS = 60;

/** Keys remembered as admitted to KV by one isolate: a hint that saves writes. */
export const ADMITTED_KEYS_MAX = 4_096;

/** KV writes of one isolate in an hour: half a cent, should it be all of them. */
export const KV_WRITES_PER_HOUR_MAX = 1_000;

/** Waiting for the publisher's word on a lease: it only lengthens cache lifetimes. */
export const LEASE_LOOKUP_TIMEOUT_MS = 1_500;

/** Learning for how long a blob is paid for, beside the read; after that it counts as unproven. */
export const STANDING_DEADLINE_MS = 5_000;

/** One node's word on a blob's status, asked for the event it points to. */
export const STANDING_STATUS_TIMEOUT_MS = 2_000;

/** First bytes a content type is guessed from: the resource header of WHATWG MIME Sniffing. */
export const SNIFF_BYTES_MAX = 1_445;

/** Largest blob a strict check takes: what the codec checks in memory. */
export const STRICT_READ_BYTES_MAX = IN_MEMORY_BLOB_BYTES_MAX;

/** What the rows of a strict check may take while they are read: a segment and its lanes. */
export const STRICT_ROWS_BYTES_MAX = 24 * 1024 * 1024;

/**
 * Blobs up to this are sent from the memory they were checked in; larger ones are let go after the
 * check and read a second time while they are sent.
 */
export const STRICT_BUFFERED_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Columns of one quilt patch, or of an index, held in memory while what they hold is taken apart: twice
 * as much is reserved.
 */
export const PATCH_BYTES_MAX = 32 * 1024 * 1024;

/** Columns of a patch asked for at once: twice the slots, since bodies need none. */
export const PATCH_COLUMNS_WINDOW = 12;

/** Blobs of one concat: each may cost a look-up of its own before the first byte. */
export const CONCAT_MAX_IDS = 64;

/** Largest body of a concat: ids of 66 characters, quoted, and as much again. */
export const CONCAT_BODY_BYTES_MAX = 16 * 1024;

/**
 * How long an isolate goes by a blob's entry without looking it up again: saves half the look-ups of
 * a hot blob. The gate decides on each read all the same.
 */
export const ENTRY_HOLD_MS = 5_000;

/** Entries of blobs one isolate remembers. */
export const ENTRIES_REMEMBERED_MAX = 1_024;

/** How long an isolate, and a client, trusts what a Blob object said: attributes may change. */
export const OBJECT_HOLD_SECONDS = 30;

/** Blob objects one isolate remembers. */
export const OBJECTS_REMEMBERED_MAX = 1_024;

/** How long an isolate remembers that a blob does not exist. */
export const NOT_FOUND_HOLD_MS = 2_000;

/** Blobs that do not exist one isolate remembers. */
export const NOT_FOUND_REMEMBERED_MAX = 1_024;

/** One in so many cache hits has its digest checked, so that a damaged entry heals. */
export const DIGEST_CHECK_ONE_IN = 16;

/**
 * Reads one isolate carries at a time, as at the official aggregator; more are told to come again. An
 * answer that the platform carries from the edge cache to the client holds nothing here and needs no
 * place once its head has left.
 */
export const READS_IN_FLIGHT_MAX = 256;

/** Longest media type taken from a sender. */
export const MEDIA_TYPE_CHARS_MAX = 255;

/**
 * Longest piece of a caller's text that an error repeats to them, in UTF-16 units. A log line and a
 * screen show it whole, and an answer never grows with what was sent.
 */
export const ECHOED_CHARS_MAX = 100;

/** Longest file name taken from `?filename=`. */
export const FILENAME_CHARS_MAX = 255;

/** Symbols one proof holds, each with its path: about 450 kB of JSON at 1,000 shards. */
export const PROOF_SYMBOLS_MAX = 1_024;

/** Nodes asked for a sample of statuses. */
export const STATUS_SAMPLE_NODES = 4;

/** How long a status answer may be kept. */
export const STATUS_TTL_SECONDS = 60;

/** What a 503 of the aggregator suggests to wait. */
export const READ_RETRY_AFTER_SECONDS = 5;

// --- The operator's gate, and what was certified lately (workers/publisher/gate, recent) ---

/** Blobs on the blocklist: every aggregator holds all of them, half a megabyte of IDs. */
export const BLOCKLIST_ENTRIES_MAX = 10_000;

/** Blobs purged one by one that are told apart; one more purges everything. */
export const PURGED_BLOBS_MAX = 1_000;

/** Longest reason given for a block. */
export const BLOCK_REASON_CHARS_MAX = 256;

/** Entries of one page of the blocklist. */
export const BLOCK_PAGE_MAX = 500;

/** Largest body of a purge: one ID and a few words of JSON. */
export const PURGE_BODY_BYTES_MAX = 1_024;

/** When the copy of the rules in KV is tried again: it takes one write a second for a key. */
export const GATE_PUBLISH_RETRY_MS = 2_000;

/** Waiting for the writer of the rules before the copy in KV is believed. */
export const GATE_ASK_TIMEOUT_MS = 1_500;

/** Data of blobs up to this size is put into KV when they are stored, unless configured otherwise. */
export const WARM_BYTES_DEFAULT = 1024 * 1024;

/** Most that can be configured: more would hold the answer to a store. */
export const WARM_BYTES_MAX = 8 * 1024 * 1024;

/** Waiting for KV at the end of a store; what takes longer goes on behind the answer. */
export const WARM_TIMEOUT_MS = 2_000;

/** How long a certified blob is remembered for those who are about to answer 404. */
export const RECENT_TTL_MS = 6 * 60 * 60_000;

// --- The wallet (workers/publisher/wallet) ---

/** How long one call waits for the fate of its transaction before it answers `fate-unknown`. */
export const WALLET_CALL_WAIT_MS = 30_000;

/** Transactions of one command that may run and fail: each costs gas, then its failure is final. */
export const WALLET_ATTEMPTS_MAX = 4;

/** First pause between two looks for the fate of a transaction; it doubles. */
export const WALLET_LOOK_PAUSE_MS = 250;

/** Longest such pause. */
export const WALLET_LOOK_PAUSE_MAX_MS = 5_000;

/** When the alarm looks again at what is unresolved. */
export const WALLET_ALARM_MS = 15_000;

/**
 * Most that share a transaction to begin with. One so large waits for nobody but uploads that are
 * known to be on their way, and the next ones may be larger.
 */
export const WALLET_BATCH_DEFAULT = 32;

/** Most that share a transaction where so many wait: 128 registrations are 516 of 900 commands and 42 of 100 KiB. */
export const WALLET_BATCH_MAX = 128;

/** Commands we put into one transaction; Sui allows `TRANSACTION_COMMANDS_MAX`. */
export const BATCH_COMMANDS_MAX = 900;

/** Bytes we put into one transaction; Sui allows `TRANSACTION_BYTES_MAX`. */
export const BATCH_BYTES_MAX = 100 * 1024;

/** Bytes of a batch that coins, gas and the frame of the transaction may take: 200 coins are 14 KB. */
export const BATCH_FRAME_BYTES_MAX = 16 * 1024;

/** How long a busy wallet waits for more commands; an idle one sends a lone command at once. */
export const WALLET_BATCH_WINDOW_MS = 250;

/** How long after its registration a blob's certificate is waited for by those of other blobs. */
export const WALLET_CERTIFY_EXPECTED_MS = 30_000;

/** Largest batches of registrations that may wait for one address before new uploads use another one. */
export const WALLET_QUEUE_BATCHES = 4;

/** By how much a halved batch grows again after each transaction that succeeds. */
export const WALLET_BATCH_GROWTH = 2;

/** How long room and money that were offered to an upload are kept for its command. */
export const WALLET_OFFER_TTL_MS = 10_000;

/** How long a wallet reckons with what it read of its coins; a shortage is read anew at once. */
export const WALLET_FUNDS_TTL_MS = 60_000;

/** A transaction on its way for longer than this holds no further uploads: they use others. */
export const WALLET_FATE_EXPECTED_MS = 10_000;

/** Addresses one gateway signs with: each has a Wallet object, one transaction at a time. */
export const WALLET_ADDRESSES_MAX = 16;

/** Addresses unless configured otherwise: the main one alone. */
export const WALLET_ADDRESSES_DEFAULT = 1;

/** How often an address asks for a refill, at most; the main one looks as often by itself. */
export const REFILL_PAUSE_MS = 60_000;

/** A further address with less SUI than this is refilled: a batch of 32 needs 0.33 SUI at hand. */
export const SUB_WALLET_MIN_MIST_DEFAULT = 500_000_000n;

/** A further address with less WAL than this is refilled. */
export const SUB_WALLET_MIN_FROST_DEFAULT = 500_000_000n;

/** SUI a low address gets. */
export const SUB_WALLET_REFILL_MIST_DEFAULT = 1_000_000_000n;

/** WAL a low address gets: about 300 blobs of up to 1 MiB for 5 epochs at mainnet's prices of 2026. */
export const SUB_WALLET_REFILL_FROST_DEFAULT = 1_000_000_000n;

/** What a gateway spends in one UTC hour of ledger time unless configured otherwise: 1,000 WAL. */
export const SPEND_FROST_PER_HOUR_DEFAULT = 1_000_000_000_000n;

/** What a gateway spends in one UTC day of ledger time unless configured otherwise: 5,000 WAL. */
export const SPEND_FROST_PER_DAY_DEFAULT = 5_000_000_000_000n;

/** How long the answer to a finished command is kept: no upload asks for longer than a week. */
export const WALLET_JOURNAL_TTL_MS = 30 * 24 * 60 * 60_000;

/** How long a grant is kept: a cap counts a day by ledger time, which is near ours but not ours. */
export const WALLET_GRANTS_KEPT_MS = 2 * 24 * 60 * 60_000;

/** Objects on one page of a list unless asked for more, up to `LEASE_PAGE_MAX`. */
export const OBJECT_PAGE_DEFAULT = 100;

/** Filters by attribute in one question for objects: each is a look into an index. */
export const OBJECT_FILTERS_MAX = 8;

/**
 * How long after its store an object may be unknown to an RPC node, or not certified there: minutes
 * beyond what a full node is behind on a bad day. Longer, and what is not there is gone.
 */
export const OBJECT_UNSEEN_MS_MAX = 5 * 60_000;

/** How often a change is planned anew because somebody else has changed the object meanwhile. */
export const CHANGE_MOVES_MAX = 5;

/** Largest body of a change to an object: `ATTRIBUTES_BYTES_MAX` of text, escaped as JSON. */
export const OBJECT_BODY_BYTES_MAX = 64 * 1024;

/** Bytes of headers that show the attributes of a blob: all of one store fit, and answers stay small. */
export const ATTRIBUTE_HEADERS_BYTES_MAX = 10 * 1024;

/** Attributes one store or change sets: each is a command of its transaction. */
export const ATTRIBUTES_PER_BLOB_MAX = 16;

/** Bytes of one attribute's key in UTF-8. */
export const ATTRIBUTE_KEY_BYTES_MAX = 128;

/** Bytes of one attribute's value in UTF-8; headers that show them are no longer. */
export const ATTRIBUTE_VALUE_BYTES_MAX = 1_024;

/** Bytes of all keys and values of one store or change: 8 such blobs fill a batch. */
export const ATTRIBUTES_BYTES_MAX = 8 * 1024;

/** Longest command id. */
export const WALLET_COMMAND_ID_CHARS_MAX = 256;

// --- Orphaned registrations (workers/publisher/orphans) ---

/** How long a failed upload that comes again with its bytes goes on with its registration. */
export const ORPHAN_KEPT_MS = 60 * 60_000;

/** When a sweep looks at it: no upload counts on it any more, whatever their clocks say. */
export const ORPHAN_SWEEP_AFTER_MS = 2 * ORPHAN_KEPT_MS;

/** Longest wait before a sweep that may be set, in seconds: sunk cost stays unseen no longer than a week. */
export const ORPHAN_SWEEP_AFTER_SECONDS_MAX = 7 * 24 * 60 * 60;

/** Orphans one sweep looks at; each may cost a transaction or a question to every node. */
export const ORPHANS_PER_SWEEP_MAX = 20;

/** Orphans in one page of their list. */
export const ORPHAN_PAGE_MAX = 200;

/** How long nodes are asked whether they hold the slivers of an orphan. */
export const LATE_CONFIRMATIONS_DEADLINE_MS = 10_000;

// --- Leases and renewal (workers/publisher/lease-book, workers/renewal) ---

/** Most leases in one page: a page stays far below the 32 MiB of one RPC message. */
export const LEASE_PAGE_MAX = 500;

/** Leases looked at in one renewal run; the rest waits for the next hour. */
export const RENEWAL_LEASES_MAX = 20_000;

/** Commands one renewal run sends: 200 blobs each. */
export const RENEWAL_COMMANDS_MAX = 100;

/** Entries of each list kept in a report. */
export const RENEWAL_REPORT_ENTRIES_MAX = 200;
