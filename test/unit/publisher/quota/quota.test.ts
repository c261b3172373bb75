import { describe, expect, test } from "vitest";
import {
  RATE_LIMIT_BYTES_DEFAULT,
  RATE_LIMIT_REQUESTS_DEFAULT,
  RATE_LIMIT_WINDOW_SECONDS_MAX,
} from "../../../../shared/limits.ts";
import { clientAddress } from "../../../../workers/publisher/quota/client-address.ts";
import { createQuotaBuckets } from "../../../../workers/publisher/quota/quota.ts";
import { rateLimitHeaders } from "../../../../workers/publisher/quota/rate-limit-headers.ts";
import { rateLimits } from "../../../../workers/publisher/quota/settings.ts";
import { memorySql } from "../../../support/memory-sql.ts";

const POLICIES = [
  { name: "requests", quota: 3, windowMs: 60_000 },
  { name: "bytes", quota: 1_000, windowMs: 60_000 },
] as const;

describe("the buckets of a client", () => {
  test("take from all policies or from none, and survive being opened again", () => {
    let nowMs = 1_000;
    const sql = memorySql();
    const clock = { nowMs: () => nowMs };
    const buckets = createQuotaBuckets(sql, clock);
    const first = buckets.take(POLICIES, { requests: 1, bytes: 900 });
    expect(first).toMatchObject({
      isAllowed: true,
      retryMs: 0,
      states: [{ remaining: 2 }, { remaining: 100, resetMs: 54_000 }],
    });
    const refused = createQuotaBuckets(sql, clock).take(POLICIES, { requests: 1, bytes: 200 });
    expect(refused).toMatchObject({
      isAllowed: false,
      retryMs: 6_000,
      states: [
        { remaining: 2, isExceeded: false },
        { remaining: 100, resetMs: 6_000, isExceeded: true },
      ],
    });
    nowMs += 6_000;
    expect(buckets.take(POLICIES, { requests: 1, bytes: 200 }).isAllowed).toBe(true);
    expect(buckets.fullAtMs()).toBe(nowMs + 60_000);
  });

  test("count afterwards what was not declared", () => {
    const buckets = createQuotaBuckets(memorySql(), { nowMs: () => 5_000 });
    buckets.charge(POLICIES, { bytes: 5_000 });
    const verdict = buckets.take(POLICIES, { requests: 1, bytes: 1 });
    expect(verdict).toMatchObject({ isAllowed: false, states: [{}, { remaining: 0 }] });
    expect(verdict.states[0]).toMatchObject({ remaining: 3, isExceeded: false });
  });
});

test("headers are those of the draft: policy, unit, window; remaining, reset", () => {
  const buckets = createQuotaBuckets(memorySql(), { nowMs: () => 0 });
  const { states } = buckets.take(POLICIES, { requests: 1, bytes: 400 });
  expect(rateLimitHeaders(states)).toEqual({
    "RateLimit-Policy": '"requests";q=3;w=60, "bytes";q=1000;qu="content-bytes";w=60',
    RateLimit: '"requests";r=2;t=20, "bytes";r=600;t=24',
  });
});

describe("the address of a client", () => {
  test.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001::6", "2001:db8:1:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::", "fe80:0:0:0::/64"],
  ])("%s counts as %s", (address, expected) => {
    expect(clientAddress(new Headers({ "CF-Connecting-IP": address }))).toBe(expected);
  });

  test("no other header is believed", () => {
    const headers = {
      "X-Forwarded-For": "192.0.2.7",
      "X-Real-IP": "192.0.2.7",
      Forwarded: "for=1",
    };
    expect(clientAddress(new Headers(headers))).toBe("unknown");
  });
});

describe("the settings", () => {
  test("limit by default on public networks, and not on the local one", () => {
    expect(rateLimits({}, "mainnet").policies).toEqual([
      { name: "requests", quota: RATE_LIMIT_REQUESTS_DEFAULT, windowMs: 60_000 },
      { name: "bytes", quota: RATE_LIMIT_BYTES_DEFAULT, windowMs: 60_000 },
    ]);
    expect(rateLimits({}, "local").policies).toEqual([]);
    expect(rateLimits({ RATE_LIMIT_REQUESTS: "5" }, "local").policies).toHaveLength(1);
    const lifted = { RATE_LIMIT_REQUESTS: "0", RATE_LIMIT_BYTES: "0" };
    expect(rateLimits(lifted, "mainnet").policies).toEqual([]);
  });

  test("name what is wrong", () => {
    const { problems } = rateLimits(
      { RATE_LIMIT_REQUESTS: "many", RATE_LIMIT_BYTES: "-1", RATE_LIMIT_WINDOW_SECONDS: "0" },
      "testnet",
    );
    expect(problems.map((problem) => problem.split(":")[0])).toEqual([
      "RATE_LIMIT_WINDOW_SECONDS",
      "RATE_LIMIT_REQUESTS",
      "RATE_LIMIT_BYTES",
    ]);
    const window = (seconds: number) =>
      rateLimits({ RATE_LIMIT_WINDOW_SECONDS: String(seconds) }, "testnet").problems.length;
    expect([RATE_LIMIT_WINDOW_SECONDS_MAX, RATE_LIMIT_WINDOW_SECONDS_MAX + 1].map(window)).toEqual([
      0, 1,
    ]);
  });
});
