/**
 * The publisher's objects on the simulated platform: Upload, Wallet and LeaseBook with their own
 * code, lanes as invocations of their own, and a client that stores by HTTP's door.
 */
import { ISOLATE_WORKING_SET_BYTES } from "../../shared/limits.ts";
import { createNodeClient } from "../../shared/nodes/client.ts";
import { createPermit } from "../../shared/nodes/permit.ts";
import type { Clock, Fetch, KeyValue, Log, LogRecord } from "../../shared/ports.ts";
import type { Result } from "../../shared/result.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import type { Chain } from "../../shared/sui/chain.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";
import type { Lane, LaneReport } from "../../workers/publisher/lane/lane.ts";
import { runLane } from "../../workers/publisher/lane/run-lane.ts";
import { createLeaseBook } from "../../workers/publisher/lease-book/book.ts";
import {
  createOrphanRows,
  type OrphanBookRpc,
  type OrphanRows,
} from "../../workers/publisher/lease-book/orphans.ts";
import type { LeaseBookRpc, LeasePage } from "../../workers/publisher/lease-book/leases.ts";
import type { UploadFailure } from "../../workers/publisher/upload/failure.ts";
import { UploadCarrier, type UploadRpc } from "../../workers/publisher/upload/carrier.ts";
import type { Journal, UploadRequest } from "../../workers/publisher/upload/journal.ts";
import {
  createLaggardHints,
  emptyLaggards,
  type LaggardHints,
  type LaggardsMemory,
} from "../../workers/publisher/upload/laggards.ts";
import { UploadStore } from "../../workers/publisher/upload/store.ts";
import { storeInUpload } from "../../workers/publisher/uploads.ts";
import type { WalletRpc } from "../../workers/publisher/wallet/commands.ts";
import { createWallet, type WalletEngine } from "../../workers/publisher/wallet/engine.ts";
import { walletKeys } from "../../workers/publisher/wallet/keys.ts";
import { walletSettings } from "../../workers/publisher/wallet/settings.ts";
import { createTreasury, type Treasury } from "../../workers/publisher/wallet/treasury.ts";
import { createJournalStore } from "../../workers/publisher/wallet/journal-store.ts";
import { SimKv } from "./edge.ts";
import { codec, externalCodec, type SimNetwork, WALLET_SECRET_KEY } from "./network.ts";
import {
  type Alarmed,
  type Life,
  type ObjectName,
  type Platform,
  TRAVEL_MS_MAX,
} from "./platform.ts";

const LANE_COUNT = 2;
/**
 * The product's thresholds, scaled down: blobs up to the first are encoded twice, up to the second
 * they go to the nodes while they are being registered, and above the third they are encoded in
 * storage.
 */
export const ENCODED_TWICE_BYTES_MAX = 600;
export const EARLY_BYTES_MAX = 1_500;
export const IN_MEMORY_BYTES_MAX = 2_000;
const BODY_BYTES_MAX = 1024 * 1024;

/** The lease book, and its rows for whoever checks them. */
interface SimBook
  extends
    Pick<LeaseBookRpc, "record">,
    Pick<OrphanBookRpc, "recordOrphan" | "claimOrphan">,
    Alarmed {
  rows(): LeasePage;
  orphans(): ReturnType<OrphanRows["orphans"]>;
}
export const BOOK = "book" as ObjectName<SimBook>;
const opened = walletKeys(WALLET_SECRET_KEY);
if (!opened.ok) throw new TypeError("Cannot simulate: the key is refused");
const keys = opened.value;
export const WALLET_ADDRESS = keys.signer(0).address;
/** Further addresses have little at a time, so that a run refills them. */
const REFILL = {
  below: { frost: 2_000n, mist: 500_000_000n },
  amount: { frost: 3_000n, mist: 1_000_000_000n },
};

/** A wallet as the others call it; only the main one keeps the treasury. */
interface SimWallet extends Pick<WalletEngine, "run" | "offer" | "status" | "alarm"> {
  readonly treasury: Treasury | null;
}

/** The wallet of an account: 0 is the main one. */
export function walletName(account: number): ObjectName<SimWallet> {
  return account === 0 ? "wallet" : `wallet ${account}`;
}
const WALLET = walletName(0);

export function uploadName(uploadId: string): ObjectName<UploadCarrier> {
  return `upload ${uploadId}`;
}

