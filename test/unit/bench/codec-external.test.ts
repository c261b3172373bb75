/** The bench of large blobs at a small size, so that it cannot rot. */
import { expect, test } from "vitest";
import { EXTERNAL_WORKING_BYTES_MAX } from "../../../shared/limits.ts";
import { run } from "../../bench/codec-external.ts";

test("the bench of large blobs reports CPU time and memory beside the peer", async () => {
  const { cases, versions } = await run(2, [1, 3]);
  expect(versions).toHaveProperty(["@mysten/walrus-wasm"]);
  const [large] = cases;
  expect(large).toMatchObject({ name: "metadata 2 MiB, CPU, peer extrapolated", unit: "ms" });
  expect(large?.ours).toBeGreaterThan(0);
  expect(large?.peer).toBeGreaterThan(0);
  expect(large?.memoryBytes).toBeGreaterThan(0);
  expect(large?.memoryBytes).toBeLessThanOrEqual(EXTERNAL_WORKING_BYTES_MAX);
});
