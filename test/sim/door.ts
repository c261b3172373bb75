/**
 * HTTP's door of a simulated gateway: the product's own routes over its own objects, each request an
 * invocation of the Worker that may die at every boundary as the objects may.
 *
 * Besides what is in `gateway.ts` there are Desk, Names, Token and Gate; no client is limited, and
 * nothing is measured.
 */
import { sha256, signedToken } from "./web-crypto.ts";
import { createAttributedBlobs } from "../../shared/sui/attributed-blob.ts";
import { createNodeClient } from "../../shared/nodes/client.ts";
import type { NetworkVars } from "../../shared/protocol/networks.ts";
import type { PublisherRpcSurface } from "../../shared/rpc/publisher.ts";
import { createPermit } from "../../shared/nodes/permit.ts";
import { createPaymentReader } from "../../shared/sui/read-payment.ts";
import { requestNotes } from "../../shared/telemetry/request-log.ts";
import { handleRequest } from "../../workers/publisher/app.ts";
import { createTokenRows, type TokenRpc } from "../../workers/publisher/auth/token-guard.ts";
import { type PublisherConfig, publisherConfig } from "../../workers/publisher/config.ts";
import type { AppContext } from "../../workers/publisher/context.ts";
import { DeskEngine } from "../../workers/publisher/desk/engine.ts";
import type { GateRpc } from "../../workers/publisher/gate/gate.ts";
import { createPublisher } from "../../workers/publisher/gate/publish.ts";
import { createGateRows } from "../../workers/publisher/gate/rows.ts";
import {
  createKeptChanges,
  type KeptChangesRpc,
} from "../../workers/publisher/keyed/kept-changes.ts";
import { openAnchor } from "../../workers/publisher/names/anchor.ts";
import { NamesEngine } from "../../workers/publisher/names/engine.ts";
import { createNameRows } from "../../workers/publisher/names/rows.ts";
import { lateCertificate } from "../../workers/publisher/orphans/late-certificate.ts";
import { sweepOrphans } from "../../workers/publisher/orphans/sweep.ts";
import { createPublisherRpc } from "../../workers/publisher/rpc-surface.ts";
import { renewalConfig } from "../../workers/renewal/config.ts";
import { renew } from "../../workers/renewal/renew.ts";
import { UploadStore } from "../../workers/publisher/upload/store.ts";
import { SimKv } from "./edge.ts";
import { LANE_COUNT, promised, type SimGateway } from "./gateway.ts";
import { JWT_SECRET, WALLET_SECRET_KEY } from "./network.ts";
import type { Alarmed, Life, ObjectName } from "./platform.ts";
import { SUI_RPC_URL } from "./ports.ts";

/** Long after every run. */
const TOKEN_EXPIRES_SECONDS = 2_000_000_000;
/** Blobs of four epochs are within the margin, and once extended no more. */
const RENEWAL_VARS = { RENEW_MARGIN_EPOCHS: "4", RENEW_EXTEND_EPOCHS: "7" };
const REQUEST_ID = "0000000000000000";
/** A body comes in so many pieces, between which the client or the Worker may go away. */
const BODY_PIECES = 2;

/** What a client sends. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  /** Names the client's token, which buys one upload; the same for a repetition. */
  readonly token: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
}

/** What it is told. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

type SimToken = TokenRpc & KeptChangesRpc & Alarmed;
type SimGate = GateRpc & Alarmed;
const GATE = "gate" as ObjectName<SimGate>;

/** The door of one run. */
export class SimDoor {
  readonly #gateway: SimGateway;
  readonly #config: PublisherConfig;
  readonly #vars: NetworkVars;
  /** Desks that were used, by name. */
  readonly desks = new Set<ObjectName<DeskEngine>>();
  readonly #kv: SimKv;

