/**
 * What must hold after every run, checked against the ledger and not against our own tables.
 *
 * Each broken rule is one line of text; none is good.
 */
import { TransactionDataBuilder } from "@mysten/sui/transactions";
import { toBase64, toHex } from "../../shared/bytes/text.ts";
import type { ExecutedTransaction } from "../devnet/ledger/types.ts";
import { blobEvents } from "../devnet/network/chain-events.ts";
import type { ChainEvent } from "../devnet/storage-node/chain-view.ts";
import { BOOK } from "./gateway.ts";
import { JWT_SECRET, SUI, WALLET_SECRET_KEY } from "./network.ts";
import { journalsOf, walletsOf, type World } from "./simulation.ts";

/** How strict to be. */
export interface Expectation {
  /** Whether nothing in the run excuses an upload that is not certified in the end. */
  readonly allCertified: boolean;
}

/** Every rule that does not hold. */
export function violations(world: World, { allCertified }: Expectation): string[] {
  return [
    ...registrationsOnce(world),
    ...definiteStates(world, allCertified),
    ...promisesKept(world),
    ...spendingBooked(world),
    ...spendingTold(world),
    ...leasesRecorded(world),
    ...sharedOnce(world),
    ...secretsKept(world),
  ];
}

/** What was to be shared is shared, once, and our book knows the SharedBlob. */
function sharedOnce(world: World): string[] {
  const leases = world.gateway.peek(BOOK, (book) => book.rows());
  const wanted = journalsOf(world).filter(
    ({ request, state }) => request.share === true && state === "certified",
  );
  const broken = wanted.flatMap(({ request, steps }) => {
    const { sharedObjectId } = steps.certify.result ?? {};
    const lease = leases.find((each) => each.sharedObjectId === sharedObjectId);
    const isKnown = sharedObjectId !== undefined && lease !== undefined;
    return isKnown ? [] : [`the SharedBlob of ${request.uploadId} is not known`];
  });
  const shared = world.network.ledger.moveCalls.get("shared_blob::new") ?? 0;
  return shared === wanted.length
    ? broken
    : [...broken, `${wanted.length} blobs were to be shared, ${shared} were`];
}

function eventsOf({ network }: World): readonly ChainEvent[] {
  const { ledger, deployment } = network;
  const events: ChainEvent[] = [];
  for (let sequence = 0; sequence < ledger.transactionCount; sequence++) {
    const transaction: ExecutedTransaction | undefined = ledger.transactionAt(sequence);
    if (transaction !== undefined) {
      events.push(...blobEvents(transaction, deployment.addresses.walrusOriginal));
    }
  }
  return events;
}

/** One upload, at most one registration; every registration belongs to an upload. */
function registrationsOnce(world: World): string[] {
  const counts = new Map<string, number>();
  for (const event of eventsOf(world)) {
    if (event.kind !== "registered") continue;
    counts.set(event.blobKey, (counts.get(event.blobKey) ?? 0) + 1);
  }
  const wanted = journalsOf(world).flatMap(({ steps }) => steps.encode.result?.blobId ?? []);
  const broken = [...counts].filter(([, count]) => count > 1);
  const foreign = [...counts.keys()].filter((blobKey) => !wanted.includes(blobKey));
  return [
    ...broken.map(([blobKey, count]) => `${blobKey} was registered ${count} times`),
    ...foreign.map((blobKey) => `${blobKey} was registered for no upload`),
  ];
}

/** What was accepted ends certified, or failed with a reason; no transaction stays open. */
export function definiteStates(world: World, allCertified: boolean): string[] {
  const broken: string[] = [];
  for (const { request, state, failure, steps } of journalsOf(world)) {
    const { uploadId } = request;
    if (state === "running") broken.push(`${uploadId} is still running: ${failure?.kind}`);
    if (state === "failed" && failure === null) broken.push(`${uploadId} failed without a reason`);
    if (allCertified && state !== "certified") {
      broken.push(`${uploadId} is ${state}: ${JSON.stringify(failure)}`);
    }
    if (state === "certified" && steps.record.status !== "done") {
      broken.push(`${uploadId} has no lease`);
    }
  }
  const unresolved = walletsOf(world).flatMap((wallet) => wallet.unresolved);
  return [...broken, ...unresolved.map(({ id }) => `${id} has an open transaction`)];
}

/** Blob objects that were ever certified, by the ledger. */
export function certifiedBlobs(world: World): ReadonlySet<string> {
  return new Set(
    eventsOf(world).flatMap((event) => (event.kind === "certified" ? event.objectId : [])),
  );
}

