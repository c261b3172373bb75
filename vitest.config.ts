/**
 * One vitest project per kind of test.
 *
 * `publisher`, `aggregator` and `renewal` run inside workerd with the bindings of their environment
 * in wrangler.toml; everything else runs in Node. Files of one project run one after the other in
 * `devnet` and `e2e`, because each starts a whole local network on two cores.
 */
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";

const NETWORK_TEST_TIMEOUT_MS = 120_000;

function inNode(name: string, extra: object = {}): TestProjectConfiguration {
  return { test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 60_000, ...extra } };
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

function inWorkerd(environment: string): TestProjectConfiguration {
  return {
    plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml", environment } })],
    test: { name: environment, include: [`test/workers/${environment}/**/*.test.ts`] },
  };
}

export default defineConfig({
  test: {
    projects: [
      inNode("unit"),
      inNode("parity"),
      inWorkerd("publisher"),
      inWorkerd("aggregator"),
      inWorkerd("renewal"),
      withNetwork("contract"),
      withNetwork("e2e"),
    ],
  },
});
