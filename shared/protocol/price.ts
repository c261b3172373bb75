/**
 * What storage costs. Pure, and exact to the last FROST: we pay by coins of exactly the price.
 *
 * Charged by the started MiB of **encoded** bytes: storage price for each unit and epoch, write
 * price once for each unit. Sources: Move `system_state_inner.move::reserve_space`, `register_blob`,
 * `extend_blob`; walrus-sui `utils.rs::price_for_encoded_length`, `storage_units_from_size`.
 */
import { encodedBlobBytes, type SizeFailure } from "../codec/index.ts";
import { ok, type Result } from "../result.ts";

/** Bytes of one storage unit (`BYTES_PER_UNIT_SIZE`). */
const STORAGE_UNIT_BYTES = 1024 * 1024;

/** FROST in one WAL. */
export const FROST_PER_WAL = 1_000_000_000n;

/** Prices of the contract now; they may change at any moment, not only between epochs. */
export interface Prices {
  /** FROST for one unit and epoch. */
  readonly storageFrostPerUnit: bigint;
  /** FROST for one unit written. */
  readonly writeFrostPerUnit: bigint;
}

/** A registration's price in its two parts. */
export interface RegistrationCost {
  readonly storageFrost: bigint;
  readonly writeFrost: bigint;
  readonly totalFrost: bigint;
}

/**
 * Units charged for `encodedBytes`.
 *
 * @throws {RangeError} When it is not a count of bytes.
 */
export function storageUnits(encodedBytes: number): bigint {
  if (!Number.isSafeInteger(encodedBytes) || encodedBytes < 0) {
    throw new RangeError(`Cannot price: expected a count of bytes, got ${encodedBytes}`);
  }
  return BigInt(Math.ceil(encodedBytes / STORAGE_UNIT_BYTES));
}

/** What reserving (or extending) `encodedBytes` for `epochs` costs, in FROST. */
export function storageCost(encodedBytes: number, epochs: number, prices: Prices): bigint {
  return storageUnits(encodedBytes) * prices.storageFrostPerUnit * BigInt(epochs);
}

/** What registering a blob of `encodedBytes` costs besides its storage, in FROST. */
export function writeCost(encodedBytes: number, prices: Prices): bigint {
  return storageUnits(encodedBytes) * prices.writeFrostPerUnit;
}

/** What storing `encodedBytes` for `epochs` costs, gas excluded. */
export function registrationCost(
  encodedBytes: number,
  epochs: number,
  prices: Prices,
): RegistrationCost {
  const storageFrost = storageCost(encodedBytes, epochs, prices);
  const writeFrost = writeCost(encodedBytes, prices);
  return { storageFrost, writeFrost, totalFrost: storageFrost + writeFrost };
}

/**
 * What storing a blob of `unencodedBytes` would cost, up to the protocol's largest blob (which may
 * be more than this gateway's codec takes).
 */
export function estimateCost(
  unencodedBytes: number,
  epochs: number,
  shardCount: number,
  prices: Prices,
): Result<RegistrationCost & { readonly encodedBytes: number }, SizeFailure> {
  const encodedBytes = encodedBlobBytes(unencodedBytes, shardCount);
  if (!encodedBytes.ok) return encodedBytes;
  const cost = registrationCost(encodedBytes.value, epochs, prices);
  return ok({ ...cost, encodedBytes: encodedBytes.value });
}
