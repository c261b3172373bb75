/**
 * One isolate of the aggregator with its edge cache and Fill objects, over nodes in memory: every step
 * it takes lasts a time that the seed draws. Import `web-crypto.ts` first.
 */
import { NO_RULES } from "../../shared/cache/gate-rules.ts";
import type { ByteRange } from "../../shared/http/range.ts";
import { ISOLATE_WORKING_SET_BYTES, KV_WRITES_PER_HOUR_MAX } from "../../shared/limits.ts";
import { createNodeClient } from "../../shared/nodes/client.ts";
import { createNodeHealth } from "../../shared/nodes/node-health.ts";
import { createPermit } from "../../shared/nodes/permit.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";
import { blobBytes } from "../../workers/aggregator/blob-bytes.ts";
import { FillEngine } from "../../workers/aggregator/fill/fill-engine.ts";
import type { FillRpc } from "../../workers/aggregator/fill/fill.ts";
import { createFills } from "../../workers/aggregator/fill/fills.ts";
import { openBlob } from "../../workers/aggregator/open-blob.ts";
import { readPiece } from "../../workers/aggregator/representation.ts";
import { emptyReadMemory } from "../../workers/aggregator/read-memory.ts";
import type { AggregatorServices } from "../../workers/aggregator/services.ts";
import { createTiers, type EdgeCache } from "../../workers/aggregator/tiers.ts";
import { createWriteBudget } from "../../workers/aggregator/write-budget.ts";
import { expectSameBytes } from "../support/answers.ts";
import { createFakeNodes } from "../support/fake-nodes.ts";
import { NO_LEASE } from "../support/read-world.ts";
import { codec } from "./network.ts";
import { Scheduler } from "./scheduler.ts";

/** f = 3, P = 4. */
export const SHARD_COUNT = 10;
const START_MS = 1_750_000_000_000;

/** What decides a run. */
export interface IsolateSettings {
  readonly seed: number;
  /** Longest way to a cache, an object or a node, and longest way back. */
  readonly stepMs: number;
  /** How often the edge cache has forgotten what it is asked for: 0 never, 1 always. */
  readonly forgets: number;
  /** See `AggregatorServices.patienceMs`. */
  readonly patienceMs: number;
}

/** One isolate with its edge cache, and the Fill objects. */
export class Isolate {
  readonly scheduler: Scheduler;
  readonly nodes: ReturnType<typeof createFakeNodes>;
  readonly #settings: IsolateSettings;
  readonly #objects = new Map<string, FillEngine>();
  readonly #edge: EdgeCache;
  readonly #memory: Pick<AggregatorServices, "workingMemory" | "health" | "remembered">;

