/**
 * Sui's limits and gas constants as of protocol version 96 and later.
 *
 * Source: sui `crates/sui-protocol-config/src/lib.rs` (names in the comments are its fields).
 */

/** Protocol version the ledger says it runs. */
export const PROTOCOL_VERSION = 103n;

/** `max_tx_size_bytes`. */
export const MAX_TRANSACTION_BYTES = 128 * 1024;
/** `max_programmable_tx_commands`. */
export const MAX_COMMANDS = 1_024;
/** `max_input_objects`; pure inputs count too here, as the total of inputs. */
export const MAX_INPUTS = 2_048;
/** `max_pure_argument_size`. */
export const MAX_PURE_BYTES = 16 * 1024;
/** `max_arguments` of one command. */
export const MAX_ARGUMENTS = 512;
/** `max_type_arguments` of one call. */
export const MAX_TYPE_ARGUMENTS = 16;
/** `max_gas_payment_objects`. */
export const MAX_GAS_PAYMENTS = 256;
/** `max_num_event_emit`. */
export const MAX_EVENTS = 1_024;
/** `max_event_emit_size`. */
export const MAX_EVENT_BYTES = 256 * 1024;
/** `max_num_new_move_object_ids`. */
export const MAX_NEW_OBJECT_IDS = 2_048;
/** `max_move_object_size`. */
export const MAX_OBJECT_BYTES = 250 * 1024;

/** `base_tx_cost_fixed`: least computation units of a transaction. */
export const MIN_COMPUTATION_UNITS = 1_000n;
/** `max_tx_gas`: largest budget in MIST (50 SUI). */
export const MAX_GAS_BUDGET = 50_000_000_000n;
/** `max_gas_price` in MIST per unit. */
export const MAX_GAS_PRICE = 100_000n;
/** `storage_gas_price` × `obj_data_cost_refundable`: MIST per stored byte. */
export const STORAGE_MIST_PER_BYTE = 7_600n;
/** `storage_rebate_rate` in basis points: what of a rebate goes back to the payer. */
export const REBATE_BASIS_POINTS = 9_900n;
/** Computation is rounded up to one of these unit counts (`gas_rounding` buckets of Sui). */
export const COMPUTATION_BUCKETS: readonly bigint[] = [
  1_000n,
  5_000n,
  10_000n,
  20_000n,
  50_000n,
  200_000n,
  1_000_000n,
  5_000_000n,
];

/** Version of a shared input of a transaction cancelled for congestion (`SequenceNumber::CONGESTED`). */
export const CONGESTED_VERSION = 0x8000_0000_0000_0001n;

/** The shared clock object. */
export const CLOCK_ID = `0x${"6".padStart(64, "0")}`;

/** How many past transactions can be undone for stale reads. */
export const HISTORY_TRANSACTIONS = 64;
