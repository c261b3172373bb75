/** The gateway dies in the middle of a store: what was staged is stored, and paid for once. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import type { NodeFault } from "../devnet/storage-node/faults.ts";
import { bodyBytes, expectSameBytes, moveCalls } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/** Longer than it takes to see that a blob is registered. */
const CONFIRMATION_MS = 10_000;

let network: Network;
let stateDir: string;
let gateway: TestGateway | null = null;

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), "walrus-edge-restart-"));
  network = await startNetwork({ shardCount: 100, seed: "restart" });
  // Nodes slow to confirm keep the store in its fan-out until the gateway is stopped.
  await setConfirmations({ fault: "slow", route: "confirmation", ms: CONFIRMATION_MS });
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
  rmSync(stateDir, { recursive: true, force: true });
});

interface UploadView {
  readonly state: string;
  readonly blobId: string | null;
}

async function setConfirmations(fault: NodeFault): Promise<void> {
  const { nodes } = network.description;
  await Promise.all(nodes.map((_, index) => network.admin.setNodeFault(index, fault)));
}

const calls = (name: string) => moveCalls(network.description.rpc, name);

test("an upload survives the death of every Worker and is registered and certified once", async () => {
  const content = seededBytes(300_000, 6);
  let running = (gateway = await startTestGateway(network, { stateDir }));
  const accepted = await running.publisher("/v1/blobs?epochs=2", {
    method: "PUT",
    body: content,
    headers: { prefer: "respond-async" },
  });
  expect(accepted.status, await accepted.clone().text()).toBe(202);
  const location = accepted.headers.get("location") ?? "";
  await expect.poll(() => calls("register_blob"), { timeout: 30_000, interval: 50 }).toBe(1);
  expect(await calls("certify_blob")).toBe(0);
  await running.close();
  await setConfirmations({ fault: null });

  running = gateway = await startTestGateway(network, { stateDir });
  const view = async () =>
    JSON.parse(await (await running.publisher(location)).text()) as UploadView;
  await expect
    .poll(view, { timeout: 100_000, interval: 250 })
    .toMatchObject({ state: "certified" });

  expect(await calls("register_blob")).toBe(1);
  expect(await calls("certify_blob")).toBe(1);
  const { blobId } = await view();
  expectSameBytes(await bodyBytes(await running.aggregator(`/v1/blobs/${blobId}`)), content);
});
