/**
 * The publisher's objects on the simulated platform, with their own code: Upload, Wallet and
 * LeaseBook. What else HTTP's door leads to is in `door.ts`.
 */
import { ISOLATE_WORKING_SET_BYTES } from "../../shared/limits.ts";
import type { KeyValue } from "../../shared/ports.ts";
import type { Result } from "../../shared/result.ts";
import type { Lease, LeaseEnd } from "../../shared/rpc/leases.ts";
import type { Orphan } from "../../shared/rpc/orphans.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";
import type { TokenDirectory } from "../../workers/publisher/auth/token-guard.ts";
import { tokenShard } from "../../workers/publisher/auth/token-guard.ts";
import { createLeaseBook } from "../../workers/publisher/lease-book/book.ts";
import type { LeaseBookRpc } from "../../workers/publisher/lease-book/leases.ts";
import {
  createOrphanRows,
  type OrphanBookRpc,
} from "../../workers/publisher/lease-book/orphans.ts";
import type { UploadFailure } from "../../workers/publisher/upload/failure.ts";
import { UploadCarrier } from "../../workers/publisher/upload/carrier.ts";
import type { EncodePorts } from "../../workers/publisher/upload/encode.ts";
import type { Journal, UploadRequest } from "../../workers/publisher/upload/journal.ts";
import {
  createLaggardHints,
  emptyLaggards,
  type LaggardsMemory,
} from "../../workers/publisher/upload/laggards.ts";
import { UploadStore } from "../../workers/publisher/upload/store.ts";
import { storeInUpload, type UploadDirectory } from "../../workers/publisher/uploads.ts";
import type { MainWalletRpc, WalletCommand } from "../../workers/publisher/wallet/commands.ts";
import { createWallet, type WalletEngine } from "../../workers/publisher/wallet/engine.ts";
import { walletKeys } from "../../workers/publisher/wallet/keys.ts";
import type { Need } from "../../workers/publisher/wallet/offer.ts";
import { walletSettings } from "../../workers/publisher/wallet/settings.ts";
import { createTreasury, type Treasury } from "../../workers/publisher/wallet/treasury.ts";
import { createJournalStore } from "../../workers/publisher/wallet/journal-store.ts";
import type { Wallets } from "../../workers/publisher/wallet/wallets.ts";
import { SimKv } from "./edge.ts";
import { codec, externalCodec, type SimNetwork, WALLET_SECRET_KEY } from "./network.ts";
import type { Alarmed, Life, ObjectName, Platform } from "./platform.ts";
import { SimPorts } from "./ports.ts";

export const LANE_COUNT = 2;
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
interface SimBook extends LeaseBookRpc, OrphanBookRpc, Alarmed {
  rows(): readonly Lease[];
  orphanRows(): readonly Orphan[];
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
type SimWallet = Pick<WalletEngine, "run" | "offer" | "status" | "alarm"> & Treasury;

/** The wallet of an account: 0 is the main one. */
export function walletName(account: number): ObjectName<SimWallet> {
  return account === 0 ? "wallet" : `wallet ${account}`;
}

export function uploadName(uploadId: string): ObjectName<UploadCarrier> {
  return `upload ${uploadId}`;
}

/** What of the gateway a run may choose. */
export interface SimSettings {
  readonly addressCount: number;
  readonly batchMax?: number | undefined;
  /** Cities whose isolates share hints on nodes through KV; uploads take turns. None: no hints. */
  readonly cityCount?: number | undefined;
  /** Isolates that uploads share the memory of, in turns. None: each life has one of its own. */
  readonly isolateCount?: number | undefined;
}

/** An isolate of one city, as far as uploads share it. */
interface City {
  readonly kv: KeyValue;
  readonly laggards: LaggardsMemory;
}

/** The gateway of one run. */
export class SimGateway {
  readonly ports: SimPorts;
  readonly uploadIds: string[] = [];
  /** Addresses uploads are spread over. */
  readonly addresses: readonly string[];
  /** Where tokens are given back; clients without tokens need none. */
  tokens: ((life: Life) => TokenDirectory) | null = null;
  readonly #platform: Platform;
  readonly #cities: readonly City[];
  readonly #batchMax: number;
  /** Of the isolates that are shared. */
  readonly #memories: readonly WorkingMemory[];
  #clientCount = 0;

