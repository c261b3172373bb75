/**
 * Many small stores at once against a whole gateway, and what the ledger says of them afterwards.
 */
import assert from "node:assert/strict";
import type { Network } from "../devnet/network/network.ts";
import { seededBytes } from "./contents.ts";
import type { TestGateway } from "./gateway.ts";

/** How many stores, by how many clients. */
export interface Load {
  readonly uploadCount: number;
  readonly clientCount: number;
}

/** What came of it. */
export interface LoadReport {
  readonly addressCount: number;
  /** Each blob's object, as the gateway answered. */
  readonly objectIds: ReadonlySet<string>;
  /** Transactions of the ledger, refills and failed ones included. */
  readonly transactions: number;
  /** Submissions the ledger refused: an object conflict would be one. */
  readonly refused: number;
  readonly registrations: number;
  readonly certifications: number;
  /** What the answers say was paid for storage, in FROST. */
  readonly costFrost: bigint;
  /** From a request to its answer, milliseconds. */
  readonly medianMs: number;
  readonly p95Ms: number;
  /** The same for one store on an idle gateway. */
  readonly aloneMs: number;
  readonly totalMs: number;
}

interface Answer {
  readonly newlyCreated: { readonly blobObject: { readonly id: string }; readonly cost: number };
}

/** Stores and counts; throws with the first answer that is not a new blob. */
export async function storeMany(
  network: Network,
  gateway: TestGateway,
  addressCount: number,
  { uploadCount, clientCount }: Load,
): Promise<LoadReport> {
  const objectIds = new Set<string>();
  let costFrost = 0n;
  async function store(index: number): Promise<number> {
    const startedMs = performance.now();
    const body = seededBytes(500 + index, index + 1);
    const response = await gateway.publisher("/v1/blobs?epochs=2", { method: "PUT", body });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const { newlyCreated } = JSON.parse(text) as Answer;
    objectIds.add(newlyCreated.blobObject.id);
    costFrost += BigInt(newlyCreated.cost);
    return performance.now() - startedMs;
  }
  const aloneMs = await store(0);
  const startedMs = performance.now();
  let next = 1;
  const timesMs: number[] = [];
  async function client(): Promise<void> {
    while (next < uploadCount) timesMs.push(await store(next++));
  }
  await Promise.all(Array.from({ length: clientCount }, client));
  const totalMs = performance.now() - startedMs;
  timesMs.sort((left, right) => left - right);
  const at = (fraction: number) => timesMs[Math.floor((timesMs.length - 1) * fraction)] ?? 0;
  const { transactions, refusedTransactions, moveCalls } = await network.admin.state();
  return {
    addressCount,
    objectIds,
    transactions,
    refused: refusedTransactions,
    registrations: moveCalls["system::register_blob"] ?? 0,
    certifications: moveCalls["system::certify_blob"] ?? 0,
    costFrost,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    aloneMs,
    totalMs,
  };
}

/** The report in one line. */
export function loadLine(report: LoadReport): string {
  const { objectIds, transactions, medianMs, p95Ms, aloneMs, totalMs } = report;
  const perBlob = (transactions / objectIds.size).toFixed(3);
  const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;
  return (
    `${objectIds.size} blobs over ${report.addressCount} addresses in ${seconds(totalMs)}: ` +
    `${transactions} transactions (${perBlob} a blob), latency ${seconds(medianMs)} in the median, ` +
    `${seconds(p95Ms)} at 95 %, ${seconds(aloneMs)} alone`
  );
}
