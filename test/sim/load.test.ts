/** A thousand uploads over four addresses: few transactions, each blob paid for once. */
import { expect, test } from "vitest";
import { burst, burstLine } from "./load.ts";
import { violations } from "./invariants.ts";

const UPLOAD_COUNT = 1_000;
/** So that they need every address: each takes four batches before the next one is used. */
const BATCH_MAX = 32;
const TIMEOUT_MS = 15 * 60_000;

test(
  "1,000 small uploads over 4 addresses share transactions: at most 0.1 for each blob",
  async () => {
    const report = await burst({
      seed: 1,
      scale: { nodeCount: 12, shardCount: 16 },
      uploadCount: UPLOAD_COUNT,
      addressCount: 4,
      batchMax: BATCH_MAX,
      withinMs: 500,
    });
    process.stderr.write(`${burstLine(report)}\n`);
    expect(violations(report.world, { allCertified: true })).toEqual([]);
    expect(report.transactions).toBeLessThanOrEqual(UPLOAD_COUNT / 10);
    expect(report.payerCount).toBe(4);
    // An object conflict would have been refused by the ledger.
    expect(report.world.network.ledger.refusedCount).toBe(0);
  },
  TIMEOUT_MS,
);
