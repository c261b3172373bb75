/** How long a system state is reused, and who reads the next one. */
import { expect, test } from "vitest";
import { SYSTEM_STATE_RENEWAL_MS, SYSTEM_STATE_TTL_MS } from "../../../shared/limits.ts";
import type { SystemState } from "../../../shared/sui/chain.ts";
import { createSystemCache } from "../../../shared/sui/system-cache.ts";

const WEEK_MS = 7 * 86_400_000;

function stateReadAt(readAtMs: number): SystemState {
  const phase = { kind: "next-parameters-selected", startMs: 0 };
  const timing = { epoch: 1, phase, epochDurationMs: WEEK_MS, firstEpochStartMs: 0 };
  return { readAtMs, timing } as unknown as SystemState;
}

test("when it is old one reads anew, and the others go on with it for a moment", () => {
  let nowMs = 1_000;
  const cache = createSystemCache({ nowMs: () => nowMs });
  expect(cache.get()).toBeNull();
  const first = stateReadAt(nowMs);
  cache.put(first);
  nowMs += SYSTEM_STATE_TTL_MS - 1;
  expect(cache.get()).toBe(first);
  nowMs += 1;
  expect(cache.get()).toBeNull();
  expect(cache.get()).toBe(first);
  nowMs += SYSTEM_STATE_RENEWAL_MS;
  expect(cache.get()).toBeNull();
  const second = stateReadAt(nowMs);
  cache.put(second);
  expect(cache.get()).toBe(second);
});
