/**
 * Starts the three Workers in one Miniflare from the bindings of wrangler.toml, against a local
 * network. `npm start`, the demo, the e2e tests and the benches all start the gateway here.
 */
import "./quiet-wrangler.ts";
import { randomBytes, randomUUID } from "node:crypto";
import { join } from "node:path";
import { SignJWT } from "jose";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { checkPortFree } from "../../devnet/listen.ts";
import type { Network, NetworkDescription } from "../../devnet/network/description.ts";
import {
  bundleTestPublisher,
  bundleWorkers,
  readBundle,
  ROOT,
  WORKER_NAMES,
  type WorkerName,
} from "./bundle.ts";

/** How to start the gateway. */
export interface GatewayOptions {
  /** Publisher port; aggregator and renewal take the next two. Absent or 0: any free ports. */
  readonly port?: number | undefined;
  /** Extra or overriding `vars` and secrets, by Worker; `undefined` takes one away. */
  readonly vars?: Partial<Record<WorkerName, Record<string, string | undefined>>> | undefined;
  /** Folder for Durable Objects, KV and cache; a temporary one removed at close unless given. */
  readonly stateDir?: string | undefined;
  /** Entry of a test's own for the publisher, around the product's code. */
  readonly publisherEntry?: string | undefined;
  /** A second aggregator beside the first: another city, with an isolate of its own. */
  readonly hasSecondCity?: boolean | undefined;
  /** Shows what the Workers log. */
  readonly verbose?: boolean | undefined;
}

/** A running gateway. */
export interface Gateway {
  readonly urls: Readonly<Record<WorkerName, string>>;
  /** A token for whatever an open gateway does not do for anybody. */
  readonly adminToken: string;
  /** The aggregator of the second city. */
  readonly secondCityUrl: string | null;
  /** Fires the renewal Worker's cron once and waits for its end. */
  fireCron(): Promise<{ readonly outcome: string }>;
  /** Stops the Workers; safe to call twice. */
  close(): Promise<void>;
}

/**
 * Bundles the Workers (cached by the hash of their sources), starts them, publishes their URLs in
 * the network's description and wires `POST /admin/cron` to the renewal Worker.
 *
 * @throws {PortTakenError} When another process holds a port.
 */
export async function startGateway(
  network: Network,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const adminToken = await localToken("admin");
  const ports = WORKER_NAMES.map((_, index) => (options.port ? options.port + index : 0));
  const checkPorts = () => Promise.all(ports.filter((port) => port > 0).map(checkPortFree));
  await checkPorts();
  await bundleWorkers();
  const { publisherEntry } = options;
  const publisherBundle =
    publisherEntry === undefined ? null : await bundleTestPublisher(publisherEntry);
  const configured = (name: WorkerName, port: number) => {
    // Only fixed ports are known before the Workers run.
    const known: Record<string, string> =
      name === "publisher" && options.port
        ? { AGGREGATOR_URL: `http://127.0.0.1:${options.port + 1}` }
        : {};
    const vars = { ...localVars(name, network.description), ...known, ...options.vars?.[name] };
    return workerOptions(name, port, vars, name === "publisher" ? publisherBundle : null);
  };
  const elsewhere = { ...configured("aggregator", 0), name: SECOND_CITY_NAME };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        ...WORKER_NAMES.map((name, index) => configured(name, ports[index] ?? 0)),
        ...(options.hasSecondCity === true ? [elsewhere] : []),
      ],
      cf: false,
      host: "127.0.0.1",
      port: 0,
      logRequests: false,
      log: new Log(options.verbose === true ? LogLevel.INFO : LogLevel.WARN),
      // Standard output belongs to the caller: what the Workers log goes to standard error.
      handleStructuredLogs: ({ level, message }) => {
        if (options.verbose === true || level === "error") process.stderr.write(`${message}\n`);
      },
      telemetry: { enabled: false },
      ...(options.stateDir === undefined
        ? {}
        : { resourcePersistencePath: join(options.stateDir, "workers") }),
    }),
  );
  await miniflare.ready.catch(async (error: unknown) => {
    await miniflare.dispose();
    // workerd does not say which port it was that another process took meanwhile.
    await checkPorts();
    throw error;
  });
  const [publisher = "", aggregator = "", renewal = ""] = await Promise.all(
    WORKER_NAMES.map(async (name) => {
      const url = await miniflare.unsafeGetDirectURL(`walrus-edge-${name}`);
      return url.origin;
    }),
  );
  const urls = { publisher, aggregator, renewal };
  const secondCityUrl =
    options.hasSecondCity === true
      ? (await miniflare.unsafeGetDirectURL(SECOND_CITY_NAME)).origin
      : null;
  const fireCron = async () => {
    const worker = await miniflare.getWorker("walrus-edge-renewal");
    const { outcome } = await worker.scheduled({ cron: "17 * * * *" });
    return { outcome };
  };
  network.onCron(fireCron);
  await network.publish({ ...urls, tokens: { admin: adminToken } });
  let closing: Promise<void> | null = null;
  return {
    urls,
    adminToken,
    secondCityUrl,
    fireCron,
    close: () => {
      network.onCron(null);
      closing ??= miniflare.dispose();
      return closing;
    },
  };
}

