import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { RELAY_TX_AGE_MS_MAX, RELAY_TX_FUTURE_MS_MAX } from "../../../shared/limits.ts";
import { problemStatus } from "../../../shared/http/problem.ts";
import { err, ok } from "../../../shared/result.ts";
import type { Payment } from "../../../shared/sui/read-payment.ts";
import { parseRelayQuery } from "../../../workers/publisher/relay/query.ts";
import { type RelayFailure, relayProblem } from "../../../workers/publisher/relay/relay-problem.ts";
import {
  type RelayPorts,
  spreadForRelay,
} from "../../../workers/publisher/relay/spread-for-relay.ts";
import { type Tip, tipMist, verifyTip } from "../../../workers/publisher/relay/tip.ts";
import { seededBytes } from "../../support/contents.ts";

const ADDRESS = `0x${"7e".repeat(32)}`;
const SUI = `0x${"2".padStart(64, "0")}::sui::SUI`;
const CONST: Tip = { address: ADDRESS, kind: { const: 105 } };
const LINEAR: Tip = {
  address: ADDRESS,
  kind: { linear: { base: 101, encoded_size_mul_per_kib: 42 } },
};
const BLOB = seededBytes(1_000, 1);
const NONCE = seededBytes(32, 2);
const NOW_MS = 1_000_000_000_000;

async function sha256(bytes: Uint8Array<ArrayBuffer>) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

const OTHER_DIGEST = await sha256(seededBytes(1_000, 9));

const CLAIM = {
  nonce: NONCE,
  byteCount: BLOB.length,
  digest: await sha256(BLOB),
  encodedBytes: 2_049,
  nowMs: NOW_MS,
};

async function payment(change: Partial<Payment> = {}): Promise<Payment> {
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(BLOB.length), true);
  return {
    digest: "d",
    succeeded: true,
    timestampMs: NOW_MS,
    firstInput: concatBytes(await sha256(BLOB), await sha256(NONCE), length),
    balanceChanges: [
      { address: "0xpayer", coinType: SUI, amount: -105n },
      { address: ADDRESS, coinType: "0x2::wal::WAL", amount: 1_000n },
      { address: ADDRESS, coinType: SUI, amount: 105n },
    ],
    ...change,
  };
}

const paid = (amount: bigint) => [{ address: ADDRESS, coinType: SUI, amount }];

describe("a tip", () => {
  test.each([
    [CONST, 0, 105n],
    [CONST, 10_000_000, 105n],
    [LINEAR, 0, 101n],
    [LINEAR, 1, 143n],
    [LINEAR, 1024, 143n],
    [LINEAR, 1025, 185n],
  ])("of %j for %d encoded bytes is %d MIST", (tip, encodedBytes, mist) => {
    expect(tipMist(tip, encodedBytes)).toBe(mist);
  });

  test("that is paid, lately, for these bytes, counts", async () => {
    expect(await verifyTip(CONST, await payment(), CLAIM)).toMatchObject({ ok: true });
    const exact = await payment({ balanceChanges: paid(101n + 3n * 42n) });
    expect(await verifyTip(LINEAR, exact, CLAIM)).toMatchObject({ ok: true });
    const old = await payment({ timestampMs: NOW_MS - RELAY_TX_AGE_MS_MAX });
    expect(await verifyTip(CONST, old, CLAIM)).toMatchObject({ ok: true });
    const early = await payment({ timestampMs: NOW_MS + RELAY_TX_FUTURE_MS_MAX });
    expect(await verifyTip(CONST, early, CLAIM)).toMatchObject({ ok: true });
  });

  test.each<[string, Partial<Payment>, object]>([
    ["failed", { succeeded: false }, { kind: "tip-transaction-failed" }],
    ["has no time", { timestampMs: null }, { kind: "tip-transaction-untimed" }],
    [
      "is too old",
      { timestampMs: NOW_MS - RELAY_TX_AGE_MS_MAX - 1 },
      { kind: "tip-transaction-stale" },
    ],
    [
      "is in the future",
      { timestampMs: NOW_MS + RELAY_TX_FUTURE_MS_MAX + 1 },
      { kind: "tip-transaction-early" },
    ],
    ["pays nobody", { balanceChanges: [] }, { kind: "tip-missing", expectedMist: "105" }],
    [
      "pays too little",
      { balanceChanges: paid(104n) },
      { kind: "tip-insufficient", paidMist: "104", expectedMist: "105" },
    ],
    ["begins with no pure value", { firstInput: null }, { kind: "tip-unauthentic", part: "input" }],
    [
      "begins with another value",
      { firstInput: new Uint8Array(71) },
      { kind: "tip-unauthentic", part: "input" },
    ],
  ])("whose transaction %s does not count", async (_, change, failure) => {
    expect(await verifyTip(CONST, await payment(change), CLAIM)).toMatchObject({ failure });
  });

  test.each([
    ["nonce", { nonce: seededBytes(32, 3) }],
    ["length", { byteCount: 1_001 }],
    ["digest", { digest: OTHER_DIGEST }],
  ])("with another %s does not count", async (part, change) => {
    const verified = await verifyTip(CONST, await payment(), { ...CLAIM, ...change });
    expect(verified).toMatchObject({ failure: { kind: "tip-unauthentic", part } });
  });
});

