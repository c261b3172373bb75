/**
 * What must hold after a visit, by the ledger and by what the same visit has left undisturbed.
 *
 * Each broken rule is one line of text; none is good.
 */
import type { Orphan } from "../../shared/rpc/orphans.ts";
import type { ExecutedTransaction } from "../devnet/ledger/types.ts";
import type { Blob } from "../devnet/walrus-contract/values.ts";
import type { SimDoor } from "./door.ts";
import { BOOK } from "./gateway.ts";
import {
  certifiedBlobs,
  definiteStates,
  promisesKept,
  secretsKept,
  spendingBooked,
  takenFrost,
} from "./invariants.ts";
import { journalsOf, type World } from "./simulation.ts";
import { storedBlobs, type Visit } from "./visit.ts";

const REGISTER = "system::register_blob";

/** Every rule that does not hold, by what an undisturbed visit has left. */
export function visitViolations<Report>(
  visited: Visit<Report>,
  undisturbed: Visit<Report>,
): string[] {
  return [
    ...differs("Move calls", visited.made, undisturbed.made),
    ...troubledViolations(visited, undisturbed),
  ];
}

/** The same where transactions may fail on their way, and epochs may have changed. */
export function troubledViolations<Report>(
  visited: Visit<Report>,
  undisturbed: Visit<Report>,
  { epochsMoved = false }: { readonly epochsMoved?: boolean } = {},
): string[] {
  const { world, door, report } = visited;
  // An epoch that moves may end what was bought before it is certified: that is bought again.
  const ended = epochsMoved ? endedRegistrations(world) : [];
  const sunkFrost = ended.reduce((sum, { costFrost }) => sum + BigInt(costFrost), 0n);
  const frost = (of: Visit<Report>, more = 0n) => (takenFrost(of.world) + more).toString();
  const effects = sorted(lastingCalls(undisturbed.world));
  const wanted = sorted(sum(effects, ...ended.map((orphan) => callsOf(world, orphan))));
  const told = (of: unknown) => (epochsMoved ? withoutEpochs(of) : of);
  return [
    ...(report === null ? ["clients are still there"] : []),
    ...differs("clients were told", told(report), told(undisturbed.report)),
    ...differs("calls that took effect", sorted(lastingCalls(world)), wanted),
    ...differs("FROST", frost(visited), frost(undisturbed, sunkFrost)),
    ...definiteStates(world, false),
    ...promisesKept(world),
    ...toldTrue(visited),
    ...secretsKept(world, visited.answers),
    ...spendingBooked(world),
    ...leasesFit(world),
    ...desksCleared(world, door),
  ];
}

function differs(what: string, now: unknown, then: unknown): string[] {
  const [told, wanted] = [JSON.stringify(now), JSON.stringify(then)];
  return told === wanted ? [] : [`${what}: ${told} instead of ${wanted}`];
}

/** Move calls by name. */
type Calls = Readonly<Record<string, number>>;

function sum(...all: readonly Calls[]): Calls {
  const counts = new Map<string, number>();
  for (const [call, count] of all.flatMap((calls) => Object.entries(calls))) {
    counts.set(call, (counts.get(call) ?? 0) + count);
  }
  return Object.fromEntries(counts);
}

function sorted(calls: Calls): Calls {
  return Object.fromEntries(
    Object.entries(calls).sort(([left], [right]) => (left < right ? -1 : 1)),
  );
}

function transactionsOf({ network: { ledger } }: World): readonly ExecutedTransaction[] {
  return Array.from({ length: ledger.transactionCount }, (_, sequence) => sequence).flatMap(
    (sequence) => ledger.transactionAt(sequence) ?? [],
  );
}

/** Walrus calls of transactions that succeeded. How coins are put together depends on what shares one. */
function lastingCalls(world: World): Calls {
  const calls = transactionsOf(world).flatMap(({ failure, moveCalls }) =>
    failure === null ? moveCalls.filter((call) => !call.startsWith("coin::")) : [],
  );
  return sum(...calls.map((call) => ({ [call]: 1 })));
}

