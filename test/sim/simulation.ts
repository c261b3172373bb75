/**
 * A run of the publisher against the local network, decided by one seed.
 *
 * The model. Time stands still while anything can go on by itself and then jumps to the next event.
 * Every message (a request to a node or to Sui, a call from one object to another, the answer to
 * either) takes a time drawn from the seed, so the seed decides who comes first. Objects have
 * storage with the platform's rules (statements without an `await` between them are one
 * transaction; nothing leaves before what was written is durable), one alarm each, which rings at
 * least once and is repeated when it fails, and may be killed at every boundary (`platform.ts`).
 * Signing, encoding and verifying take no time. A sleep changes nothing outside the object, so
 * dying in it is dying after the call before it. Storage nodes hear of the chain a little later than
 * it happens. Everything else is the real code: the objects' own engines, the gRPC client, the
 * ledger with the contract's rules, the nodes' checks and signatures.
 *
 * What is not modelled: a second isolate that still runs an older life of an object, clocks that
 * disagree, and storage that loses what it has called durable.
 */
import type { WalletStatus } from "../../workers/publisher/wallet/commands.ts";
import type { UploadRecord } from "../../workers/publisher/upload/carrier.ts";
import type { Journal, UploadRequest } from "../../workers/publisher/upload/journal.ts";
import { uploadView } from "../../workers/publisher/upload-view.ts";
import { seededBytes } from "../support/contents.ts";
import { SimGateway, uploadName, WALLET_ADDRESS, walletName } from "./gateway.ts";
import { type SimScale, SimNetwork, SMALL } from "./network.ts";
import { type KillPlan, NO_KILL, Platform } from "./platform.ts";
import { Scheduler } from "./scheduler.ts";
import { uploadRequest } from "../support/upload-request.ts";

export const START_MS = 1_750_000_000_000;
export const START_SUI = 10n ** 12n;
export const START_WAL = 10n ** 9n;
/** Long after the last alarm of an upload that will ever come to anything. */
export const PATIENCE_MS = 3 * 60 * 60_000;

/** Where a run takes place, and how it is disturbed. */
export interface Setting {
  readonly seed: number;
  readonly kill?: KillPlan;
  /** Nodes and shards. */
  readonly scale?: SimScale;
  /** Addresses uploads are spread over; 1 unless given. Only the main one has money. */
  readonly addressCount?: number;
  /** Registrations in one transaction; the product's default unless given. */
  readonly batchMax?: number | undefined;
  /** Cities whose uploads share hints on nodes through KV; no hints unless given. */
  readonly cityCount?: number;
  /** Isolates that uploads share; one for each life unless given. */
  readonly isolateCount?: number;
  /** Whether the names of the boundaries passed are kept, as they are unless this says otherwise. */
  readonly namesBoundaries?: boolean;
  /** Called before anything is stored, to arrange faults over time. */
  readonly trouble?: (world: World) => void;
}

/** What happens in a run. */
export interface Scenario extends Setting {
  /** Blobs stored at the same time; 1 unless given. */
  readonly uploadCount?: number;
  /** When each upload comes, from the start of the run; at once unless given. */
  readonly arrivesMs?: (index: number) => number;
  /** Bytes each client stores; a few hundred unless given. */
  readonly blobBytes?: number;
  /** Whether clients wait for the outcome. */
  readonly waits?: boolean;
  /** Whether blobs get attributes and end up shared. */
  readonly shares?: boolean;
}

/** A run and everything it has left. */
export interface World {
  readonly scheduler: Scheduler;
  readonly platform: Platform;
  readonly network: SimNetwork;
  readonly gateway: SimGateway;
  /** What each client was told; absent when its Worker died. */
  readonly answers: Map<string, string>;
  /** SUI and WAL the wallet was given. */
  readonly given: { readonly sui: bigint; readonly wal: bigint };
}

