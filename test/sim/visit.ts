/**
 * A run of clients that come through HTTP's door and do one thing after another, asking again under
 * their key until they have an answer that is not the gateway's fault.
 *
 * When they have left, time goes on until whatever was left behind has been swept.
 */
import { type Asked, SimDoor, type Told } from "./door.ts";
import { BOOK } from "./gateway.ts";
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
  readonly cron: () => Promise<void>;
  /** Lets time pass. */
  readonly sleep: (durationMs: number) => Promise<void>;
  /** What it is about begins here: what was before is not killed, nor troubled where it is set so. */
  readonly begin: () => void;
}

/** What clients do; what it resolves with must not depend on chance. */
export type Script<Report> = (client: Client) => Promise<Report>;

/** Clients, and the gateway they come to. */
export interface VisitSetting extends Setting {
  /** Variables of the publisher. */
  readonly vars?: Readonly<Record<string, string>>;
  /** Whether trouble comes with what the visit is about, and not from its start on. */
  readonly troubledFromBegin?: boolean;
}

/** A visit and what it has left. */
export interface Visit<Report> {
  readonly world: World;
  readonly door: SimDoor;
  /** What the script has resolved with; `null` when it never came to its end. */
  readonly report: Report | null;
  /** Every answer, those that were asked again for included. */
  readonly answers: readonly Told[];
  /** Blobs that a client was told of before their lease was written. */
  readonly toldTooSoon: readonly string[];
  /** Move calls the ledger has counted, those of failed transactions included. */
  readonly made: Readonly<Record<string, number>>;
  /** Boundaries passed before what it was about began. */
  readonly firstBoundary: number;
  /** How long clients were busy from where trouble may begin: till they rested, or were gone. */
  readonly spanMs: number;
}

/** Runs a script to its end. */
export async function visit<Report>(
  setting: VisitSetting,
  script: Script<Report>,
): Promise<Visit<Report>> {
  const world = openWorld(setting);
  const { scheduler, platform, network, gateway } = world;
  const door = new SimDoor(gateway, setting.vars);
  let troubledMs: number | null = null;
  let restedMs: number | null = null;
  const beginTrouble = () => {
    troubledMs = scheduler.nowMs();
    setting.trouble?.(world);
  };
  const rest = () => {
    if (troubledMs !== null) restedMs ??= scheduler.nowMs();
  };
  const isFromBegin = setting.troubledFromBegin === true;
  if (!isFromBegin) beginTrouble();
  const answers: Told[] = [];
  const toldTooSoon: string[] = [];
  const hear = (told: Told) => {
    answers.push(told);
    const leases = gateway.peek(BOOK, (book) => book.rows());
    const isLeased = (id: string) => leases.some(({ blobObjectId }) => blobObjectId === id);
    toldTooSoon.push(...storedBlobs(told).filter((id) => !isLeased(id)));
  };
  let report: Report | null = null;
  let failure: unknown = null;
  let isOver = false;
  let keyCount = 0;
  let firstBoundary = 0;
  const client: Client = {
    world,
    ask: (asked, isWanted = isDefinite) =>
      insist(
        async (once) => {
          const told = await door.ask(once);
          hear(told);
          return told;
        },
        world,
        { ...asked, token: `key ${++keyCount}` },
        isWanted,
      ),
    cron: () => door.cron().catch(() => undefined),
    sleep: (durationMs) => {
      rest();
      return scheduler.sleep(durationMs);
    },
    begin: () => {
      firstBoundary = platform.boundaries.length;
      if (isFromBegin) beginTrouble();
    },
  };
  script(client).then(
    (value) => {
      rest();
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
  const spanMs = (restedMs ?? scheduler.nowMs()) - (troubledMs ?? START_MS);
  return { world, door, report, answers, toldTooSoon, made, firstBoundary, spanMs };
}

/** Object IDs of the blobs that an answer says are stored now. */
export function storedBlobs({ status, text }: Told): readonly string[] {
  if (status !== 200) return [];
  return [...text.matchAll(/"blobObject":\{"id":"(0x[0-9a-f]+)"/g)].flatMap(([, id]) => id ?? []);
}

const isDefinite = ({ status }: Told) => status < 500;

async function insist(
  askOnce: (asked: Asked) => Promise<Told>,
  { scheduler }: World,
  asked: Asked,
  isWanted: (told: Told) => boolean,
): Promise<Told> {
  const headers = { ...asked.headers, "idempotency-key": asked.token };
  for (let pauseMs = PAUSE_MIN_MS; ; pauseMs = Math.min(PAUSE_MAX_MS, 2 * pauseMs)) {
    const told = await askOnce({ ...asked, headers }).catch(() => null);
    if (told !== null && isWanted(told)) return told;
    await scheduler.sleep(pauseMs);
  }
}
