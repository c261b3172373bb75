import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import {
  HOOK_SECRET_BYTES_MAX,
  HOOK_SECRET_BYTES_MIN,
  HOOK_EVENT_ID_CHARS_MAX,
  HOOK_SIGNATURES_MAX,
  HOOK_TOLERANCE_SECONDS,
} from "../../../shared/limits.ts";
import { parseHookSecret, verifyDelivery } from "../../../workers/publisher/hook-signature.ts";

/** The example of the Standard Webhooks specification and its libraries. */
const VECTOR = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
  timestamp: "1614265330",
  body: '{"test": 2432232314}',
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};
const NOW_MS = Number(VECTOR.timestamp) * 1_000;
const KEY = parseHookSecret(VECTOR.secret)!;

function headers(overrides: Record<string, string | null> = {}): Headers {
  const all = {
    "webhook-id": VECTOR.id,
    "webhook-timestamp": VECTOR.timestamp,
    "webhook-signature": VECTOR.signature,
    ...overrides,
  };
  return new Headers(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
  );
}

function sign(id: string, timestamp: string, body: string, secret = VECTOR.secret): string {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
}

const verify = (
  overrides: Record<string, string | null> = {},
  body = VECTOR.body,
  nowMs = NOW_MS,
  keys = [KEY],
) => verifyDelivery(headers(overrides), utf8Bytes(body), keys, nowMs);

describe("a Standard Webhooks delivery", () => {
  test("the specification's example verifies", async () => {
    expect(await verify()).toEqual({ ok: true, value: { eventId: VECTOR.id } });
  });

  test("one changed byte of the body does not", async () => {
    expect(await verify({}, `${VECTOR.body} `)).toMatchObject({
      failure: { kind: "hook-signature-mismatch" },
    });
  });

  test("binary bodies are verified as bytes, not as text", async () => {
    const body = Uint8Array.of(0xff, 0xfe, 0x00, 0x80);
    const other = Uint8Array.of(0xff, 0xfd, 0x00, 0x80);
    const key = Buffer.from(VECTOR.secret.slice("whsec_".length), "base64");
    const digest = createHmac("sha256", key)
      .update(`${VECTOR.id}.${VECTOR.timestamp}.`)
      .update(body)
      .digest("base64");
    const signed = headers({ "webhook-signature": `v1,${digest}` });
    expect((await verifyDelivery(signed, body, [KEY], NOW_MS)).ok).toBe(true);
    expect((await verifyDelivery(signed, other, [KEY], NOW_MS)).ok).toBe(false);
  });

  test("any of several signatures is enough, whatever their version", async () => {
    const several = `v1a,AAAA v1,${"A".repeat(43)}= ${VECTOR.signature}`;
    expect((await verify({ "webhook-signature": several })).ok).toBe(true);
  });

  test("any of several secrets is enough", async () => {
    const retired = parseHookSecret(`whsec_${Buffer.alloc(32, 5).toString("base64")}`)!;
    expect((await verify({}, VECTOR.body, NOW_MS, [retired, KEY])).ok).toBe(true);
    expect((await verify({}, VECTOR.body, NOW_MS, [retired])).ok).toBe(false);
  });

  test.each(["webhook-id", "webhook-timestamp", "webhook-signature"])(
    "a delivery without %s is refused",
    async (header) => {
      expect(await verify({ [header]: null })).toMatchObject({
        failure: { kind: "hook-header-missing", header },
      });
    },
  );

  test.each([
    ["webhook-timestamp", "yesterday"],
    ["webhook-timestamp", "1614265330.5"],
    ["webhook-signature", "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
    ["webhook-signature", "v1,not base64"],
    ["webhook-id", "x".repeat(HOOK_EVENT_ID_CHARS_MAX + 1)],
  ])("a malformed %s is refused: %s", async (header, value) => {
    expect(await verify({ [header]: value })).toMatchObject({
      failure: { kind: "hook-header-malformed", header },
    });
  });

  test("so many signatures are looked at, and no more", async () => {
    const wrong = `v1,${Buffer.alloc(32, 1).toString("base64")}`;
    const after = (count: number) =>
      verify({
        "webhook-signature": [...Array<string>(count).fill(wrong), VECTOR.signature].join(" "),
      });
    expect((await after(HOOK_SIGNATURES_MAX - 1)).ok).toBe(true);
    expect((await after(HOOK_SIGNATURES_MAX)).ok).toBe(false);
  });

  test("an id of the greatest length is taken", async () => {
    const id = "x".repeat(HOOK_EVENT_ID_CHARS_MAX);
    const signature = sign(id, VECTOR.timestamp, VECTOR.body);
    expect((await verify({ "webhook-id": id, "webhook-signature": signature })).ok).toBe(true);
  });

  test.each([HOOK_TOLERANCE_SECONDS, -HOOK_TOLERANCE_SECONDS])(
    "a clock %d s away is tolerated, one second more is stale",
    async (skewSeconds) => {
      const atBound = NOW_MS + skewSeconds * 1_000;
      expect((await verify({}, VECTOR.body, atBound)).ok).toBe(true);
      const beyond = atBound + Math.sign(skewSeconds) * 1_000;
      expect(await verify({}, VECTOR.body, beyond)).toMatchObject({
        failure: { kind: "hook-stale" },
      });
    },
  );

  test("a forged delivery learns nothing about the clock", async () => {
    const forged = {
      "webhook-signature": sign(VECTOR.id, "1", VECTOR.body),
      "webhook-timestamp": "2",
    };
    expect(await verify(forged)).toMatchObject({ failure: { kind: "hook-signature-mismatch" } });
  });
});

describe("hook secrets", () => {
  test("a secret is as long as the specification says", () => {
    const secret = (byteCount: number) =>
      parseHookSecret(`whsec_${Buffer.alloc(byteCount, 1).toString("base64")}`)?.length ?? null;
    expect([HOOK_SECRET_BYTES_MIN - 1, HOOK_SECRET_BYTES_MIN].map(secret)).toEqual([null, 24]);
    expect([HOOK_SECRET_BYTES_MAX, HOOK_SECRET_BYTES_MAX + 1].map(secret)).toEqual([64, null]);
  });

  test.each(["", "whsec_", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA"])(
    "%j is none",
    (text) => {
      expect(parseHookSecret(text)).toBeNull();
    },
  );
});