const SECOND_CITY_NAME = "walrus-edge-aggregator-elsewhere";

/** One Worker as wrangler.toml describes it, with the bundle and the local vars. */
function workerOptions(
  name: WorkerName,
  port: number,
  vars: Readonly<Record<string, string | undefined>>,
  testBundle: string | null,
): { name: string; modules: { type: "ESModule" | "CompiledWasm"; path: string }[] } {
  const configPath = join(ROOT, "wrangler.toml");
  const { modulesRules: _, ...declared } = unstable_getMiniflareWorkerOptions(
    configPath,
    name,
  ).workerOptions;
  // The options of wrangler hold values Miniflare's schema refuses (undefined ones).
  const options = JSON.parse(JSON.stringify(declared)) as {
    bindings?: object;
    compatibilityFlags?: string[];
  };
  const flags = testBundle === null ? [] : ["nodejs_als"];
  const bindings = Object.entries({ ...options.bindings, ...vars });
  return {
    ...options,
    name: `walrus-edge-${name}`,
    modules: readBundle(testBundle ?? name),
    compatibilityFlags: [...(options.compatibilityFlags ?? []), ...flags],
    bindings: Object.fromEntries(bindings.filter(([, value]) => value !== undefined)),
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  } as ReturnType<typeof workerOptions>;
}

/** Opens `/metrics` of the local gateway; its wallet is worth nothing either. */
export const LOCAL_METRICS_TOKEN = "local-metrics-token";

/** Signs the tokens of local gateways: of this process alone. */
const LOCAL_JWT_SECRET = `0x${randomBytes(32).toString("hex")}`;
const LOCAL_TOKEN_LIFETIME = "90d";

/** A token of nobody in particular, as what an open gateway stores is nobody's. */
function localToken(scope: string): Promise<string> {
  return new SignJWT({ jti: randomUUID(), scope })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime(LOCAL_TOKEN_LIFETIME)
    .sign(Buffer.from(LOCAL_JWT_SECRET.slice(2), "hex"));
}

/** Vars that point a Worker at the local network, secrets included. */
export function localVars(
  name: WorkerName,
  description: NetworkDescription,
): Record<string, string> {
  return {
    NETWORK: "local",
    SUI_RPC_URL: description.rpc,
    SYSTEM_OBJECT_ID: description.systemObject,
    STAKING_OBJECT_ID: description.stakingObject,
    STORAGE_NODE_URL_SCHEME: description.storageNodeUrlScheme,
    ...(name === "publisher"
      ? {
          OPEN_WRITES: "true",
          JWT_SECRET: LOCAL_JWT_SECRET,
          METRICS_TOKEN: LOCAL_METRICS_TOKEN,
          WALLET_SECRET_KEY: description.wallet.secretKey,
          HOOK_SECRETS: JSON.stringify(description.hookSecrets),
        }
      : {}),
  };
}
