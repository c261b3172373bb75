/** The burst of `test/sim/load.test.ts` on a network of as many shards as mainnet. */
import { expect, test } from "vitest";
import { violations } from "../sim/invariants.ts";
import { burst, burstLine } from "../sim/load.ts";

const UPLOAD_COUNT = 1_000;
/** An upload holds 8 MiB of its isolate while it is encoded and spread: here 52 do at a time. */
const ISOLATE_COUNT = 4;
const TIMEOUT_MS = 3 * 60 * 60_000;

test(
  "1,000 small uploads over 4 addresses at 1,000 shards: at most 0.1 transactions for each blob",
  async () => {
    const report = await burst({
      seed: 1,
      scale: { nodeCount: 12, shardCount: 1_000 },
      uploadCount: UPLOAD_COUNT,
      addressCount: 4,
      isolateCount: ISOLATE_COUNT,
      withinMs: 500,
    });
    process.stderr.write(`${burstLine(report)}\n`);
    expect(violations(report.world, { allCertified: true })).toEqual([]);
    expect(report.transactions).toBeLessThanOrEqual(UPLOAD_COUNT / 10);
    expect(report.world.network.ledger.refusedCount).toBe(0);
  },
  TIMEOUT_MS,
);
