/**
 * The gas model: computation in Sui's buckets, storage by the byte, rebates.
 *
 * Storage is Sui's formula exactly. Computation is an estimate (Move bytecode does not run here):
 * a fixed part, a part per command and call, a part per byte; nearly every Walrus transaction falls
 * into the first bucket, as on mainnet. Source: sui `gas_model/gas_v2.rs`.
 */
import { COMPUTATION_BUCKETS, REBATE_BASIS_POINTS } from "./limits.ts";
import { storageCost } from "./objects.ts";
import type { Change } from "./session.ts";
import type { GasSummary } from "./types.ts";

const UNITS_PER_TRANSACTION = 200n;
const UNITS_PER_COMMAND = 10n;
const UNITS_PER_MOVE_CALL = 40n;
const BYTES_PER_UNIT = 100n;

/** Computation units before rounding. */
export function computationUnits(work: {
  readonly commandCount: number;
  readonly moveCallCount: number;
  readonly transactionBytes: number;
}): bigint {
  return (
    UNITS_PER_TRANSACTION +
    UNITS_PER_COMMAND * BigInt(work.commandCount) +
    UNITS_PER_MOVE_CALL * BigInt(work.moveCallCount) +
    BigInt(work.transactionBytes) / BYTES_PER_UNIT
  );
}

/** Rounds units up to their bucket. */
export function bucketOf(units: bigint): bigint {
  return COMPUTATION_BUCKETS.find((bucket) => units <= bucket) ?? COMPUTATION_BUCKETS.at(-1) ?? 0n;
}

/** What the object changes cost and give back. */
export function storageSummary(changes: readonly Change[]): Omit<GasSummary, "computationCost"> {
  let cost = 0n;
  let rebate = 0n;
  for (const { before, after } of changes) {
    if (after !== null) cost += storageCost(after.type, after.contents);
    if (before !== null) rebate += before.storageRebate;
  }
  const storageRebate = (rebate * REBATE_BASIS_POINTS + 5_000n) / 10_000n;
  return {
    storageCost: cost,
    storageRebate,
    nonRefundableStorageFee: rebate - storageRebate,
  };
}

/** What the payer's coin loses (negative: gains). */
export function netGas(gas: GasSummary): bigint {
  return gas.computationCost + gas.storageCost - gas.storageRebate;
}