  constructor(gateway: SimGateway, vars: Readonly<Record<string, string>> = {}) {
    const { network, platform } = gateway.ports;
    this.#gateway = gateway;
    this.#kv = new SimKv(platform.scheduler);
    this.#vars = {
      NETWORK: "local",
      SUI_RPC_URL,
      SYSTEM_OBJECT_ID: network.deployment.systemId,
      STAKING_OBJECT_ID: network.deployment.stakingId,
      STORAGE_NODE_URL_SCHEME: "http",
    };
    this.#config = publisherConfig({
      ...this.#vars,
      WALLET_SECRET_KEY,
      JWT_SECRET: `0x${Buffer.from(JWT_SECRET).toString("hex")}`,
      LANES: String(LANE_COUNT),
      ...vars,
    });
    gateway.tokens = (life) => this.#tokens(life);
    const kv = this.#kv.city();
    platform.define(GATE, (life) => this.#gate(life, kv));
  }

  /** Asks once. Rejects when the Worker is gone before the answer is there. */
  ask(asked: Asked): Promise<Told> {
    const life = this.#gateway.worker();
    const claims = { exp: TOKEN_EXPIRES_SECONDS, jti: asked.token, sub: "client", scope: "admin" };
    const headers = new Headers(asked.headers);
    headers.set("authorization", `Bearer ${signedToken(JWT_SECRET, claims)}`);
    const { body } = asked;
    if (body !== undefined) headers.set("content-length", String(body.length));
    const request = new Request(`http://publisher.sim${asked.path}`, {
      method: asked.method,
      headers,
      ...(body === undefined ? {} : { body: this.#body(life, body), duplex: "half" }),
    });
    return new Promise((resolve, reject) => {
      life.onDeath.add(() => reject(new Error("the connection was lost")));
      handleRequest(request, this.#context(life))
        .then(async (response) => {
          const text = await response.text();
          if (life.isAlive) resolve({ status: response.status, headers: response.headers, text });
        })
        .catch(reject);
    });
  }

  /** The hourly cron of the renewal Worker. Rejects when that is gone before the end. */
  cron(): Promise<void> {
    const { ports } = this.#gateway;
    const life = ports.platform.invocation("cron", null);
    const { policy } = renewalConfig({ ...this.#vars, ...RENEWAL_VARS });
    const clock = ports.clock(life);
    const renewal = {
      publisher: this.#rpc(life),
      chain: ports.chain(life),
      clock,
      log: ports.log(life),
      policy,
    };
    return new Promise((resolve, reject) => {
      life.onDeath.add(() => reject(new Error("the cron was lost")));
      renew(renewal, clock.nowMs())
        .then(() => renewal.publisher.sweepOrphans())
        .then(() => resolve())
        .catch(reject);
    });
  }

  /** The publisher as the renewal Worker calls it: an invocation for each call. */
  #rpc(caller: Life): PublisherRpcSurface {
    const { ports } = this.#gateway;
    return new Proxy({} as PublisherRpcSurface, {
      get:
        (_, method: keyof PublisherRpcSurface) =>
        (...args: unknown[]) =>
          ports.platform.call(caller, `publisher.${method}`, async () => {
            const life = ports.platform.invocation("rpc", null);
            const surface = this.#surface(life) as unknown as Record<
              string,
              (...args: unknown[]) => Promise<unknown>
            >;
            return await new Promise((resolve, reject) => {
              life.onDeath.add(() => reject(new Error("the publisher was lost")));
              surface[method]!(...args).then(resolve, reject);
            });
          }),
    });
  }

  #surface(life: Life): PublisherRpcSurface {
    const gateway = this.#gateway;
    const { ports } = gateway;
    const wallets = gateway.wallets(life);
    const timer = ports.timer(life);
    const client = createNodeClient({
      permit: createPermit(ports.fetch(life)),
      timer,
      lane: "status",
    });
    return createPublisherRpc({
      wallets,
      book: () => gateway.book(life),
      gate: () => ports.stub(life, GATE),
      recents: () => {
        throw new TypeError("Cannot ask: nobody reads here");
      },
      sweepOrphans: () =>
        sweepOrphans({
          book: gateway.book(life),
          chain: ports.chain(life),
          run: (owner, command) => (wallets.isOurs(owner) ? wallets.at(owner).run(command) : null),
          certificate: (committee, blobId) => lateCertificate({ client, timer }, committee, blobId),
          sweepAfterMs: this.#config.orphanSweepAfterMs,
          clock: ports.clock(life),
          log: ports.log(life),
        }),
    });
  }

  /** The body as it comes to the Worker. */
  #body(life: Life, bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
    const { platform } = this.#gateway.ports;
    const pieceBytes = Math.max(1, Math.ceil(bytes.length / BODY_PIECES));
    let offset = 0;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await platform.scheduler.sleep(platform.scheduler.someMs(4));
        platform.passOrThrow(life, "before", "piece of the body");
        if (offset < bytes.length) controller.enqueue(bytes.slice(offset, offset + pieceBytes));
        offset += pieceBytes;
        if (offset >= bytes.length) controller.close();
      },
    });
  }

  #context(life: Life): AppContext {
    const gateway = this.#gateway;
    const { ports } = gateway;
    const { fetch } = createPermit(ports.fetch(life));
    const timer = ports.timer(life);
    const unused = () => {
      throw new TypeError("Cannot ask: no client is limited or measured here");
    };
    return {
      config: this.#config,
      clock: ports.clock(life),
      timer,
      random: ports.platform.scheduler.random,
      fetch,
      log: ports.log(life),
      uploads: gateway.uploads(life),
      desks: { getByName: (name) => this.#desk(life, name) },
      tokens: this.#tokens(life),
      quotas: { getByName: unused },
      gate: () => ports.stub(life, GATE),
      // Nobody reads here.
      recents: { getByName: () => ({ forget: () => Promise.resolve() }) },
      wallets: gateway.wallets(life),
      leaseBook: gateway.book(life),
      metrics: new Proxy({} as AppContext["metrics"], { get: unused }),
      names: { getByName: (bucket) => this.#names(life, bucket) },
      chain: ports.chain(life),
      readAttributed: createAttributedBlobs({ suiRpcUrl: SUI_RPC_URL, fetch, timer }),
      background: (work) => void work.catch(() => undefined),
      notes: requestNotes(),
      answerHeaders: new Headers(),
      requestId: REQUEST_ID,
    };
  }

  #tokens(caller: Life): AppContext["tokens"] {
    const { ports } = this.#gateway;
    return {
      getByName: (shard) => {
        const name = `token ${shard}` as ObjectName<SimToken>;
        ports.platform.define(name, (life) => this.#token(life));
        return ports.stub(caller, name);
      },
    };
  }

  #token(life: Life): SimToken {
    const { ports } = this.#gateway;
    const rows = createTokenRows(ports.sql(life));
    const changes = createKeptChanges(ports.sql(life));
    return {
      async use(tokenHash, holder, keptUntilMs) {
        const isHeld = rows.use(tokenHash, holder, keptUntilMs);
        await ports.sync(life);
        return isHeld;
      },
      release: async (tokenHash, holder) => rows.release(tokenHash, holder),
      keptChange: async (keyHash) => changes.get(keyHash),
      async keepWish(keyHash, asked, keptUntilMs) {
        changes.keepWish(keyHash, asked, keptUntilMs);
        await ports.sync(life);
        return changes.get(keyHash) ?? { ...asked, answer: null };
      },
      keepAnswer: async (...args) => changes.keepAnswer(...args),
      dropWish: async (...args) => changes.dropWish(...args),
    };
  }

  #gate(life: Life, kv: ReturnType<SimKv["city"]>): SimGate {
    const { ports } = this.#gateway;
    const rows = createGateRows(ports.sql(life));
    const publish = createPublisher({
      rows,
      kv: ports.kv(life, kv),
      clock: ports.clock(life),
      log: ports.log(life),
      setAlarm: (atMs) => ports.platform.setAlarm(life, atMs),
    });
    const durable = async <T>(changed: T): Promise<T> => {
      await publish();
      await ports.sync(life);
      return changed;
    };
    const { blockOf, blocks, blockCount } = promised(rows);
    return {
      blockOf,
      blocks,
      blockCount,
      block: (block) => durable(rows.block(block)),
      unblock: (blobId) => durable(rows.unblock(blobId)),
      purge: (blobId) => durable(rows.purge(blobId)),
      rules: async (knownVersion) => (rows.version() === knownVersion ? null : rows.rules()),
      alarm: publish,
    };
  }

  #names(caller: Life, bucket: string): NamesEngine {
    const gateway = this.#gateway;
    const { ports } = gateway;
    const name = `names ${bucket}` as ObjectName<NamesEngine>;
    ports.platform.define(name, (life) => {
      const timer = ports.timer(life);
      const log = ports.log(life);
      return new NamesEngine({
        bucket,
        rows: createNameRows(ports.sql(life)),
        clock: ports.clock(life),
        timer,
        log,
        wallet: (address) => gateway.wallets(life).at(address),
        openAnchor: (seq) =>
          openAnchor(
            { uploads: gateway.uploads(life), chain: ports.chain(life), log },
            bucket,
            seq,
          ),
        readAnchor: createAttributedBlobs({
          suiRpcUrl: SUI_RPC_URL,
          fetch: createPermit(ports.fetch(life)).fetch,
          timer,
        }),
        wakeAt: (atMs) => ports.platform.setAlarm(life, atMs),
        sync: () => ports.sync(life),
      });
    });
    return ports.stub(caller, name);
  }

  #desk(caller: Life, id: string): DeskEngine {
    const gateway = this.#gateway;
    const { ports } = gateway;
    const name = `desk ${id}` as ObjectName<DeskEngine>;
    this.desks.add(name);
    ports.platform.define(name, (life) => {
      const store = new UploadStore(ports.sql(life));
      const timer = ports.timer(life);
      const { fetch } = createPermit(ports.fetch(life));
      return new DeskEngine({
        name: id,
        store,
        storage: ports.storage(life),
        clock: ports.clock(life),
        encode: () => gateway.encodePorts(life, store, Number.POSITIVE_INFINITY),
        relay: () => ({
          clock: ports.clock(life),
          random: ports.platform.scheduler.random,
          log: ports.log(life),
          chain: ports.chain(life),
          readPayment: createPaymentReader({ url: SUI_RPC_URL, fetch, timer }),
          tip: this.#config.relayTip,
          lane: ports.lane(life),
          laneCount: LANE_COUNT,
          pipe: ports.pipe(life),
        }),
        sha256: async (chunks) => sha256(Buffer.concat(await Array.fromAsync(chunks))),
        pipe: ports.pipe(life),
        background: (work) => void work.catch(() => undefined),
      });
    });
    return ports.stub(caller, name);
  }
}
