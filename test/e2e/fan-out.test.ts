/** What may happen to a store while its slivers are on their way to the nodes. */
import { afterEach, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, moveCalls, storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/** Large enough that its slivers are sent before it is registered. */
const CONTENT = seededBytes(600_000, 3);

let network: Network;
let gateway: TestGateway;

async function start(latencyMs: number): Promise<void> {
  network = await startNetwork({ shardCount: 100, seed: "fan-out", latencyMs });
  gateway = await startTestGateway(network);
}

afterEach(async () => {
  await gateway?.close();
  await network?.close();
});

async function admin(path: string, body: object): Promise<void> {
  const response = await fetch(`${network.description.rpc}/admin/${path}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  expect(response.status, await response.text()).toBe(200);
}

const calls = (name: string) => moveCalls(network.description.rpc, name);

test("nodes without room for what is not registered get it afterwards", async () => {
  await start(0);
  for (const index of network.description.nodes.keys()) {
    await admin(`nodes/${index}`, { fault: "cache-saturated" });
  }
  const answer = await gateway.publisher("/v1/blobs?epochs=2", { method: "PUT", body: CONTENT });
  const { blobId } = await storedBlob(answer);
  expectSameBytes(await bodyBytes(await gateway.aggregator(`/v1/blobs/${blobId}`)), CONTENT);
});

test("an epoch change with moved shards restarts the fan-out, and nothing is paid again", async () => {
  await start(300);
  const accepted = await gateway.publisher("/v1/blobs?epochs=3", {
    method: "PUT",
    body: CONTENT,
    headers: { Prefer: "respond-async" },
  });
  expect(accepted.status).toBe(202);
  const { location } = (await accepted.json()) as { location: string };
  await expect.poll(() => calls("register_blob"), { timeout: 60_000, interval: 20 }).toBe(1);
  expect(await calls("certify_blob")).toBe(0);
  await admin("epoch", { phase: "start", moveShards: 0.5 });
  await admin("epoch", { phase: "finish" });
  interface View {
    readonly state: string;
    readonly blobId: string;
    readonly certifiedEpoch: number;
    readonly startEpoch: number;
  }
  const view = async () => (await (await gateway.publisher(location)).json()) as View;
  // Sooner than anything that would mend it by itself: what is known of the chain is read again
  // after a minute, and the fan-out ends after a minute and a half.
  await expect
    .poll(async () => (await view()).state, { timeout: 45_000, interval: 250 })
    .toBe("certified");
  const { blobId, startEpoch, certifiedEpoch } = await view();
  expect(certifiedEpoch).toBe(startEpoch + 1);
  expect(await calls("register_blob")).toBe(1);
  expectSameBytes(await bodyBytes(await gateway.aggregator(`/v1/blobs/${blobId}`)), CONTENT);
}, 120_000);
