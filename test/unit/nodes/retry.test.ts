import { describe, expect, test } from "vitest";
import type { NodeFailure } from "../../../shared/nodes/failure.ts";
import {
  REGISTRATION_RETRY,
  retryDelayMs,
  retryPolicyFor,
  TRANSIENT_RETRY,
  withRetry,
} from "../../../shared/nodes/retry.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { fixedRandom, InstantTimer } from "./support.ts";

const where = { nodeId: "0x1", route: "put-sliver" } as const;

function refused(status: number, reason: string | null, retryAfterSeconds: number | null = null) {
  return { kind: "refused", ...where, status, reason, message: "", retryAfterSeconds } as const;
}

/** An attempt that fails with each of `failures` in turn, then succeeds. */
function failing(failures: readonly NodeFailure[]) {
  let calls = 0;
  const attempt = (): Promise<Result<string, NodeFailure>> => {
    const failure = failures[calls++];
    return Promise.resolve(failure === undefined ? ok("done") : err(failure));
  };
  return { attempt, calls: () => calls };
}

test("the delay doubles from the least, with jitter, up to the most", () => {
  const delays = [0, 1, 2, 3, 10].map((attempt) =>
    retryDelayMs(TRANSIENT_RETRY, attempt, fixedRandom(0)),
  );
  expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  expect(retryDelayMs(TRANSIENT_RETRY, 0, fixedRandom(0.5))).toBe(750);
  expect(retryDelayMs(TRANSIENT_RETRY, 10, fixedRandom(0.99))).toBe(8_000);
});

describe("which failures are worth another attempt", () => {
  test.each([
    [refused(400, "NOT_REGISTERED"), REGISTRATION_RETRY],
    [refused(400, "MISSING_SLIVERS"), TRANSIENT_RETRY],
    [refused(503, "UNAVAILABLE"), TRANSIENT_RETRY],
    [refused(429, null), TRANSIENT_RETRY],
    [{ kind: "unreachable", ...where, cause: "reset" }, TRANSIENT_RETRY],
    [refused(400, "SHARD_NOT_ASSIGNED"), null],
    [refused(451, "FORBIDDEN_BLOB"), null],
    [{ kind: "timed-out", ...where, timeoutMs: 1, phase: "headers" }, null],
    [{ kind: "aborted", ...where }, null],
  ] as const)("%o", (failure, policy) => {
    expect(retryPolicyFor(failure)).toBe(policy);
  });
});

describe("withRetry", () => {
  const ports = () => ({ timer: new InstantTimer(), random: fixedRandom(0) });

  test("asks again until it succeeds", async () => {
    const { attempt, calls } = failing([refused(400, "NOT_REGISTERED"), refused(503, null)]);
    expect(await withRetry(ports(), attempt)).toEqual({ ok: true, value: "done" });
    expect(calls()).toBe(3);
  });

  test("stops after the attempts of the curve", async () => {
    const { attempt, calls } = failing(Array.from({ length: 9 }, () => refused(503, null)));
    expect(await withRetry(ports(), attempt)).toMatchObject({ failure: { status: 503 } });
    expect(calls()).toBe(TRANSIENT_RETRY.attemptCountMax);
  });

  test("does not repeat what cannot be helped", async () => {
    const { attempt, calls } = failing([refused(400, "SHARD_NOT_ASSIGNED")]);
    expect(await withRetry(ports(), attempt)).toMatchObject({ ok: false });
    expect(calls()).toBe(1);
  });

  test("waits as long as the node asks, within the curve", async () => {
    const wishes = ports();
    await withRetry(wishes, failing([refused(503, null, 3)]).attempt);
    await withRetry(wishes, failing([refused(503, null, 3_600)]).attempt);
    expect(wishes.timer.slept).toEqual([3_000, TRANSIENT_RETRY.delayMaxMs]);
  });

  test("an aborted wait returns the failure it waited on", async () => {
    const stopped = AbortSignal.abort(new Error("over"));
    const { attempt, calls } = failing([refused(503, null)]);
    expect(await withRetry(ports(), attempt, stopped)).toMatchObject({ failure: { status: 503 } });
    expect(calls()).toBe(1);
  });
});
