/** Bounds of a network's options: at each bound, one under, one over. */
import { describe, expect, test } from "vitest";
import { completeOptions } from "../../../devnet/network/options.ts";

describe("completeOptions()", () => {
  test("fills in 12 nodes, 100 shards, a lag of 200 ms and an epoch of a day", () => {
    expect(completeOptions({})).toEqual({
      port: 0,
      nodeCount: 12,
      shardCount: 100,
      seed: "walrus-edge",
      latencyMs: 0,
      eventLagMs: 200,
      stateDir: null,
      epochDurationMs: 86_400_000,
      automaticEpochs: false,
      threadCount: 2,
      healDelayMs: null,
    });
  });

  test("takes 11 nodes, and fewer only when allowed to", () => {
    expect(completeOptions({ nodeCount: 11 }).nodeCount).toBe(11);
    expect(() => completeOptions({ nodeCount: 10 })).toThrow("--allow-few-nodes");
    expect(completeOptions({ nodeCount: 4, allowFewNodes: true }).nodeCount).toBe(4);
  });

  test("takes 4 to 1,000 shards, at least one for each node", () => {
    const few = { nodeCount: 4, allowFewNodes: true };
    expect(completeOptions({ ...few, shardCount: 4 }).shardCount).toBe(4);
    expect(() => completeOptions({ ...few, shardCount: 3 })).toThrow("expected shards from 4");
    expect(completeOptions({ shardCount: 1_000 }).shardCount).toBe(1_000);
    expect(() => completeOptions({ shardCount: 1_001 })).toThrow("got 1001");
    expect(() => completeOptions({ nodeCount: 12, shardCount: 11 })).toThrow(
      "every node needs one",
    );
  });

  test("refuses ports whose block would end beyond 65535, and values that are no whole numbers", () => {
    expect(completeOptions({ port: 65_535 - 10 - 12 }).port).toBe(65_513);
    expect(() => completeOptions({ port: 65_535 - 10 - 11 })).toThrow("expected port");
    expect(() => completeOptions({ latencyMs: 1.5 })).toThrow("expected latency");
    expect(() => completeOptions({ epochDurationMs: 999 })).toThrow("expected epoch length");
  });
});
