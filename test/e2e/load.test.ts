/**
 * A burst over several addresses, and many clients with one key, against the real Workers. How few
 * transactions a burst needs is shown in simulated time (`test/sim/load.test.ts`): here two cores do
 * the work of every object, node and validator, so that what shares a transaction on a real network
 * comes seconds apart.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Network, startNetwork } from "../devnet/network/network.ts";
import { moveCalls } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { loadLine, storeMany } from "../support/load.ts";

const ADDRESS_COUNT = 4;
const UPLOAD_COUNT = 100;
const CLIENT_COUNT = 100;
const SAME_KEY_COUNT = 200;
const TIMEOUT_MS = 15 * 60_000;

let network: Network;
let gateway: TestGateway;

beforeAll(async () => {
  network = await startNetwork({ nodeCount: 12, shardCount: 16, seed: "load" });
  const vars = { publisher: { WALLET_ADDRESSES: String(ADDRESS_COUNT) } };
  gateway = await startTestGateway(network, { vars });
});
afterAll(async () => {
  await gateway?.close();
  await network?.close();
});

describe("a burst", () => {
  test(
    "of small stores over 4 addresses: each is paid for once, and no object is in conflict",
    async () => {
      const load = { uploadCount: UPLOAD_COUNT, clientCount: CLIENT_COUNT };
      const report = await storeMany(network, gateway, ADDRESS_COUNT, load);
      process.stderr.write(`${loadLine(report)}\n`);
      expect(report.objectIds.size).toBe(UPLOAD_COUNT);
      expect(report.registrations).toBe(UPLOAD_COUNT);
      expect(report.certifications).toBe(UPLOAD_COUNT);
      expect(report.refused).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    "of 200 clients with one idempotency key registers once",
    async () => {
      const calls = (name: string) => moveCalls(network.description.rpc, name);
      const before = {
        registered: await calls("register_blob"),
        certified: await calls("certify_blob"),
      };
      const body = seededBytes(2_000, 77);
      const headers = { "idempotency-key": "one key for all" };
      const answers = await Promise.all(
        Array.from({ length: SAME_KEY_COUNT }, async () => {
          const response = await gateway.publisher("/v1/blobs?epochs=2", {
            method: "PUT",
            body,
            headers,
          });
          return { status: response.status, text: await response.text() };
        }),
      );
      const refused = answers.filter(({ status }) => status !== 200 && status !== 202);
      expect(refused).toEqual([]);
      const stored = answers.filter(({ status }) => status === 200).map(({ text }) => text);
      expect(new Set(stored).size).toBe(1);
      expect(await calls("register_blob")).toBe(before.registered + 1);
      expect(await calls("certify_blob")).toBe(before.certified + 1);
    },
    TIMEOUT_MS,
  );
});