/** Registrations of uploads whose storage ended before their blob was certified; all are listed. */
function endedRegistrations(world: World): readonly Orphan[] {
  const { epoch } = world.network;
  const kept = new Set(
    journalsOf(world).map(({ steps }) => steps.register.result?.blobObjectId ?? ""),
  );
  return world.gateway
    .peek(BOOK, (book) => book.orphanRows())
    .filter(({ blobObjectId }) => {
      const blob = blobOf(world, blobObjectId);
      const isOver = blob !== null && blob.storage.end_epoch <= epoch;
      return isOver && blob.certified_epoch === null && !kept.has(blobObjectId);
    });
}

/** What one registration of a batch has called: all of a batch call the same. */
function callsOf(world: World, { txDigest }: Orphan): Calls {
  const { moveCalls = [] } = transactionsOf(world).find(({ digest }) => digest === txDigest) ?? {};
  const calls = moveCalls.filter((call) => !call.startsWith("coin::"));
  const registrations = calls.filter((call) => call === REGISTER).length;
  return sum(...calls.map((call) => ({ [call]: 1 / registrations })));
}

function blobOf({ network: { ledger } }: World, objectId: string, isShared = false): Blob | null {
  const { value } = ledger.objectValue(objectId) ?? {};
  if (value === undefined) return null;
  return (isShared ? (value as { blob: unknown }).blob : value) as Blob;
}

function withoutEpochs(report: unknown): unknown {
  const text = JSON.stringify(report) ?? "null";
  return text.replace(/(\\?"(?:startEpoch|endEpoch|endsAt)\\?":)[^,}]+/g, "$1…");
}

/**
 * What our book says of each blob is what the chain says: it is certified, and ends then. There is
 * no blob of ours that is in the book neither as a lease nor as an orphan.
 */
function leasesFit(world: World): string[] {
  const { ledger, deployment } = world.network;
  const leases = world.gateway.peek(BOOK, (book) => book.rows());
  const orphans = world.gateway.peek(BOOK, (book) => book.orphanRows());
  const broken = leases.flatMap(({ blobObjectId, sharedObjectId, endEpoch }) => {
    const blob = blobOf(world, sharedObjectId ?? blobObjectId, sharedObjectId !== undefined);
    if (blob === null) return [`${blobObjectId} has a lease and is gone`];
    if (blob.certified_epoch === null) return [`${blobObjectId} has a lease and no certificate`];
    const { end_epoch: end } = blob.storage;
    return end === endEpoch ? [] : [`${blobObjectId} ends in ${end}, our lease in ${endEpoch}`];
  });
  const certified = orphans.flatMap(({ blobObjectId }) => {
    const isCertified = (blobOf(world, blobObjectId)?.certified_epoch ?? null) !== null;
    return isCertified ? [`${blobObjectId} is listed as an orphan and is certified`] : [];
  });
  const known = new Set([...leases, ...orphans].map(({ blobObjectId }) => blobObjectId));
  const owned = world.gateway.addresses.flatMap((address) => ledger.view.ownedBy(address));
  const unknown = owned.filter(
    ({ id, type }) =>
      type === `${deployment.addresses.walrusOriginal}::blob::Blob` && !known.has(id),
  );
  return [...broken, ...certified, ...unknown.map(({ id }) => `${id} is ours and in no book`)];
}

/** What clients were told is stored is certified by the ledger, and had its lease by then. */
function toldTrue<Report>({ world, answers, toldTooSoon }: Visit<Report>): string[] {
  const certified = certifiedBlobs(world);
  const stored = [...new Set(answers.flatMap(storedBlobs))];
  return [
    ...stored.flatMap((id) => (certified.has(id) ? [] : [`${id} was told stored, not certified`])),
    ...toldTooSoon.map((id) => `${id} was told stored before it had a lease`),
  ];
}

/** No body is left on a desk. */
function desksCleared({ platform }: World, { desks }: SimDoor): string[] {
  return [...desks].flatMap((name) => (platform.isEmpty(name) ? [] : [`${name} was left`]));
}
