import { describe, expect, test } from "vitest";
import { LEASE_LOOKUP_TIMEOUT_MS } from "../../../shared/limits.ts";
import { askLeases, askRecent, type LeaseSource } from "../../../workers/aggregator/leases.ts";
import { createVirtualTimer } from "../../support/virtual-timer.ts";

const log = { info() {}, warn() {}, error() {} };
const NONE = {
  permanentEndEpoch: null,
  latestEndEpoch: null,
  contentType: null,
  certifyTxDigest: null,
};
const answering = (answer: unknown): LeaseSource => ({
  leasesOfBlob: () => Promise.resolve(answer),
  wasCertifiedLately: () => Promise.resolve(answer),
});
const failing: LeaseSource = {
  leasesOfBlob: () => Promise.reject(new Error("down")),
  wasCertifiedLately: () => Promise.reject(new Error("down")),
};
const silent: LeaseSource = {
  leasesOfBlob: () => new Promise(() => undefined),
  wasCertifiedLately: () => new Promise(() => undefined),
};
const ports = (source: LeaseSource | undefined) => ({ source, timer: createVirtualTimer(), log });

describe("the end epoch of a blob's leases", () => {
  test("is the latest of those that nobody can take back", async () => {
    const leases = [
      { endEpoch: 7, deletable: false },
      { endEpoch: 9, deletable: false },
      { endEpoch: 50, deletable: true },
    ];
    expect(await askLeases(ports(answering(leases)), "id")).toEqual({
      ...NONE,
      permanentEndEpoch: 9,
      latestEndEpoch: 50,
      isAnswered: true,
    });
  });

  test.each([
    ["there is no publisher", undefined, true],
    ["there is no lease", answering([]), true],
    ["the answer has another shape", answering("x"), false],
    ["the publisher fails", failing, false],
    ["the publisher is silent", silent, false],
  ] as const)("is unknown when %s", async (_, source, isAnswered) => {
    const asking = ports(source);
    expect(await askLeases(asking, "id")).toEqual({ ...NONE, isAnswered });
    expect(asking.timer.nowMs()).toBe(source === silent ? LEASE_LOOKUP_TIMEOUT_MS : 0);
  });

  test("of deletable leases proves no end, but that the blob exists", async () => {
    const leases = [{ endEpoch: 50, deletable: true }];
    expect(await askLeases(ports(answering(leases)), "id")).toMatchObject({
      permanentEndEpoch: null,
      latestEndEpoch: 50,
    });
  });
});

test.each([
  [["image/png", undefined, "image/png"], "image/png"],
  [["image/png", "text/html"], null],
  [[undefined], null],
  [[], null],
])("the type that stores of %j agree on is %s", async (types, expected) => {
  const leases = types.map((contentType) => ({ endEpoch: 7, deletable: true, contentType }));
  expect(await askLeases(ports(answering(leases)), "id")).toMatchObject({ contentType: expected });
});

test("a lease may name the transaction that certified the blob", async () => {
  const lease = { endEpoch: 7, deletable: true };
  const leases = [lease, { ...lease, certifyTxDigest: "digest" }];
  expect(await askLeases(ports(answering(leases)), "id")).toMatchObject({
    certifyTxDigest: "digest",
  });
});

test.each([
  ["nobody to ask", undefined, false],
  ["a yes", answering(true), true],
  ["a no", answering(false), false],
  ["another shape", answering("yes"), null],
  ["a failure", failing, null],
  ["silence", silent, null],
] as const)("whether a blob was certified lately: %s", async (_, source, expected) => {
  expect(await askRecent(ports(source), "id")).toBe(expected);
});
