/**
 * Many small stores at once against a whole gateway, and what the ledger says of them afterwards.
 */
import assert from "node:assert/strict";
import type { Network } from "../devnet/network/network.ts";
import { seededBytes } from "./contents.ts";
import type { TestGateway } from "./gateway.ts";

/** How often a client that has waited in vain asks for the same store. */
const ASKS_MAX = 5;

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
  /** Addresses that paid for them. */
  readonly payerCount: number;
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
  const before = await network.admin.state();
  const objectIds = new Set<string>();
  let costFrost = 0n;
  async function store(index: number): Promise<number> {
    const startedMs = performance.now();
    const body = seededBytes(500 + index, index + 1);
    const response = await untilAnswered(() =>
      gateway.publisher("/v1/blobs?epochs=2", {
        method: "PUT",
        body,
        headers: { "idempotency-key": `store ${index}` },
      }),
    );
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
  const after = await network.admin.state();
  const calls = (name: string) => (after.moveCalls[name] ?? 0) - (before.moveCalls[name] ?? 0);
  return {
    addressCount,
    objectIds,
    payerCount: await countOwners(gateway, objectIds),
    transactions: after.transactions - before.transactions,
    refused: after.refusedTransactions - before.refusedTransactions,
    registrations: calls("system::register_blob"),
    certifications: calls("system::certify_blob"),
    costFrost,
    medianMs: at(0.5),
    p95Ms: at(0.95),
    aloneMs,
    totalMs,
  };
}

/** What must hold whatever the timing: each blob paid for once, and no object in conflict. */
export function loadFaults(report: LoadReport, { uploadCount }: Load): string[] {
  const { objectIds, registrations, certifications, refused } = report;
  const faults: string[] = [];
  const expectCount = (count: number, what: string) => {
    if (count !== uploadCount) faults.push(`${count} ${what} for ${uploadCount} stores`);
  };
  expectCount(objectIds.size, "blobs");
  expectCount(registrations, "registrations");
  expectCount(certifications, "certifications");
  if (refused > 0) faults.push(`the ledger refused ${refused} transactions`);
  return faults;
}

/**
 * Asks again where the client has given up waiting, as Node's does after five minutes; the key that
 * goes with the request makes it the same store.
 */
async function untilAnswered(ask: () => Promise<Response>): Promise<Response> {
  for (let asked = 1; ; asked++) {
    try {
      return await ask();
    } catch (error) {
      const { cause } = error as { readonly cause?: { readonly code?: string } };
      if (cause?.code !== "UND_ERR_HEADERS_TIMEOUT" || asked === ASKS_MAX) throw error;
    }
  }
}

/** Addresses that own the blobs: each is owned by the one that paid for it. */
async function countOwners(gateway: TestGateway, objectIds: ReadonlySet<string>): Promise<number> {
  const owners = new Set<string>();
  for (const objectId of objectIds) {
    const response = await gateway.publisher(`/edge/v1/objects/${objectId}`);
    const { owner } = (await response.json()) as { readonly owner: string };
    owners.add(owner);
  }
  return owners.size;
}

/** The report in one line. */
export function loadLine(report: LoadReport): string {
  const { objectIds, payerCount, transactions, medianMs, p95Ms, aloneMs, totalMs } = report;
  const perBlob = (transactions / objectIds.size).toFixed(3);
  const seconds = (milliseconds: number) => `${(milliseconds / 1_000).toFixed(1)} s`;
  return (
    `${objectIds.size} blobs over ${payerCount} of ${report.addressCount} addresses in ${seconds(totalMs)}: ` +
    `${transactions} transactions (${perBlob} a blob), latency ${seconds(medianMs)} in the median, ` +
    `${seconds(p95Ms)} at 95 %, ${seconds(aloneMs)} alone`
  );
}
