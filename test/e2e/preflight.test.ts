/** `npm run preflight` as an operator runs it, against a network that is well, and ones that are not. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { runScript } from "../support/run-script.ts";

interface Report {
  readonly ready: boolean;
  readonly checks: readonly {
    name: string;
    verdict: string;
    detail: string;
    advice: string | null;
  }[];
}

let network: Network;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 16, seed: "preflight" });
});
afterAll(() => network?.close());

function vars(): Record<string, string> {
  const { rpc, systemObject, stakingObject, wallet } = network.description;
  return {
    NETWORK: "local",
    SUI_RPC_URL: rpc,
    SYSTEM_OBJECT_ID: systemObject,
    STAKING_OBJECT_ID: stakingObject,
    STORAGE_NODE_URL_SCHEME: "http",
    WALLET_SECRET_KEY: wallet.secretKey,
  };
}

function preflight(flags: readonly string[], env: Record<string, string> = vars()) {
  return runScript("preflight", flags, env);
}

async function report(
  env?: Record<string, string>,
): Promise<Report & { readonly code: number | null }> {
  const { code, stdout, stderr } = await preflight(["--json"], env);
  expect(stdout, stderr).not.toBe("");
  return { code, ...(JSON.parse(stdout) as Report) };
}

async function admin(path: string, body: object): Promise<void> {
  const response = await fetch(`${network.description.rpc}/admin/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status, await response.text()).toBe(200);
}

describe("a network that is well", () => {
  test("passes every check, down to a simulated registration, and nothing is executed", async () => {
    const transactions = async () => {
      const state = await (await fetch(`${network.description.rpc}/admin/state`)).json();
      return (state as { transactions: number }).transactions;
    };
    const before = await transactions();
    const { code, ready, checks } = await report();
    expect(checks.filter(({ verdict }) => verdict !== "pass")).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      "configuration",
      "rpc",
      "clock",
      "retention",
      "contract",
      "prices",
      "epoch",
      "committee",
      "nodes",
      "SUI balance",
      "WAL balance",
      "simulation",
    ]);
    expect([code, ready, await transactions()]).toEqual([0, true, before]);
  });

  test("is told as a table too, and never the key", async () => {
    const { code, stdout, stderr } = await preflight([]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("12 passed, 0 to look at, 0 failed: ready to deploy");
    expect(stdout).not.toContain(network.description.wallet.secretKey);
  });

  test("without an address says how to have the wallet checked", async () => {
    const { WALLET_SECRET_KEY: _, ...env } = vars();
    const { code, checks } = await report(env);
    expect(code).toBe(0);
    expect(checks.at(-1)).toMatchObject({ name: "wallet", verdict: "warn" });
  });
});

describe("what is not well", () => {
  test("one silent node is worth a word, more than f shards are not ready", async () => {
    await admin("nodes/0", { fault: "down" });
    const one = await report();
    expect([one.code, one.checks.find(({ name }) => name === "nodes")?.verdict]).toEqual([
      0,
      "warn",
    ]);
    for (let index = 1; index < 6; index++) await admin(`nodes/${index}`, { fault: "down" });
    const many = await report();
    expect(many).toMatchObject({ code: 1, ready: false });
    expect(many.checks.find(({ name }) => name === "nodes")).toMatchObject({ verdict: "fail" });
    for (let index = 0; index < 6; index++) await admin(`nodes/${index}`, { fault: null });
  });

  test("an address without coins cannot pay", async () => {
    const { code, stdout } = await preflight(["--json", "--address", `0x${"7".repeat(64)}`]);
    expect(code).toBe(1);
    const { checks } = JSON.parse(stdout) as Report;
    expect(checks.slice(-3).map(({ name, verdict }) => [name, verdict])).toEqual([
      ["SUI balance", "fail"],
      ["WAL balance", "fail"],
      ["simulation", "warn"],
    ]);
  });

  test("an RPC node that is away ends the look, and so does a System object that is none", async () => {
    const away = await report({ ...vars(), SUI_RPC_URL: "http://127.0.0.1:9" });
    expect([away.code, away.checks.at(-1)?.name]).toEqual([1, "rpc"]);
    const wrong = await report({ ...vars(), SYSTEM_OBJECT_ID: `0x${"5".repeat(64)}` });
    expect([wrong.code, wrong.checks.at(-1)?.name]).toEqual([1, "contract"]);
  });

  test("a public network needs the id of a KV namespace", async () => {
    const { NETWORK: _, ...env } = vars();
    const { checks } = await report({ ...env, NETWORK: "testnet" });
    expect(checks[0]).toMatchObject({ name: "configuration", verdict: "fail" });
  });

  test("a flag it does not know, or an address that is none, exits 2", async () => {
    expect((await preflight(["--nonsense"])).code).toBe(2);
    expect((await preflight(["--address", "0xshort"])).code).toBe(2);
  });
});