describe("the query of the relay", () => {
  const blobId = "A".repeat(43);
  const parse = (text: string) => parseRelayQuery(new URLSearchParams(text));

  test("needs a blob ID and no more", () => {
    expect(parse(`blob_id=${blobId}&other=1`)).toMatchObject({
      ok: true,
      value: { deletableObjectId: null, txDigest: null, nonce: null },
    });
  });

  test("tells a blob ID that is missing from one that is empty", () => {
    expect(parse("")).toMatchObject({ failure: { parameter: "blob_id", value: null } });
    expect(parse("blob_id=")).toMatchObject({ failure: { parameter: "blob_id", value: "" } });
  });

  test("reads object IDs as Sui does", () => {
    expect(parse(`blob_id=${blobId}&deletable_blob_object=0xA`)).toMatchObject({
      value: { deletableObjectId: `0x${"a".padStart(64, "0")}` },
    });
  });

  test.each([
    ["", "blob_id"],
    ["blob_id=short", "blob_id"],
    [`blob_id=${blobId}&deletable_blob_object=0xg`, "deletable_blob_object"],
    [`blob_id=${blobId}&tx_id=0OIl`, "tx_id"],
    [`blob_id=${blobId}&nonce=AAAA`, "nonce"],
    [`blob_id=${blobId}&encoding_type=RS1`, "encoding_type"],
    [`blob_id=${blobId}&blob_id=${blobId}`, "blob_id"],
  ])("%s is refused and names %s", (text, parameter) => {
    expect(parse(text)).toMatchObject({ ok: false, failure: { parameter } });
  });
});

/** `walrus-upload-relay error.rs` and `tip/error.rs`: what the official relay says, and its status. */
describe("refusals in the official relay's words", () => {
  test.each<[RelayFailure, number, string]>([
    [{ kind: "relay-blob-mismatch", blobId: "b" }, 400, "resulting from the blob encoding do not"],
    [
      { kind: "tip-parameter-missing", parameter: "nonce" },
      400,
      "The query parameters are missing",
    ],
    [{ kind: "tip-transaction-unknown" }, 500, "internal client error"],
    [{ kind: "tip-transaction-unreadable" }, 500, "internal client error"],
    [{ kind: "tip-transaction-untimed" }, 400, "does not have a timestamp"],
    [{ kind: "tip-transaction-early" }, 400, "in the future by more than the allowed threshold"],
    [{ kind: "tip-transaction-stale" }, 400, "the received transaction is too old"],
    [{ kind: "tip-transaction-failed" }, 402, "no tip was transferred to the proxy account"],
    [
      { kind: "tip-missing", expectedMist: "105" },
      402,
      "no tip was transferred to the proxy account",
    ],
    [
      { kind: "tip-insufficient", paidMist: "104", expectedMist: "105" },
      402,
      "the tip is insufficient: balance change 104; expected 105",
    ],
    [{ kind: "tip-unauthentic", part: "input" }, 401, "missing from the first input slot"],
    [
      { kind: "tip-unauthentic", part: "nonce" },
      401,
      "the provided nonce hash in the ptb is invalid",
    ],
    [{ kind: "tip-unauthentic", part: "length" }, 401, "the provided blob length and"],
    [{ kind: "tip-unauthentic", part: "digest" }, 401, "the provided blob digest and"],
  ])("%j is %d", (failure, status, words) => {
    const { exact } = relayProblem(failure);
    if (exact === undefined || !("text" in exact)) throw new Error("no text");
    expect(exact.status).toBe(status);
    expect(exact.text).toContain(words);
  });
});

test.each([
  "tip-transaction-unknown",
  "tip-transaction-unreadable",
  "tip-transaction-untimed",
] as const)("what one RPC node has not told yet is no definite refusal: %s", (kind) => {
  const problem = relayProblem({ kind });
  expect(problemStatus(problem)).toBe(503);
  expect(problem.retryAfterSeconds).toBeGreaterThan(0);
});

test("a tip that cannot be looked up is told from a chain that does not answer otherwise", async () => {
  const silent = async () => err({ kind: "rpc-timeout", call: "any", timeoutMs: 1 } as const);
  const system = async () => ok({ shardCount: 13 });
  const spread = (ports: object) =>
    spreadForRelay({ tip: CONST, ...ports } as unknown as RelayPorts, {
      query: { blobId: new Uint8Array(32), deletableObjectId: null, txDigest: "d", nonce: NONCE },
      runId: "r",
      byteCount: BLOB.length,
      digest: async () => CLAIM.digest,
    });
  const unread = await spread({ chain: { readSystem: system }, readPayment: silent });
  expect(unread.certificate).toMatchObject({
    failure: { kind: "relay-refused", refusal: { kind: "tip-transaction-unreadable" } },
  });
  const away = await spread({ chain: { readSystem: silent } });
  expect(away.certificate).toMatchObject({ failure: { kind: "chain-unavailable" } });
});