/** A gateway and a network where nothing has happened yet. */
export function openWorld(setting: Setting): World {
  const { seed, kill = NO_KILL, scale = SMALL, addressCount = 1, ...settings } = setting;
  const { batchMax, cityCount, isolateCount, namesBoundaries } = settings;
  const scheduler = new Scheduler(seed, START_MS);
  const network = new SimNetwork(scheduler, scale);
  const platform = new Platform(scheduler, kill, namesBoundaries);
  const gateway = new SimGateway(platform, network, {
    addressCount,
    batchMax,
    cityCount,
    isolateCount,
  });
  const given = { sui: START_SUI, wal: START_WAL };
  network.fund(WALLET_ADDRESS, given);
  return { scheduler, platform, network, gateway, answers: new Map(), given };
}

/** Runs a scenario until every client has its answer and nothing is left to be done. */
export async function simulate(scenario: Scenario): Promise<World> {
  const { uploadCount = 1, waits = false, shares = false, arrivesMs = () => 0 } = scenario;
  const { blobBytes, trouble } = scenario;
  const world = openWorld(scenario);
  const { scheduler, network, gateway, answers } = world;
  trouble?.(world);
  let askedCount = 0;
  const ask = (index: number) => {
    const uploadId = `u${index}`;
    askedCount++;
    void gateway
      .store(request(uploadId, waits, shares), blobOf(index, blobBytes))
      .then((stored) =>
        answers.set(uploadId, stored.ok ? stored.value.state : stored.failure.kind),
      );
  };
  for (let index = 0; index < uploadCount; index++) {
    const delayMs = arrivesMs(index);
    if (delayMs === 0) ask(index);
    else scheduler.after(delayMs, () => ask(index));
  }
  const isOver = () => askedCount === uploadCount && isSettled(world);
  await scheduler.run(isOver, START_MS + PATIENCE_MS);
  network.close();
  return world;
}

/** The bytes client `index` stores. */
export function blobOf(index: number, byteCount = 700 + 40 * index): Uint8Array {
  return seededBytes(byteCount, index + 1);
}

/** Every upload there is, as anybody can read it. */
export function uploadsOf({ gateway }: World): readonly UploadRecord[] {
  return gateway.uploadIds.flatMap((uploadId) => {
    const record = gateway.peek(uploadName(uploadId), (upload) => upload.record());
    return record === null ? [] : [record];
  });
}

export function journalsOf(world: World): readonly Journal[] {
  return uploadsOf(world).map(({ journal }) => journal);
}

/** Every wallet, the main one first. */
export function walletsOf({ gateway }: World): readonly WalletStatus[] {
  return gateway.addresses.map((_, account) =>
    gateway.peek(walletName(account), (wallet) => wallet.status()),
  );
}

/** The run as text: equal texts are equal runs. */
export function historyOf(world: World): string {
  const { platform, network, gateway, answers, scheduler } = world;
  const transactions = Array.from(
    { length: network.ledger.transactionCount },
    (_, sequence) => network.ledger.transactionAt(sequence)?.digest,
  );
  const views = uploadsOf(world).map((record) => uploadView(record));
  return JSON.stringify(
    {
      boundaries: platform.boundaries,
      endMs: scheduler.nowMs(),
      transactions,
      calls: network.calls,
      log: gateway.ports.records,
      answers: [...answers],
      views,
      wallets: walletsOf(world),
    },
    (_key, value: unknown) => (typeof value === "bigint" ? value.toString() : value),
    1,
  );
}

/** No transaction of unknown fate and no upload under way; what nobody has staged is not one. */
export function isSettled(world: World): boolean {
  if (!world.platform.isQuiet) return false;
  const isOver = journalsOf(world).every(
    ({ state, steps }) =>
      state === "failed" || (state === "certified" && steps.record.status === "done"),
  );
  return isOver && walletsOf(world).every(({ unresolved }) => unresolved.length === 0);
}

function request(uploadId: string, waits: boolean, shares: boolean): UploadRequest {
  const sharing = shares ? { share: true, attributes: { name: uploadId } } : {};
  return uploadRequest({ uploadId, epochs: 3, waits, ...sharing });
}
