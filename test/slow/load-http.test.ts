/** A thousand small stores over HTTP and four addresses, all at once and by 120 clients. */
import { expect, test } from "vitest";
import { startNetwork } from "../devnet/network/network.ts";
import { startTestGateway } from "../support/gateway.ts";
import { loadFaults, loadLine, storeMany } from "../support/load.ts";

const ADDRESS_COUNT = 4;
const UPLOAD_COUNT = 1_000;
const TRANSACTIONS_PER_BLOB_MAX = 0.1;
const TIMEOUT_MS = 60 * 60_000;

test.each([
  { how: "all at once", clientCount: UPLOAD_COUNT },
  { how: "by 120 clients", clientCount: 120 },
])(
  "1,000 small stores $how: each paid for once, at most 0.1 transactions for each blob",
  async ({ clientCount }) => {
    const network = await startNetwork({ nodeCount: 12, shardCount: 16, seed: "load" });
    const vars = { publisher: { WALLET_ADDRESSES: String(ADDRESS_COUNT) } };
    const gateway = await startTestGateway(network, { vars });
    try {
      const load = { uploadCount: UPLOAD_COUNT, clientCount };
      const report = await storeMany(network, gateway, ADDRESS_COUNT, load);
      process.stderr.write(`${loadLine(report)}\n`);
      expect(loadFaults(report, load)).toEqual([]);
      expect(report.transactions / UPLOAD_COUNT).toBeLessThanOrEqual(TRANSACTIONS_PER_BLOB_MAX);
    } finally {
      await gateway.close();
      await network.close();
    }
  },
  TIMEOUT_MS,
);
