import { expect, test } from "vitest";
import { READS_IN_FLIGHT_MAX } from "../../../shared/limits.ts";
import { createInFlight } from "../../../workers/aggregator/in-flight.ts";

test("an isolate carries so many reads and no more, and leaving twice frees one place", () => {
  const inFlight = createInFlight();
  const leaves = Array.from({ length: READS_IN_FLIGHT_MAX }, () => inFlight.enter());
  expect(leaves).not.toContain(null);
  expect(inFlight.enter()).toBeNull();
  leaves[0]?.();
  leaves[0]?.();
  expect(inFlight.enter()).not.toBeNull();
  expect(inFlight.enter()).toBeNull();
});
