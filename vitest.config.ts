/**
 * One vitest project per kind of test.
 *
 * `publisher`, `aggregator` and `renewal` run inside workerd with the bindings of their environment
 * in wrangler.toml; everything else runs in Node. Files of one project run one after the other in
 * `contract` and `e2e`, because each starts a whole local network on two cores.
 */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";

const NETWORK_TEST_TIMEOUT_MS = 120_000;
/** A machine with other work takes ten times as long. */
const WORKER_TEST_TIMEOUT_MS = 60_000;
const SLOW_TEST_TIMEOUT_MS = 30 * 60_000;

/** A process for each core: Vitest alone would leave one idle, which on two cores is half of them. */
function inNode(name: string, extra: object = {}): TestProjectConfiguration {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: 60_000,
      hookTimeout: 60_000,
      maxWorkers: "100%",
      ...extra,
    },
  };
}

function withNetwork(name: string): TestProjectConfiguration {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      testTimeout: NETWORK_TEST_TIMEOUT_MS,
      hookTimeout: NETWORK_TEST_TIMEOUT_MS,
      fileParallelism: false,
      pool: "forks",
    },
  };
}

/**
 * Stands in for the publisher behind the `PUBLISHER` binding where one Worker is tested alone:
 * an empty gateway that keeps the last renewal report, and has the rules of the gate that a test has
 * put into KV. The real pair is tested in `e2e`.
 */
const EMPTY_PUBLISHER = `
  import { WorkerEntrypoint } from "cloudflare:workers";
  let report = null;
  export class PublisherRpc extends WorkerEntrypoint {
    walletAddresses() { return ["0x" + "0".repeat(64)]; }
    leasesEnding() { return { leases: [], next: null }; }
    leasesOfBlob() { return []; }
    wasCertifiedLately() { return false; }
    async gateRules() { return (await this.env.BLOBS.get("gate")) ?? "{}"; }
    sweepOrphans() { return {}; }
    keepRenewalReport(text) { report = text; }
    lastRenewalReport() { return report; }
  }
  export default { fetch() { return new Response(null, { status: 404 }); } };
`;

type CloudflareTestOptions = Parameters<typeof cloudflareTest>[0];

function inWorkerd(
  environment: string,
  miniflare: NonNullable<Exclude<CloudflareTestOptions, Function>["miniflare"]> = {},
): TestProjectConfiguration {
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml", environment },
        miniflare,
      }),
    ],
    test: {
      name: environment,
      include: [`test/workers/${environment}/**/*.test.ts`],
      testTimeout: WORKER_TEST_TIMEOUT_MS,
      hookTimeout: WORKER_TEST_TIMEOUT_MS,
    },
  };
}

const besidePublisher: Parameters<typeof inWorkerd>[1] = {
  workers: [
    {
      name: "walrus-edge-publisher",
      compatibilityDate: "2026-10-23",
      kvNamespaces: { BLOBS: "walrus-edge-blobs" },
      modules: [{ type: "ESModule", path: "index.mjs", contents: EMPTY_PUBLISHER }],
    },
  ],
};

export default defineConfig({
  test: {
    projects: [
      // Files share their process, so that modules are loaded once: no unit test changes what the next meets.
      inNode("unit", { isolate: false }),
      inNode("parity"),
      inNode("parity-plain", {
        include: ["test/parity/**/*.test.ts"],
        env: { KERNEL_SIMD: "plain" },
      }),
      inNode("browser"),
      // Not in test/budgets.json, so not part of `npm test`.
      inNode("slow", { testTimeout: SLOW_TEST_TIMEOUT_MS, fileParallelism: false }),
      inNode("sim", { testTimeout: 300_000 }),
      inWorkerd("publisher"),
      inWorkerd("aggregator", besidePublisher),
      inWorkerd("renewal", besidePublisher),
      withNetwork("contract"),
      withNetwork("e2e"),
    ],
  },
});