/** No secret and no token stands in a log line or an answer. */
export function secretsKept(world: World, answers: readonly object[] = []): string[] {
  const lines = [...world.gateway.ports.records, ...answers].map((line) => {
    const text = (_key: string, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value;
    return JSON.stringify(line, text);
  });
  const secrets = [WALLET_SECRET_KEY, toHex(JWT_SECRET), toBase64(JWT_SECRET), "eyJ"];
  return secrets.flatMap((secret) => {
    const line = lines.find((each) => each.includes(secret));
    return line === undefined ? [] : [`a secret was told: ${line}`];
  });
}

/** Who was told of a certified blob finds it certified; who was told 202 finds an upload. */
export function promisesKept(world: World): string[] {
  const journals = journalsOf(world);
  const certified = certifiedBlobs(world);
  const broken: string[] = [];
  for (const [uploadId, answer] of world.answers) {
    const isKnown = journals.some(({ request }) => request.uploadId === uploadId);
    const promised = answer === "running" || answer === "certified";
    if (promised && !isKnown) broken.push(`${uploadId} was accepted and is lost`);
  }
  for (const { request, state, steps } of journals) {
    const objectId = steps.register.result?.blobObjectId ?? "";
    if (state === "certified" && !certified.has(objectId)) {
      broken.push(`${request.uploadId} is not certified on chain`);
    }
    if (world.answers.get(request.uploadId) === "certified" && state !== "certified") {
      broken.push(`${request.uploadId} was told certified and is ${state}`);
    }
  }
  return broken;
}

/** To the FROST and the MIST: what wallets have booked is what the ledger took. */
export function spendingBooked(world: World): string[] {
  const { given } = world;
  const wallets = walletsOf(world);
  const spentFrost = wallets.reduce((sum, wallet) => sum + wallet.spentFrost, 0n);
  const gasMist = wallets.reduce((sum, wallet) => sum + wallet.gasMist, 0n);
  const transactionCount = wallets.reduce((sum, wallet) => sum + wallet.transactionCount, 0);
  const wal = takenFrost(world);
  const sui = given.sui - heldBy(world, SUI);
  const broken: string[] = [];
  if (spentFrost !== wal) broken.push(`booked ${spentFrost} FROST, the ledger took ${wal}`);
  if (gasMist !== sui) broken.push(`booked ${gasMist} MIST, the ledger took ${sui}`);
  const signed = wallets.reduce((sum, { address }) => sum + transactionsOf(world, address), 0);
  if (transactionCount !== signed) {
    broken.push(`booked ${transactionCount} of ${signed} transactions`);
  }
  return broken;
}

/** User transactions that this address has signed, failed ones included. */
function transactionsOf({ network }: World, address: string): number {
  const { ledger } = network;
  const sequences = Array.from({ length: ledger.transactionCount }, (_, sequence) => sequence);
  return sequences.filter((sequence) => {
    const bytes = ledger.transactionAt(sequence)?.transactionBytes ?? new Uint8Array();
    return bytes.length > 0 && senderOf(bytes) === address;
  }).length;
}

function senderOf(transactionBytes: Uint8Array): string | null {
  return TransactionDataBuilder.fromBytes(transactionBytes).sender ?? null;
}

/** What uploads say they cost is what the ledger took, where nothing else is paid for. */
function spendingTold(world: World): string[] {
  const wal = takenFrost(world);
  const told = journalsOf(world).reduce(
    (sum, { steps }) => sum + BigInt(steps.register.result?.costFrost ?? 0),
    0n,
  );
  return told === wal ? [] : [`uploads cost ${told} FROST, the ledger took ${wal}`];
}

/** FROST the gateway no longer has. */
export function takenFrost(world: World): bigint {
  return world.given.wal - heldBy(world, world.network.deployment.walType);
}

/** What is moved from one address to another is still there. */
function heldBy(world: World, coin: string): bigint {
  const { ledger } = world.network;
  return walletsOf(world).reduce((sum, { address }) => sum + ledger.balance(address, coin), 0n);
}

/** Every certified blob has the one lease the chain gives it. */
function leasesRecorded(world: World): string[] {
  const leases = world.gateway.peek(BOOK, (book) => book.rows());
  const ends = new Map(
    eventsOf(world).flatMap((event) =>
      event.kind === "certified" ? [[event.objectId, event.endEpoch] as const] : [],
    ),
  );
  const leased = leases.filter(({ blobObjectId, endEpoch }) => {
    return ends.get(blobObjectId) === endEpoch;
  });
  return leased.length === ends.size && leases.length === ends.size
    ? []
    : [`${ends.size} blobs are certified, ${leased.length} of ${leases.length} leases fit`];
}
