/**
 * What simulated objects are given of the world: SQL, clock, timer, network, lanes, each other. Every
 * call passes the boundaries of `platform.ts`.
 */
import { createNodeClient } from "../../shared/nodes/client.ts";
import { createPermit } from "../../shared/nodes/permit.ts";
import type { Clock, Fetch, KeyValue, Log, LogRecord, Timer } from "../../shared/ports.ts";
import type { Chain } from "../../shared/sui/chain.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import type { Lane, LaneReport } from "../../workers/publisher/lane/lane.ts";
import { runLane } from "../../workers/publisher/lane/run-lane.ts";
import type { BytePipe } from "../../shared/platform-streams.ts";
import type { Sql } from "../../workers/publisher/sql.ts";
import type { UploadStorage } from "../../workers/publisher/upload/carrier.ts";
import type { SimNetwork } from "./network.ts";
import { type Life, type ObjectName, type Platform, TRAVEL_MS_MAX } from "./platform.ts";

/** Where requests to the chain go. */
export const SUI_RPC_URL = "http://sui.sim";

/** The ports of one run. */
export class SimPorts {
  readonly platform: Platform;
  readonly network: SimNetwork;
  /** What objects have logged. */
  readonly records: (LogRecord & { readonly by: string })[] = [];
  #laneCount = 0;

  constructor(platform: Platform, network: SimNetwork) {
    this.platform = platform;
    this.network = network;
  }

  sql(life: Life): Sql {
    const { storage } = life;
    if (storage === null) throw new TypeError(`Cannot open SQL: ${life.name} has no storage`);
    const watch = {
      before: (statement: string) =>
        this.platform.passOrThrow(life, "before", shortStatement(statement)),
      after: (statement: string) =>
        this.platform.passOrThrow(life, "after", shortStatement(statement)),
    };
    return { exec: (query, ...bindings) => storage.exec(watch, query, bindings) };
  }

  /** The part of `ctx.storage` besides SQL. */
  storage(life: Life): UploadStorage {
    return {
      setAlarm: (atMs) => this.platform.setAlarm(life, atMs),
      sync: () => this.sync(life),
      deleteAll: () => {
        this.platform.write(life, "deleteAll", () => life.storage?.deleteAll());
        return Promise.resolve();
      },
    };
  }

  sync(life: Life): Promise<void> {
    return this.platform.call(life, "sync", () => Promise.resolve());
  }

  clock(life: Life): Clock {
    return { nowMs: () => (life.isAlive ? this.platform.scheduler.nowMs() : 0) };
  }

  timer(life: Life): Timer {
    return this.platform.timer(life);
  }

  log(life: Life): Log {
    const keep = (record: LogRecord) => {
      if (life.isAlive) this.records.push({ by: life.name, ...record });
    };
    return { info: keep, warn: keep, error: keep };
  }

  /**
   * Another object, method by method.
   *
   * @param label What the boundary of a call is named by; the method unless given.
   */
  stub<Surface extends object>(
    caller: Life,
    name: ObjectName<Surface>,
    label: (method: string, args: readonly unknown[]) => string = (method) => method,
  ): Surface {
    return new Proxy({} as Surface, {
      get: (_, method) => {
        if (typeof method !== "string" || method === "then") return undefined;
        return (...args: unknown[]) =>
          this.platform.invoke(caller, name, label(method, args), (surface) =>
            (surface as Record<string, (...args: unknown[]) => Promise<unknown>>)[method]!(
              ...args.map((arg) => (arg instanceof ReadableStream ? across(caller, arg) : arg)),
            ),
          );
      },
    });
  }

  /** KV as one city has it, asked by one object. */
  kv(life: Life, kv: KeyValue): KeyValue {
    const ask = <T>(method: string, call: () => Promise<T>) =>
      this.platform.call(life, `kv ${method}`, call);
    return {
      get: (key) => ask("get", () => kv.get(key)),
      put: (key, value, options) => ask("put", () => kv.put(key, value, options)),
      delete: (key) => ask("delete", () => kv.delete(key)),
    };
  }

  chain(life: Life): Chain {
    const { deployment } = this.network;
    return createChain({
      suiRpcUrl: SUI_RPC_URL,
      systemObjectId: deployment.systemId,
      stakingObjectId: deployment.stakingId,
      storageNodeUrlScheme: "http",
      clock: this.clock(life),
      timer: this.timer(life),
      fetch: createPermit(this.fetch(life)).fetch,
    });
  }

  fetch(life: Life): Fetch {
    const { platform, network } = this;
    return (request) => {
      const { signal } = request;
      const { pathname, port, search } = new URL(request.url);
      const peer = port === "" ? "sui" : `node ${port}`;
      const what = `${request.method} ${peer} ${shortPath(pathname)}${search}`;
      const answered = platform.call(life, what, async () => {
        const delayMs = network.delayMs(request);
        if (delayMs > 0) await platform.scheduler.sleep(delayMs);
        return platform.scheduler.exclusively(() => network.fetch(request));
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

  /** A pipe out of an object: each chunk is a boundary, and when the object dies the stream breaks. */
  pipe(life: Life): () => BytePipe {
    return () => {
      let breakOff = () => {};
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
        start: (controller) => {
          breakOff = () => controller.error(new Error(`${life.name} was reset`));
          life.onDeath.add(breakOff);
        },
        transform: (chunk, controller) => {
          this.platform.passOrThrow(life, "before", "chunk");
          // What reads it on the other side keeps it: nothing of ours may change under it.
          controller.enqueue(chunk.slice());
        },
        flush: () => {
          life.onDeath.delete(breakOff);
        },
      });
      return { readable, writable };
    };
  }

  lane(parent: Life): Lane {
    const { platform } = this;
    return {
      push: (job, frames, report, registered) => {
        const life = platform.invocation(`lane ${++this.#laneCount}`, parent);
        const timer = platform.timer(life);
        const client = createNodeClient({
          permit: createPermit(this.fetch(life)),
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
          // Held as long as the lane, and with it what it spreads.
          const breakOff = () => {
            const lost = new Error("the lane was reset");
            death.abort(lost);
            reject(lost);
          };
          life.onDeath.add(breakOff);
          const tell = (each: LaneReport) => {
            if (life.isAlive && parent.isAlive) report([each]);
          };
          runLane({ client, timer, random }, job, inside.readable, tell, heard)
            .then(resolve, reject)
            .finally(() => life.onDeath.delete(breakOff));
        });
      },
    };
  }
}

/** A stream that one object hands to another: it breaks off when the first is gone. */
function across(from: Life, stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const death = new AbortController();
  from.onDeath.add(() => death.abort(new Error("the connection was lost")));
  stream.pipeTo(writable, { signal: death.signal }).catch(() => undefined);
  return readable;
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
