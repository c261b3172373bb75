/**
 * What one invocation of the aggregator works with, from the bindings: a request, a Fill object or a
 * lane.
 */
import { exports } from "cloudflare:workers";
import { createCodec, type Codec } from "../../shared/codec/index.ts";
import kernel from "../../shared/codec/kernel/build/kernel.wasm";
import { KV_WRITES_PER_HOUR_MAX } from "../../shared/limits.ts";
import { createNodeClient, type NodeClient } from "../../shared/nodes/client.ts";
import { createNodeHealth, type HealthMemory } from "../../shared/nodes/node-health.ts";
import { type Permit, platformPermit } from "../../shared/nodes/permit.ts";
import type { RowLane } from "../../shared/nodes/read-lanes.ts";
import type { Log } from "../../shared/ports.ts";
import { createAttributedBlobs } from "../../shared/sui/attributed-blob.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import { createCertifiedEventReader } from "../../shared/sui/read-certified-event.ts";
import { consoleLog, systemClock, systemRandom, systemTimer } from "../../shared/system.ts";
import { isolateMemory } from "../../shared/working-memory.ts";
import { type AggregatorConfig, type AggregatorVars, readConfig } from "./config.ts";
import { createEdgeCache } from "./edge-cache.ts";
import { createFills, type FillNamespace } from "./fill/fills.ts";
import { readGateRules, type RulesMemory, type RulesSource } from "./gate-rules.ts";
import { createKeyValue } from "../../shared/cache/kv.ts";
import { askLeases, askRecent, type LeaseSource } from "./leases.ts";
import { createNetworkViews, type ViewMemory } from "./network-view.ts";
import type { AggregatorServices } from "./services.ts";
import { createTiers } from "./tiers.ts";
import { createWriteBudget } from "./write-budget.ts";
import { emptyReadMemory } from "./read-memory.ts";

/** The bindings. */
export interface AggregatorEnv extends AggregatorVars {
  readonly BLOBS: KVNamespace;
  readonly FILLS: FillNamespace;
  readonly PUBLISHER?: LeaseSource & RulesSource;
}

/** The log of this Worker. */
export const log: Log = consoleLog("aggregator");

// Hints of this isolate; every one may be empty or old without harm.
const viewMemory: ViewMemory = { view: null };
const rulesMemory: RulesMemory = { held: null, refreshedAtMs: 0 };
const admittedKeys = new Set<string>();
const writes = createWriteBudget(systemClock, KV_WRITES_PER_HOUR_MAX);
const health: HealthMemory = { suspects: new Map(), usualMs: 0 };
const readMemory = emptyReadMemory(systemClock);
let codec: Codec | undefined;
/** What was read of an environment; reading it costs a fifth of a cached answer's time. */
const configs = new WeakMap<AggregatorEnv, AggregatorConfig>();

/**
 * The configuration in `env`, read once.
 *
 * @throws {TypeError} As `readConfig`.
 */
export function configOf(env: AggregatorEnv): AggregatorConfig {
  const config = configs.get(env) ?? readConfig(env);
  configs.set(env, config);
  return config;
}

/**
 * Makes the services of one invocation, with six requests in flight of its own.
 *
 * @param onNodeRequest Called for each request to a storage node.
 */
export function createServices(
  env: AggregatorEnv,
  background: (work: Promise<void>) => void,
  onNodeRequest: () => void = () => undefined,
): AggregatorServices {
  const { network, gateHoldMs, patienceMs, blobBytesMax } = configOf(env);
  codec ??= createCodec(kernel);
  const clock = systemClock;
  const timer = systemTimer;
  const permit = platformPermit();
  const kv = createKeyValue(env.BLOBS);
  const leasePorts = { source: env.PUBLISHER, timer, log };
  const chain = createChain({ ...network, fetch: permit.fetch, clock, timer });
  return {
    codec,
    blobBytesMax,
    patienceMs,
    client: nodeClient(permit, onNodeRequest),
    clock,
    timer,
    random: systemRandom,
    workingMemory: isolateMemory,
    log,
    tiers: createTiers({
      edge: createEdgeCache(caches.default),
      kv,
      log,
      background,
      admittedKeys,
      writes,
    }),
    views: createNetworkViews({
      chain,
      kv,
      clock,
      log,
      memory: viewMemory,
      systemObjectId: network.systemObjectId,
      holdMs: gateHoldMs,
      background,
    }),
    gateRules: () =>
      readGateRules({
        source: env.PUBLISHER,
        kv,
        clock,
        timer,
        log,
        memory: rulesMemory,
        holdMs: gateHoldMs,
        background,
      }),
    leases: (blobId) => askLeases(leasePorts, blobId),
    certifiedLately: (blobId) => askRecent(leasePorts, blobId),
    readObject: createAttributedBlobs({ ...network, fetch: permit.fetch, timer }),
    readCertifiedEvent: createCertifiedEventReader({
      url: network.suiRpcUrl,
      fetch: permit.fetch,
      timer,
    }),
    health: createNodeHealth(health, clock),
    lane: (exports as unknown as { readonly RowFetcher: RowLane }).RowFetcher,
    fills: createFills(env.FILLS),
    remembered: readMemory,
    background,
  };
}

/** A client of the storage nodes that names this invocation when it first asks one. */
function nodeClient(permit: Permit, onRequest: () => void): NodeClient {
  let lane: string | undefined;
  const send: Permit["send"] = (...request) => {
    onRequest();
    return permit.send(...request);
  };
  return createNodeClient({
    permit: { send },
    timer: systemTimer,
    clock: systemClock,
    // A cached answer needs no name, and drawing one would cost it a tenth of its time.
    get lane() {
      return (lane ??= crypto.randomUUID());
    },
  });
}