/** What the product uses of `ctx.storage.sql`. */
type Sql = ConstructorParameters<typeof UploadStore>[0] & Parameters<typeof createJournalStore>[0];

/** What of the gateway a run may choose. */
export interface SimSettings {
  readonly addressCount: number;
  readonly batchMax?: number | undefined;
  /** Cities whose isolates share hints on nodes through KV; uploads take turns. None: no hints. */
  readonly cityCount?: number | undefined;
}

/** An isolate of one city, as far as uploads share it. */
interface City {
  readonly kv: KeyValue;
  readonly laggards: LaggardsMemory;
}

/** The gateway of one run. */
export class SimGateway {
  readonly log: (LogRecord & { readonly by: string })[] = [];
  readonly uploadIds: string[] = [];
  readonly #platform: Platform;
  readonly #network: SimNetwork;
  #laneCount = 0;
  #clientCount = 0;
  readonly #batchMax: number;
  /** Addresses uploads are spread over. */
  readonly addresses: readonly string[];

  readonly #cities: readonly City[];

  constructor(platform: Platform, network: SimNetwork, settings: SimSettings) {
    const { addressCount, batchMax, cityCount = 0 } = settings;
    const kv = new SimKv(platform.scheduler);
    this.#cities = Array.from({ length: cityCount }, () => ({
      kv: kv.city(),
      laggards: emptyLaggards(),
    }));
    this.#platform = platform;
    this.#network = network;
    this.#batchMax = batchMax ?? walletSettings({}).settings.batchMax;
    this.addresses = Array.from(
      { length: addressCount },
      (_, account) => keys.signer(account).address,
    );
    for (const account of this.addresses.keys()) {
      platform.define(walletName(account), (life) => this.#wallet(life, account));
    }
    platform.define(BOOK, (life) => this.#book(life));
  }

  /** A client stores `bytes`; resolves with what it is told, never if its Worker dies. */
  store(request: UploadRequest, bytes: Uint8Array): Promise<Result<Journal, UploadFailure>> {
    const name = uploadName(request.uploadId);
    if (!this.uploadIds.includes(request.uploadId)) this.uploadIds.push(request.uploadId);
    const city = this.#cities[this.uploadIds.indexOf(request.uploadId) % this.#cities.length];
    this.#platform.define(name, (life) => this.#upload(life, city));
    const worker = this.#platform.invocation(`worker ${++this.#clientCount}`, null);
    const ask = <T>(method: string, run: (upload: UploadRpc) => Promise<T>) =>
      this.#platform.invoke(worker, name, method, run);
    const upload: UploadRpc = {
      store: (...args) => ask("store", (upload) => upload.store(...args)),
      resume: () => ask("resume", (upload) => upload.resume()),
      view: () => ask("view", (upload) => upload.view()),
      cancel: () => ask("cancel", (upload) => upload.cancel()),
    };
    const body = new Blob([Uint8Array.from(bytes)]).stream();
    const bounds = { bytesMax: BODY_BYTES_MAX, declaredBytes: bytes.length };
    return storeInUpload({ getByName: () => upload }, this.#log(worker), request, bounds, body);
  }

  /** Asks an object from outside, with no boundary that could kill it. */
  peek<Surface, T>(name: ObjectName<Surface>, read: (surface: Surface) => T): T {
    return this.#platform.peek(name, read);
  }

  #wallet(life: Life, account: number): SimWallet {
    const sync = () => this.#platform.call(life, "sync", () => Promise.resolve());
    const isMain = account === 0;
    const { caps } = walletSettings({}).settings;
    const own = isMain ? createTreasury(this.#sql(life), caps) : null;
    const ask = <T>(method: string, run: (wallet: SimWallet) => Promise<T>) =>
      this.#platform.invoke(life, WALLET, method, run);
    const engine = createWallet({
      batchMax: this.#batchMax,
      treasury: own ?? {
        allowance: (ledgerMs) => ask("allowance", (main) => treasuryOf(main).allowance(ledgerMs)),
        grant: (...args) => ask("grant", (main) => treasuryOf(main).grant(...args)),
        giveBack: (digest) => ask("giveBack", (main) => treasuryOf(main).giveBack(digest)),
      },
      ...(isMain
        ? {}
        : { main: { run: (command) => ask(`run ${command.kind}`, (main) => main.run(command)) } }),
      refill: { ...REFILL, addresses: isMain ? this.addresses.slice(1) : [] },
      journal: createJournalStore(this.#sql(life), this.#clock(life), sync),
      chain: this.#chain(life),
      signer: keys.signer(account),
      clock: this.#clock(life),
      timer: this.#platform.timer(life),
      log: this.#log(life),
      wakeAt: (atMs) => this.#platform.setAlarm(life, atMs),
    });
    return {
      run: (command) => engine.run(command),
      offer: (need) => engine.offer(need),
      status: () => engine.status(),
      alarm: () => engine.alarm(),
      treasury: own,
    };
  }

  #book(life: Life): SimBook {
    const book = createLeaseBook(this.#sql(life));
    const orphans = createOrphanRows(this.#sql(life));
    return {
      record: (lease) => {
        book.record(lease);
        orphans.forgetOrphan(lease.blobObjectId);
        return Promise.resolve();
      },
      recordOrphan: (orphan) => Promise.resolve(orphans.recordOrphan(orphan)),
      claimOrphan: (wish) => Promise.resolve(orphans.claimOrphan(wish)),
      orphans: () => orphans.orphans(),
      rows: () => {
        const leases: LeasePage["leases"][number][] = [];
        for (let after: string | null = ""; after !== null;) {
          const page: LeasePage = book.list({ after });
          leases.push(...page.leases);
          after = page.next;
        }
        return { leases, next: null };
      },
    };
  }

  #upload(life: Life, city: City | undefined): UploadCarrier {
    const platform = this.#platform;
    const store = new UploadStore(this.#sql(life));
    const { random } = platform.scheduler;
    const clock = this.#clock(life);
    const ports = { clock, random, timer: platform.timer(life), log: this.#log(life) };
    const chain = this.#chain(life);
    return new UploadCarrier({
      ...ports,
      store,
      storage: {
        setAlarm: (atMs) => platform.setAlarm(life, atMs),
        sync: () => platform.call(life, "sync", () => Promise.resolve()),
        deleteAll: () => {
          platform.write(life, "deleteAll", () => life.storage?.deleteAll());
          return Promise.resolve();
        },
      },
      // Simulated clients bring no tokens.
      releaseToken: () => Promise.resolve(),
      recordOrphan: (orphan) =>
        platform.invoke(life, BOOK, "recordOrphan", (book) => book.recordOrphan(orphan)),
      reportEnd: () => undefined,
      run: () => ({
        ...ports,
        codec,
        chain,
        wallets: { addresses: this.addresses, at: (address) => this.#walletAt(life, address) },
        leaseBook: {
          record: (lease) => platform.invoke(life, BOOK, "record", (book) => book.record(lease)),
        },
        claimOrphan: (wish) =>
          platform.invoke(life, BOOK, "claimOrphan", (book) => book.claimOrphan(wish)),
        lane: this.#lane(life),
        ...(city === undefined ? {} : { laggards: this.#laggards(life, city) }),
        laneCount: LANE_COUNT,
        earlyBytesMax: EARLY_BYTES_MAX,
        encodedTwiceBytesMax: ENCODED_TWICE_BYTES_MAX,
        // Each life has an isolate of its own.
        memory: new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
        life,
        large: {
          codec: externalCodec,
          ports: { source: store.source, scratch: store.scratch },
          clear: () => store.scratch.clear(),
          aboveBytes: IN_MEMORY_BYTES_MAX,
          // Every step of the encoding is an invocation of its own.
          sliceBytes: 1,
        },
        stagedRows: (byteCount) => store.stagedRows(byteCount),
        save: (journal) => store.save(journal),
        saveProgress: (progress) => store.saveProgress(progress),
        background: () => undefined,
      }),
    });
  }

  #laggards(life: Life, { kv, laggards }: City): LaggardHints {
    const ask = <T>(method: string, call: () => Promise<T>) =>
      this.#platform.call(life, `kv ${method}`, call);
    return createLaggardHints(laggards, {
      kv: {
        get: (key) => ask("get", () => kv.get(key)),
        put: (key, value, options) => ask("put", () => kv.put(key, value, options)),
        delete: (key) => ask("delete", () => kv.delete(key)),
      },
      clock: this.#clock(life),
      timer: this.#platform.timer(life),
      log: this.#log(life),
    });
  }

  #walletAt(life: Life, address: string): Pick<WalletRpc, "run" | "offer"> {
    const name = walletName(this.addresses.indexOf(address));
    return {
      run: (command) =>
        this.#platform.invoke(life, name, `run ${command.id}`, (wallet) =>
          wallet.run(structuredClone(command)),
        ),
      offer: (need) =>
        this.#platform.invoke(life, name, `offer ${need.id}`, (wallet) => wallet.offer(need)),
    };
  }

  #lane(parent: Life): Lane {
    const platform = this.#platform;
    return {
      push: (job, frames, report, registered) => {
        const life = platform.invocation(`lane ${++this.#laneCount}`, parent);
        const timer = platform.timer(life);
        const client = createNodeClient({
          permit: createPermit(this.#fetch(life)),
          timer,
          lane: job.lane,
        });
        const { scheduler } = platform;
        const { random } = scheduler;
        const heard = async () => {
          if (registered === undefined) throw new TypeError("Cannot wait: nobody registers");
          const target = await registered();
          await timer.sleep(scheduler.someMs(TRAVEL_MS_MAX));
          return target;
        };
        const death = new AbortController();
        const inside = new TransformStream<Uint8Array, Uint8Array>();
        // When the lane is gone the upload's stream breaks.
        frames.pipeTo(inside.writable, { signal: death.signal }).catch(() => undefined);
        return new Promise((resolve, reject) => {
          life.onDeath.add(() => {
            const lost = new Error("the lane was reset");
            death.abort(lost);
            reject(lost);
          });
          const tell = (each: LaneReport) => {
            if (life.isAlive && parent.isAlive) report([each]);
          };
          runLane({ client, timer, random }, job, inside.readable, tell, heard).then(
            resolve,
            reject,
          );
        });
      },
    };
  }

  #chain(life: Life): Chain {
    return createChain({
      suiRpcUrl: "http://sui.sim",
      systemObjectId: this.#network.deployment.systemId,
      stakingObjectId: this.#network.deployment.stakingId,
      storageNodeUrlScheme: "http",
      clock: this.#clock(life),
      timer: this.#platform.timer(life),
      fetch: createPermit(this.#fetch(life)).fetch,
    });
  }

  #fetch(life: Life): Fetch {
    const platform = this.#platform;
    return (request) => {
      const { signal } = request;
      const { pathname, port, search } = new URL(request.url);
      const peer = port === "" ? "sui" : `node ${port}`;
      const what = `${request.method} ${peer} ${shortPath(pathname)}${search}`;
      const answered = platform.call(life, what, async () => {
        const delayMs = this.#network.delayMs(request);
        if (delayMs > 0) await platform.scheduler.sleep(delayMs);
        return platform.scheduler.exclusively(() => this.#network.fetch(request));
      });
      return new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error);
        signal.addEventListener("abort", () => life.isAlive && reject(signal.reason as Error), {
          once: true,
        });
        answered.then(resolve, reject);
      });
    };
  }

  #sql(life: Life): Sql {
    const { storage } = life;
    if (storage === null) throw new TypeError(`Cannot open SQL: ${life.name} has no storage`);
    const watch = {
      before: (statement: string) =>
        this.#platform.passOrThrow(life, "before", shortStatement(statement)),
      after: (statement: string) =>
        this.#platform.passOrThrow(life, "after", shortStatement(statement)),
    };
    return { exec: (query, ...bindings) => storage.exec(watch, query, bindings) };
  }

  #clock(life: Life): Clock {
    return { nowMs: () => (life.isAlive ? this.#platform.scheduler.nowMs() : 0) };
  }

  #log(life: Life): Log {
    const keep = (record: LogRecord) => {
      if (life.isAlive) this.log.push({ by: life.name, ...record });
    };
    return { info: keep, warn: keep, error: keep };
  }
}

function treasuryOf({ treasury }: SimWallet): Treasury {
  if (treasury === null) throw new TypeError("Cannot grant: this is not the main wallet");
  return treasury;
}

/** The path without what differs from blob to blob. */
function shortPath(pathname: string): string {
  return pathname.replace(/\/v1\/blobs\/[^/]+/, "").replace(/0x[0-9a-f]+/, "object");
}

function shortStatement(statement: string): string {
  return statement
    .trim()
    .split(/[\s(]+/)
    .slice(0, 4)
    .join(" ");
}
