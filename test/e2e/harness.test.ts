/**
 * The three Workers from wrangler.toml as wrangler itself starts them: bindings, secrets, Durable
 * Objects and cron of each environment are what a deploy would use.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { bodyBytes, expectSameBytes, storedBlob } from "../support/answers.ts";
import { mediaFile, seededBytes } from "../support/contents.ts";
import { startHarness, type TestGateway } from "../support/gateway.ts";

let network: Network;
let gateway: TestGateway;

beforeAll(async () => {
  network = await startNetwork({ shardCount: 100, seed: "harness" });
  gateway = await startHarness(network.description);
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

test("every Worker answers /status", async () => {
  for (const worker of [gateway.publisher, gateway.aggregator, gateway.renewal]) {
    expect(await (await worker("/status")).text()).toBe("OK");
  }
});

test("a blob goes in through the publisher and comes out through the aggregator", async () => {
  const content = mediaFile("picture.png");
  const { blobId } = await storedBlob(
    await gateway.publisher("/v1/blobs?epochs=3", { method: "PUT", body: content }),
  );
  const response = await gateway.aggregator(`/v1/blobs/${blobId}`);
  expect(response.status).toBe(200);
  expectSameBytes(await bodyBytes(response), content);
});

test("the renewal Worker reaches the publisher through its binding", async () => {
  const { storage } = await storedBlob(
    await gateway.publisher("/v1/blobs?epochs=1", { method: "PUT", body: seededBytes(100, 5) }),
  );
  await gateway.cron();
  const report = JSON.parse(await (await gateway.renewal("/edge/v1/renewals/last")).text()) as {
    extended: { fromEndEpoch: number }[];
  };
  expect(report.extended.map(({ fromEndEpoch }) => fromEndEpoch)).toContain(storage.endEpoch);
});