  constructor(settings: IsolateSettings) {
    const scheduler = new Scheduler(settings.seed, START_MS);
    this.scheduler = scheduler;
    this.#settings = settings;
    this.nodes = createFakeNodes(codec, scheduler, { shardCount: SHARD_COUNT });
    this.#edge = this.#edgeCache();
    this.#memory = {
      workingMemory: new WorkingMemory(ISOLATE_WORKING_SET_BYTES),
      health: createNodeHealth({ suspects: new Map(), usualMs: 0 }, scheduler),
      remembered: emptyReadMemory(scheduler),
    };
  }

  /** What one invocation works with. */
  services(): AggregatorServices {
    const { scheduler, nodes } = this;
    const log = { info() {}, warn() {}, error() {} };
    const kv = {
      get: () => this.#later(() => null),
      put: () => this.#later(() => undefined),
      delete: () => this.#later(() => undefined),
    };
    const permit = createPermit(async (request) => {
      await this.#later(() => undefined);
      return nodes.fetch(request);
    });
    const phase = { kind: "change-done", startMs: START_MS } as const;
    const timing = { epoch: 5, phase, epochDurationMs: 86_400_000, firstEpochStartMs: 0 };
    const value = {
      epoch: 5,
      phase,
      timing,
      readAtMs: START_MS,
      originalPackageId: "0x2",
      current: nodes.committee,
      previous: null,
    };
    const view = () => this.#later(() => ({ ok: true, value }) as const);
    return {
      codec,
      blobBytesMax: null,
      patienceMs: this.#settings.patienceMs,
      client: createNodeClient({ permit, timer: scheduler, clock: scheduler, lane: "sim" }),
      clock: scheduler,
      timer: scheduler,
      random: scheduler.random,
      log,
      tiers: createTiers({
        edge: this.#edge,
        kv,
        log,
        background: () => undefined,
        admittedKeys: new Set(),
        writes: createWriteBudget(scheduler, KV_WRITES_PER_HOUR_MAX),
      }),
      views: { current: view, refresh: view },
      gateRules: () => this.#later(() => NO_RULES),
      certifiedLately: () => this.#later(() => false),
      leases: () => this.#later(() => NO_LEASE),
      readObject: (objectId) =>
        Promise.resolve({ ok: false, failure: { kind: "object-not-found", objectId } }),
      readCertifiedEvent: () => Promise.resolve({ ok: true, value: null }),
      lane: null,
      fills: createFills({ getByName: (name) => this.#object(name) }),
      background: () => undefined,
      ...this.#memory,
    };
  }

  /** The RPC of an object, each call of which takes a step there and one back. */
  #object(name: string): FillRpc {
    const engine =
      this.#objects.get(name) ??
      new FillEngine({
        services: () => this.services(),
        memory: this.#memory.workingMemory,
        background: () => undefined,
        pipe: () => new TransformStream(),
      });
    this.#objects.set(name, engine);
    const call = async <T>(answer: () => Promise<T>): Promise<T> => {
      await this.#later(() => undefined);
      const value = await answer();
      return this.#later(() => value);
    };
    return {
      rows: (job, span) => call(() => engine.rows(job, span)),
      columns: (job, span) => call(() => engine.columns(job, span)),
      find: (view, blobId) => call(() => engine.find(view, blobId)),
      standing: () => call(() => engine.standing()),
    };
  }

  #edgeCache(): EdgeCache {
    const kept = new Map<string, { value: Uint8Array; admitted: boolean }>();
    const look = (key: string) => {
      if (this.scheduler.random.unit() < this.#settings.forgets) kept.delete(key);
      return kept.get(key) ?? null;
    };
    return {
      get: (key) => this.#later(() => look(key)),
      part: (key, { start, end }, totalBytes) =>
        this.#later(() => {
          const hit = look(key);
          if (hit === null) return null;
          const { value, admitted } = hit;
          const isAsked = value.length === totalBytes;
          return { admitted, body: isAsked ? new Response(value.slice(start, end)).body : null };
        }),
      put: async (key, value, { admitted }) => {
        const copy = value.slice();
        await this.#later(() => void kept.set(key, { value: copy, admitted }));
      },
      delete: (key) => this.#later(() => void kept.delete(key)),
    };
  }

  /** What the look finds when it is taken: after a while, and told after another. */
  async #later<T>(look: () => T): Promise<T> {
    await this.scheduler.sleep(this.scheduler.someMs(this.#settings.stepMs));
    const found = look();
    await this.scheduler.sleep(this.scheduler.someMs(this.#settings.stepMs));
    return found;
  }

  /**
   * Reads bytes `range` as a client does; resolves when it has them, or has left.
   *
   * @throws {Error} When the answer breaks off, or is another.
   */
  async read(
    blobId: Uint8Array,
    content: Uint8Array,
    signal: AbortSignal,
    range: ByteRange = { start: 0, end: content.length },
  ): Promise<void> {
    const services = this.services();
    const opened = await openBlob(services, blobId, signal);
    if (signal.aborted) return;
    if (!opened.ok) throw new Error(opened.failure.kind);
    const bytes: number[] = [];
    for await (const step of blobBytes(services, opened.value, range, signal)) {
      if (signal.aborted) return;
      if (!step.ok) throw new Error(step.failure.kind);
      const piece = await readPiece(step.value);
      if (!piece.ok) throw new Error(piece.failure.kind);
      bytes.push(...piece.value.bytes);
      piece.value.release?.();
      await this.#later(() => undefined);
    }
    if (!signal.aborted)
      expectSameBytes(Uint8Array.from(bytes), content.subarray(range.start, range.end));
  }
}