  constructor(platform: Platform, network: SimNetwork, settings: SimSettings) {
    const { addressCount, batchMax, cityCount = 0, isolateCount = 0 } = settings;
    this.#memories = Array.from(
      { length: isolateCount },
      () => new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
    );
    const kv = new SimKv(platform.scheduler);
    this.#cities = Array.from({ length: cityCount }, () => ({
      kv: kv.city(),
      laggards: emptyLaggards(),
    }));
    this.#platform = platform;
    this.ports = new SimPorts(platform, network);
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
    const worker = this.worker();
    const body = new Blob([Uint8Array.from(bytes)]).stream();
    const bounds = { bytesMax: BODY_BYTES_MAX, declaredBytes: bytes.length };
    return storeInUpload(this.uploads(worker), this.ports.log(worker), request, bounds, body);
  }

  /** An invocation of the Worker for one client. */
  worker(): Life {
    return this.#platform.invocation(`worker ${++this.#clientCount}`, null);
  }

  /** Uploads as `caller` reaches them. */
  uploads(caller: Life): UploadDirectory {
    return {
      getByName: (uploadId) => {
        const name = uploadName(uploadId);
        if (!this.uploadIds.includes(uploadId)) this.uploadIds.push(uploadId);
        const city = this.#cities[this.uploadIds.indexOf(uploadId) % this.#cities.length];
        this.#platform.define(name, (life) => this.#upload(life, city));
        return this.ports.stub(caller, name);
      },
    };
  }

  /** Wallets as `caller` reaches them. */
  wallets(caller: Life): Wallets {
    return {
      addresses: this.addresses,
      isOurs: (address) => this.addresses.includes(address),
      at: (address) => {
        const name = walletName(this.addresses.indexOf(address));
        // Commands cross as the platform carries them: what is not plain data does not come through.
        const wallet = this.ports.stub(caller, name, (method, [asked]) => {
          const { id = "" } = (asked ?? {}) as Partial<Need>;
          return `${method} ${id}`.trim();
        });
        return {
          run: (command) => wallet.run(structuredClone(command)),
          offer: (need) => wallet.offer(need),
          status: async () => wallet.status(),
        };
      },
    };
  }

  book(caller: Life): LeaseBookRpc & OrphanBookRpc {
    return this.ports.stub(caller, BOOK);
  }

  /** Asks an object from outside, with no boundary that could kill it. */
  peek<Surface, T>(name: ObjectName<Surface>, read: (surface: Surface) => T): T {
    return this.#platform.peek(name, read);
  }

  /** How an object encodes what it has staged; `sliceBytes` are the product's, scaled down. */
  encodePorts(life: Life, store: UploadStore, sliceBytes: number): Required<EncodePorts> {
    return {
      codec,
      timer: this.ports.timer(life),
      memory: this.#memoryOf(life),
      life,
      stagedRows: (byteCount) => store.stagedRows(byteCount),
      large: {
        codec: externalCodec,
        ports: { source: store.source, scratch: store.scratch },
        clear: () => store.scratch.clear(),
        aboveBytes: IN_MEMORY_BYTES_MAX,
        sliceBytes,
      },
    };
  }

  #memoryOf({ name }: Life): WorkingMemory {
    const index = this.uploadIds.findIndex((uploadId) => uploadName(uploadId) === name);
    const shared = this.#memories[index % this.#memories.length];
    return shared ?? new WorkingMemory(ISOLATE_WORKING_SET_BYTES);
  }

  #wallet(life: Life, account: number): SimWallet {
    const { ports } = this;
    const isMain = account === 0;
    const { caps } = walletSettings({}).settings;
    const own = isMain ? createTreasury(ports.sql(life), caps) : null;
    const main = () =>
      ports.stub(life, walletName(0), (method, [asked]) =>
        method === "run" ? `run ${(asked as WalletCommand).kind}` : method,
      ) as unknown as MainWalletRpc;
    const engine = createWallet({
      batchMax: this.#batchMax,
      treasury: own ?? main(),
      ...(isMain ? {} : { main: main() }),
      refill: { ...REFILL, addresses: isMain ? this.addresses.slice(1) : [] },
      journal: createJournalStore(ports.sql(life), ports.clock(life), () => ports.sync(life)),
      chain: ports.chain(life),
      signer: keys.signer(account),
      clock: ports.clock(life),
      timer: ports.timer(life),
      log: ports.log(life),
      wakeAt: (atMs) => this.#platform.setAlarm(life, atMs),
    });
    const treasury = () => {
      if (own === null) throw new TypeError("Cannot grant: this is not the main wallet");
      return own;
    };
    return {
      run: (command) => engine.run(command),
      offer: (need) => engine.offer(need),
      status: () => engine.status(),
      alarm: () => engine.alarm(),
      allowance: (ledgerMs) => treasury().allowance(ledgerMs),
      grant: (...args) => treasury().grant(...args),
      giveBack: (digest) => treasury().giveBack(digest),
    };
  }

  #book(life: Life): SimBook {
    const book = createLeaseBook(this.ports.sql(life));
    const orphans = createOrphanRows(this.ports.sql(life));
    return {
      ...promised(book),
      ...promised(orphans),
      ending: (endEpochMax, query = {}) => Promise.resolve(book.ending(endEpochMax, query)),
      record: (lease) => {
        book.record(lease);
        orphans.forgetOrphan(lease.blobObjectId);
        return Promise.resolve();
      },
      orphanRows: () => orphans.orphans(),
      rows: () => {
        const leases: Lease[] = [];
        let after: LeaseEnd | null = null;
        do {
          const page = book.ending(Number.MAX_SAFE_INTEGER, { after });
          leases.push(...page.leases);
          after = page.next;
        } while (after !== null);
        return leases;
      },
    };
  }

  #upload(life: Life, city: City | undefined): UploadCarrier {
    const { ports } = this;
    const store = new UploadStore(ports.sql(life));
    const { random } = this.#platform.scheduler;
    const own = {
      clock: ports.clock(life),
      random,
      timer: ports.timer(life),
      log: ports.log(life),
    };
    const book = this.book(life);
    return new UploadCarrier({
      ...own,
      store,
      storage: ports.storage(life),
      releaseToken: async (token, uploadId) =>
        this.tokens?.(life).getByName(tokenShard(token)).release(token, uploadId),
      recordOrphan: (orphan) => book.recordOrphan(orphan),
      reportEnd: () => undefined,
      run: () => ({
        ...own,
        // Every step of the encoding is an invocation of its own.
        ...this.encodePorts(life, store, 1),
        chain: ports.chain(life),
        wallets: this.wallets(life),
        leaseBook: book,
        claimOrphan: (wish) => book.claimOrphan(wish),
        recordOrphan: (orphan) => book.recordOrphan(orphan),
        lane: ports.lane(life),
        ...(city === undefined
          ? {}
          : {
              laggards: createLaggardHints(city.laggards, { ...own, kv: ports.kv(life, city.kv) }),
            }),
        laneCount: LANE_COUNT,
        earlyBytesMax: EARLY_BYTES_MAX,
        encodedTwiceBytesMax: ENCODED_TWICE_BYTES_MAX,
        save: (journal) => store.save(journal),
        saveProgress: (progress) => store.saveProgress(progress),
        background: () => undefined,
      }),
    });
  }
}

/** Rows as an object offers them: the same methods, with promises. */
export type Promised<Rows> = {
  readonly [Method in keyof Rows]: Rows[Method] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Answer>
    : never;
};

export function promised<Rows extends object>(rows: Rows): Promised<Rows> {
  const methods = Object.entries(rows).map(([name, method]) => [
    name,
    async (...args: unknown[]) => (method as (...args: unknown[]) => unknown)(...args),
  ]);
  return Object.fromEntries(methods) as Promised<Rows>;
}
