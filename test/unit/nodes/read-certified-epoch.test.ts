/** Whom to ask during an epoch change: an epoch counts once more than f shards name it. */
import { expect, test } from "vitest";
import { READ_METADATA_DEADLINE_MS } from "../../../shared/limits.ts";
import { readCertifiedEpoch } from "../../../shared/nodes/read-certified-epoch.ts";
import { loadCodec } from "../../support/codec.ts";
import { createFakeNodes } from "../../support/fake-nodes.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const codec = await loadCodec();
const BLOB_ID = new Uint8Array(32).fill(3);

/** n = 10, f = 3, one shard for each node. */
function setUp(seed: number) {
  const timer = createVirtualTimer();
  const nodes = createFakeNodes(codec, timer);
  const ports = { client: nodes.client, codec, timer, random: seededRandom(seed) };
  return { nodes, timer, ask: () => readCertifiedEpoch(ports, nodes.committee, BLOB_ID) };
}

test.each([1, 2, 3, 4, 5])("f lying nodes cannot name another epoch (seed %i)", async (seed) => {
  const { nodes, ask } = setUp(seed);
  nodes.setCertifiedEpoch([0, 1, 2, 3, 4, 5, 6], 4);
  nodes.setCertifiedEpoch([7, 8, 9], 2);
  expect(await ask()).toBe(4);
});

test("f + 1 shards are enough while all others are silent", async () => {
  const { nodes, ask } = setUp(1);
  nodes.setCertifiedEpoch([0, 1, 2, 3], 5);
  nodes.setFault([4, 5, 6, 7, 8, 9], "down");
  expect(await ask()).toBe(5);
});

test("an uncertified or unknown blob has no epoch", async () => {
  const { nodes, ask } = setUp(1);
  nodes.setCertifiedEpoch([0, 1, 2, 3, 4], null);
  expect(await ask()).toBeNull();
});

test("silence ends in bounded time", async () => {
  const { nodes, timer, ask } = setUp(1);
  nodes.setFault([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], "silent");
  expect(await ask()).toBeNull();
  expect(timer.nowMs()).toBeLessThanOrEqual(READ_METADATA_DEADLINE_MS);
});
