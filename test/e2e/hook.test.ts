/** Webhook deliveries become blobs: once per event, never for a forged signature. */
import { createHmac } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { moveCalls } from "../support/answers.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

let network: Network;
let gateway: TestGateway;
let source = "";
let secret = "";

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "hooks" });
  gateway = await startTestGateway(network);
  [source, secret] = Object.entries(network.description.hookSecrets)[0] as [string, string];
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

/** A delivery signed as the Standard Webhooks specification says. */
function delivery(id: string, body: string, key = secret): RequestInit {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", Buffer.from(key.slice("whsec_".length), "base64"))
    .update(`${id}.${timestamp}.${body}`)
    .digest("base64");
  return {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
    },
  };
}

const deliver = (init: RequestInit, to = source) => gateway.publisher(`/edge/v1/hooks/${to}`, init);

interface UploadView {
  readonly state: string;
  readonly blobId: string;
}

/** The upload behind `location`, once it is certified. */
async function certified(location: string): Promise<UploadView> {
  const view = async () =>
    JSON.parse(await (await gateway.publisher(location)).text()) as UploadView;
  await expect.poll(view, { timeout: 60_000, interval: 200 }).toMatchObject({ state: "certified" });
  return view();
}

const registrations = () => moveCalls(network.description.rpc, "register_blob");

test("a signed delivery is stored and readable, and a repeated one costs nothing", async () => {
  const body = JSON.stringify({ type: "invoice.paid", data: { id: 42 } });
  const first = await deliver(delivery("evt_1", body));
  expect(first.status, await first.clone().text()).toBe(202);
  const location = first.headers.get("location") ?? "";
  expect(location).toMatch(/^\/edge\/v1\/uploads\//);

  const { blobId } = await certified(location);
  const read = await gateway.aggregator(`/v1/blobs/${blobId}`);
  expect(await read.text()).toBe(body);

  const paidBefore = await registrations();
  const again = await deliver(delivery("evt_1", body));
  expect(again.status).toBe(202);
  expect(again.headers.get("location")).toBe(location);
  expect((await certified(location)).blobId).toBe(blobId);
  expect(await registrations()).toBe(paidBefore);
});

test("a forged signature is refused with 401 and stores nothing", async () => {
  const paidBefore = await registrations();
  const forged = delivery("evt_2", "{}", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  expect((await deliver(forged)).status).toBe(401);
  expect(await registrations()).toBe(paidBefore);
});

test("an unknown source is a 404", async () => {
  expect((await deliver(delivery("evt_3", "{}"), "nobody")).status).toBe(404);
});
