/**
 * The aggregator Worker: serves verified blobs. Composition root, the only reader of `env`.
 */
import { createCodec, type Codec } from "../../shared/codec/index.ts";
import kernel from "../../shared/codec/kernel/build/kernel.wasm";
import { KV_WRITES_PER_HOUR_MAX } from "../../shared/limits.ts";
import { createNodeClient } from "../../shared/nodes/client.ts";
import { platformPermit } from "../../shared/nodes/permit.ts";
import { createAttributedBlobs } from "../../shared/sui/attributed-blob.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import { createCertifiedEventReader } from "../../shared/sui/read-certified-event.ts";
import { consoleLog, systemClock, systemRandom, systemTimer } from "../../shared/system.ts";
import { isolateMemory } from "../../shared/working-memory.ts";
import { type AppPorts, createApp } from "./app.ts";
import { type AggregatorConfig, type AggregatorVars, readConfig } from "./config.ts";
import { createEdgeCache } from "./edge-cache.ts";
import { readGateRules, type RulesMemory, type RulesSource } from "./gate-rules.ts";
import { toHex } from "../../shared/bytes/text.ts";
import { withCors } from "../../shared/http/cors.ts";
import { misconfigured, problemResponse } from "../../shared/http/problem.ts";
import { createKeyValue } from "../../shared/cache/kv.ts";
import { askLeases, askRecent, type LeaseSource } from "./leases.ts";
import { createInFlight } from "./in-flight.ts";
import { createNetworkViews, type ViewMemory } from "./network-view.ts";
import type { AggregatorServices, ReadMemory } from "./services.ts";
import type { FixedLength } from "./send.ts";
import { createTiers } from "./tiers.ts";
import { createWriteBudget } from "./write-budget.ts";

interface Env extends AggregatorVars {
  readonly BLOBS: KVNamespace;
  readonly PUBLISHER?: LeaseSource & RulesSource;
}

const REQUEST_ID_BYTES = 8;

const app = createApp();
const log = consoleLog("aggregator");

// Hints of this isolate; every one may be empty or old without harm.
const viewMemory: ViewMemory = { view: null };
const rulesMemory: RulesMemory = { held: null, refreshedAtMs: 0 };
const admittedKeys = new Set<string>();
const inFlight = createInFlight();
const writes = createWriteBudget(systemClock, KV_WRITES_PER_HOUR_MAX);
const readMemory: ReadMemory = { notFound: new Map(), objects: new Map() };
let codec: Codec | undefined;

const fixedLength: FixedLength = (body, byteCount) => {
  const { readable, writable } = new FixedLengthStream(byteCount);
  // The body's failure travels to the client through the aborted stream.
  body.pipeTo(writable).catch(() => undefined);
  return readable;
};

function createServices(
  env: Env,
  ctx: ExecutionContext,
  { network, gateHoldMs, blobBytesMax }: AggregatorConfig,
): AggregatorServices {
  codec ??= createCodec(kernel);
  const clock = systemClock;
  const timer = systemTimer;
  const permit = platformPermit();
  const kv = createKeyValue(env.BLOBS);
  const background = (work: Promise<void>) => ctx.waitUntil(work);
  const leasePorts = { source: env.PUBLISHER, timer, log };
  const chain = createChain({ ...network, fetch: permit.fetch, clock, timer });
  return {
    codec,
    blobBytesMax,
    client: createNodeClient({ permit, timer, lane: crypto.randomUUID() }),
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
    remembered: readMemory,
    background,
  };
}

export default {
  async fetch(request, env, ctx): Promise<Response> {
    let config: AggregatorConfig;
    try {
      config = readConfig(env);
    } catch (error) {
      log.error({ event: "config.unusable", problems: [String(error)] });
      return withCors(problemResponse(misconfigured(), request.method));
    }
    const ports: AppPorts = {
      log,
      compat: config.compat,
      requestId: toHex(systemRandom.bytes(REQUEST_ID_BYTES)),
      fixedLength,
      inFlight,
      services: () => createServices(env, ctx, config),
    };
    return app.fetch(request, ports);
  },
} satisfies ExportedHandler<Env>;
