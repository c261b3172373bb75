/**
 * A run of clients that come through HTTP's door and do one thing after another, asking again under
 * their key until they have an answer that is not the gateway's fault.
 *
 * When they have left, time goes on until whatever was left behind has been swept.
 */
import { type Asked, SimDoor, type Told } from "./door.ts";
import { BOOK } from "./gateway.ts";
import { definiteStates, spendingBooked, takenFrost } from "./invariants.ts";
import {
  isSettled,
  openWorld,
  PATIENCE_MS,
  type Setting,
  START_MS,
  type World,
} from "./simulation.ts";

/** First pause before a client asks again; doubled each time… */
const PAUSE_MIN_MS = 1_000;
/** … up to here. */
const PAUSE_MAX_MS = 60_000;
/** Alarms have rung that look after what a request has left behind. */
const AFTERWARDS_MS = 2 * 60 * 60_000;

/** A client, or several that come one after the other. */
export interface Client {
  readonly world: World;
  /**
   * Asks under a key of its own until the answer is definite: neither a failure of the gateway's nor
   * a lost connection, unless `isWanted` says otherwise.
   */
  readonly ask: (asked: Omit<Asked, "token">, isWanted?: (told: Told) => boolean) => Promise<Told>;
  /** The hourly cron, once; whatever becomes of it. */
  cron(): Promise<void>;
  /** Lets time pass. */
  sleep(durationMs: number): Promise<void>;
  /** What it was about begins here: what was before is not killed. */
  begin(): void;
}

/** What clients do; what it resolves with must not depend on chance. */
export type Script<Report> = (client: Client) => Promise<Report>;

/** Clients, and the gateway they come to. */
export interface VisitSetting extends Setting {
  /** Variables of the publisher. */
  readonly vars?: Readonly<Record<string, string>>;
}

/** A visit and what it has left. */
export interface Visit<Report> {
  readonly world: World;
  readonly door: SimDoor;
  /** What the script has resolved with; `null` when it never came to its end. */
  readonly report: Report | null;
  /** Move calls the ledger has counted, those of failed transactions included. */
  readonly made: Readonly<Record<string, number>>;
  /** Boundaries passed before what it was about began. */
  readonly firstBoundary: number;
}

/** Runs a script to its end. */
export async function visit<Report>(
  setting: VisitSetting,
  script: Script<Report>,
): Promise<Visit<Report>> {
  const world = openWorld(setting);
  const { scheduler, platform, network, gateway } = world;
  const door = new SimDoor(gateway, setting.vars);
  setting.trouble?.(world);
  let report: Report | null = null;
  let failure: unknown = null;
  let isOver = false;
  let keyCount = 0;
  let firstBoundary = 0;
  const client: Client = {
    world,
    ask: (asked, isWanted = isDefinite) =>
      insist(door, world, { ...asked, token: `key ${++keyCount}` }, isWanted),
    cron: () => door.cron().catch(() => undefined),
    sleep: (durationMs) => scheduler.sleep(durationMs),
    begin: () => {
      firstBoundary = platform.boundaries.length;
    },
  };
  script(client).then(
    (value) => {
      report = value;
      isOver = true;
    },
    (error: unknown) => {
      failure = error;
      isOver = true;
    },
  );
  await scheduler.run(() => isOver && isSettled(world), START_MS + PATIENCE_MS);
  await scheduler.run(() => false, scheduler.nowMs() + AFTERWARDS_MS);
  network.close();
  if (failure !== null) throw failure as Error;
  const made = Object.fromEntries(network.ledger.moveCalls);
  return { world, door, report, made, firstBoundary };
}

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
  const frost = (of: Visit<Report>) => takenFrost(of.world).toString();
  const effects = (of: Visit<Report>) => lastingCalls(of.world);
  const told = (of: unknown) => (epochsMoved ? withoutEpochs(of) : of);
  return [
    ...(report === null ? ["clients are still there"] : []),
    ...differs("clients were told", told(report), told(undisturbed.report)),
    ...differs("calls that took effect", effects(visited), effects(undisturbed)),
    ...differs("FROST", frost(visited), frost(undisturbed)),
    ...definiteStates(world, false),
    ...spendingBooked(world),
    ...leasesFit(world),
    ...desksCleared(world, door),
  ];
}

function differs(what: string, now: unknown, then: unknown): string[] {
  const [told, wanted] = [JSON.stringify(now), JSON.stringify(then)];
  return told === wanted ? [] : [`${what}: ${told} instead of ${wanted}`];
}

/** Walrus calls of transactions that succeeded, by name. */
function lastingCalls({ network }: World): object {
  const { ledger } = network;
  const counts = new Map<string, number>();
  for (let sequence = 0; sequence < ledger.transactionCount; sequence++) {
    const { failure, moveCalls = [] } = ledger.transactionAt(sequence) ?? {};
    // How coins are put together depends on what shares a transaction.
    const lasting = failure === null ? moveCalls.filter((call) => !call.startsWith("coin::")) : [];
    for (const call of lasting) counts.set(call, (counts.get(call) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function withoutEpochs(report: unknown): unknown {
  const text = JSON.stringify(report) ?? "null";
  return text.replace(/(\\?"(?:startEpoch|endEpoch|endsAt)\\?":)[^,}]+/g, "$1…");
}

/** What our book says of each blob is what the chain says, and there is no blob it does not know. */
function leasesFit(world: World): string[] {
  const { ledger, deployment } = world.network;
  const leases = world.gateway.peek(BOOK, (book) => book.rows());
  const broken = leases.flatMap(({ blobObjectId, sharedObjectId, endEpoch }) => {
    const { value } = ledger.objectValue(sharedObjectId ?? blobObjectId) ?? {};
    if (value === undefined) return [`${blobObjectId} has a lease and is gone`];
    const blob = sharedObjectId === undefined ? value : (value as { blob: unknown }).blob;
    const { storage } = blob as { storage: { end_epoch: number } };
    return storage.end_epoch === endEpoch
      ? []
      : [`${blobObjectId} ends in ${storage.end_epoch}, our lease in ${endEpoch}`];
  });
  const known = new Set(leases.map(({ blobObjectId }) => blobObjectId));
  const owned = world.gateway.addresses.flatMap((address) => ledger.view.ownedBy(address));
  const unknown = owned.filter(
    ({ id, type }) =>
      type === `${deployment.addresses.walrusOriginal}::blob::Blob` && !known.has(id),
  );
  return [...broken, ...unknown.map(({ id }) => `${id} is ours and has no lease`)];
}

/** No body is left on a desk. */
function desksCleared({ platform }: World, { desks }: SimDoor): string[] {
  return [...desks].flatMap((name) => (platform.isEmpty(name) ? [] : [`${name} was left`]));
}

const isDefinite = ({ status }: Told) => status < 500;

async function insist(
  door: SimDoor,
  { scheduler }: World,
  asked: Asked,
  isWanted: (told: Told) => boolean,
): Promise<Told> {
  const headers = { ...asked.headers, "idempotency-key": asked.token };
  for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, 2 * pauseMs)) {
    const told = await door.ask({ ...asked, headers }).catch(() => null);
    if (told !== null && isWanted(told)) return told;
    await scheduler.sleep(pauseMs);
  }
}
