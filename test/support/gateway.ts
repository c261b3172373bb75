/**
 * The three Workers under test, over HTTP.
 *
 * Two ways to the same Workers: `startTestGateway` runs the bundles a deploy would upload in one
 * workerd that connects to the nodes directly, as `npm start` does; `startHarness` goes through
 * wrangler's `createTestHarness`, which reads wrangler.toml itself
 * but carries every outgoing request through Node: it does not pass on aborts, so it is no judge of
 * how many requests are in flight.
 */
import { createTestHarness } from "wrangler";
import type { Network, NetworkDescription } from "../devnet/network/network.ts";
import { expectAsDocumented } from "./publisher-document.ts";
import { type GatewayOptions, localVars, startGateway } from "./local-gateway/gateway.ts";

/** One request to one Worker. */
type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** A running gateway; paths are resolved by each Worker. */
export interface TestGateway {
  readonly publisher: Ask;
  /** The publisher, asked with the token of the local network that may do everything. */
  readonly operator: Ask;
  readonly aggregator: Ask;
  /** The aggregator of the second city, where one was asked for. */
  readonly elsewhere: Ask;
  readonly renewal: Ask;
  /** Fires the renewal Worker's cron and waits for its end. */
  cron(): Promise<void>;
  close(): Promise<void>;
}

/** Starts publisher, aggregator and renewal against `network`, as `npm start` does. */
export async function startTestGateway(
  network: Network,
  options: GatewayOptions = {},
): Promise<TestGateway> {
  const gateway = await startGateway(network, options);
  const via = (origin: string) => (path: string, init?: RequestInit) => fetch(origin + path, init);
  const isExact = options.vars?.publisher?.["COMPAT"] === "exact";
  const publisher: Ask = async (path, init = {}) => {
    const response = await fetch(gateway.urls.publisher + path, init);
    // What a test's own entry adds is in no document.
    const isOwn = path.startsWith("/test/");
    if (!isExact && !isOwn) await expectAsDocumented(init, path, response);
    return response;
  };
  return {
    publisher,
    operator: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set("authorization", `Bearer ${gateway.adminToken}`);
      return publisher(path, { ...init, headers });
    },
    aggregator: via(gateway.urls.aggregator),
    elsewhere: via(gateway.secondCityUrl ?? gateway.urls.aggregator),
    renewal: via(gateway.urls.renewal),
    cron: async () => {
      const { outcome } = await gateway.fireCron();
      if (outcome !== "ok") throw new Error(`Cannot fire the cron: it ended with ${outcome}`);
    },
    close: () => gateway.close(),
  };
}

/** Starts the three Workers from wrangler.toml through `createTestHarness`. */
export async function startHarness(network: NetworkDescription): Promise<TestGateway> {
  const harness = createTestHarness({
    workers: (["publisher", "aggregator", "renewal"] as const).map((env) => {
      const { WALLET_SECRET_KEY, HOOK_SECRETS, METRICS_TOKEN, JWT_SECRET, ...vars } = localVars(
        env,
        network,
      );
      const secrets = Object.fromEntries(
        Object.entries({ WALLET_SECRET_KEY, HOOK_SECRETS, METRICS_TOKEN, JWT_SECRET }).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        ),
      );
      return { configPath: "./wrangler.toml", env, vars, secrets };
    }),
  });
  await harness.listen();
  const worker = (name: string) => harness.getWorker(`walrus-edge-${name}`);
  // The harness types its fetch with undici's classes, which are Node's own at run time.
  const via = (name: string) => worker(name).fetch as unknown as Ask;
  return {
    publisher: via("publisher"),
    operator: () => Promise.reject(new TypeError("Cannot operate: the harness has no token")),
    aggregator: via("aggregator"),
    elsewhere: via("aggregator"),
    renewal: via("renewal"),
    cron: async () => {
      await worker("renewal").scheduled({ cron: "17 * * * *", scheduledTime: new Date() });
    },
    close: () => harness.close(),
  };
}
