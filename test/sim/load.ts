/**
 * A burst of small uploads in simulated time, and what it cost. Work of processors takes no time
 * here, so a batch fills as it would where every object has a machine of its own.
 */
import type { SimScale } from "./network.ts";
import { journalsOf, simulate, uploadsOf, type World } from "./simulation.ts";

/** What each client stores; the content differs. */
const BLOB_BYTES = 600;

/** A burst. */
export interface Burst {
  readonly seed: number;
  readonly scale: SimScale;
  readonly uploadCount: number;
  readonly addressCount: number;
  /** Most blobs in one transaction; as the product has it unless given. */
  readonly batchMax?: number;
  /** Isolates that the uploads share; one for each unless given. */
  readonly isolateCount?: number;
  /** All of them come within so long, spread by the seed. */
  readonly withinMs: number;
}

/** What came of it. */
export interface BurstReport {
  readonly world: World;
  /** Of the ledger, refills and failed ones included. */
  readonly transactions: number;
  /** Addresses that paid for an upload. */
  readonly payerCount: number;
  /** From staged to certified, simulated milliseconds. */
  readonly medianMs: number;
  readonly p95Ms: number;
  /** The same for an upload on its own. */
  readonly aloneMs: number;
}

export async function burst({ seed, scale, uploadCount, ...rest }: Burst): Promise<BurstReport> {
  const { addressCount, batchMax, isolateCount, withinMs } = rest;
  const each = { seed, scale, blobBytes: BLOB_BYTES, waits: true, namesBoundaries: false };
  const alone = await simulate({ ...each, uploadCount: 1 });
  const world = await simulate({
    ...each,
    uploadCount,
    addressCount,
    batchMax,
    ...(isolateCount === undefined ? {} : { isolateCount }),
    arrivesMs: (index) => Math.floor((index * withinMs) / uploadCount),
  });
  const timesMs = storeTimesMs(world);
  const at = (fraction: number) => timesMs[Math.floor((timesMs.length - 1) * fraction)] ?? 0;
  return {
    world,
    transactions: world.network.ledger.userTransactionCount,
    payerCount: new Set(journalsOf(world).map(({ walletAddress }) => walletAddress)).size,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    aloneMs: storeTimesMs(alone)[0] ?? 0,
  };
}

/** The report in one line. */
export function burstLine({ world, transactions, payerCount, ...times }: BurstReport): string {
  const count = uploadsOf(world).length;
  return (
    `${count} uploads over ${payerCount} addresses: ${transactions} transactions ` +
    `(${(transactions / count).toFixed(3)} a blob); simulated latency ${times.medianMs} ms in the ` +
    `median, ${times.p95Ms} ms at 95 %, ${times.aloneMs} ms alone`
  );
}

function storeTimesMs(world: World): readonly number[] {
  return journalsOf(world)
    .map(({ stagedAtMs, finishedAtMs }) => (finishedAtMs ?? Infinity) - stagedAtMs)
    .sort((left, right) => left - right);
}
