/**
 * The two modes side by side: every place where the official publisher answers otherwise than we
 * think right, asked twice. Expected official answers: docs/http-api.md, "COMPAT=exact".
 */
import { reset } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { HOOK_BODY_BYTES_MAX, UPLOAD_BLOB_BYTES_DEFAULT } from "../../../shared/limits.ts";
import { ask } from "./ask.ts";

const BLOB_ID = "A".repeat(43);
const TOKENS = { OPEN_WRITES: undefined, JWT_SECRET: "a secret that nobody else knows of" };
const TOO_LONG = { "content-length": String(UPLOAD_BLOB_BYTES_DEFAULT + 1) };

beforeEach(() => {
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  // No chain answers; and neither an Upload nor a Desk is configured here, so both stop at once.
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("there is no network")));
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await reset();
});

interface Case {
  readonly name: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly vars?: object;
  /** Status and reason; a RegExp is a plain text, `""` no body. */
  readonly ours: readonly [number, string];
  readonly exact: readonly [number, string | RegExp];
}

const put = (body: BodyInit = "x", headers: Record<string, string> = {}) => ({
  method: "PUT",
  body,
  headers,
});
const form = { "content-type": "multipart/form-data; boundary=b" };

const CASES: readonly Case[] = [
  {
    name: "an unknown path",
    path: "/nowhere",
    ours: [404, "PATH_NOT_FOUND"],
    exact: [404, ""],
  },
  {
    name: "a trailing slash",
    path: "/v1/blobs/",
    ours: [404, "PATH_NOT_FOUND"],
    exact: [404, ""],
  },
  {
    name: "a wrong method",
    path: "/v1/blobs",
    ours: [405, "METHOD_NOT_ALLOWED"],
    exact: [405, ""],
  },
  {
    name: "a malformed number of epochs",
    path: "/v1/blobs?epochs=abc",
    init: put(),
    ours: [400, "MALFORMED_REQUEST"],
    exact: [400, /^Failed to deserialize query string: epochs: /],
  },
  {
    // A u32 for serde; `system_state_inner.move::EInvalidEpochsAhead` then (`StoreBlobError::Internal`).
    name: "no epochs at all",
    path: "/v1/blobs?epochs=0",
    init: put(),
    ours: [400, "MALFORMED_REQUEST"],
    exact: [500, "INTERNAL_ERROR"],
  },
  {
    name: "a flag that is neither true nor false",
    path: "/v1/quilts?force=1",
    init: put(),
    ours: [400, "MALFORMED_REQUEST"],
    exact: [400, /^Failed to deserialize query string: force: /],
  },
  {
    name: "a repeated key",
    path: "/v1/blobs?epochs=1&epochs=2",
    init: put(),
    ours: [400, "MALFORMED_REQUEST"],
    exact: [400, "Failed to deserialize query string: duplicate field `epochs`"],
  },
  {
    name: "both receivers",
    path: `/v1/blobs?share=false&send_object_to=0x${"1".repeat(64)}`,
    init: put(),
    ours: [400, "MALFORMED_REQUEST"],
    exact: [400, /^Failed to deserialize query string: unknown field `share`$/],
  },
  {
    name: "both persistences",
    path: "/v1/blobs?deletable=true&permanent=true",
    init: put(),
    ours: [400, "INVALID_BLOB_PERSISTENCE"],
    exact: [400, "INVALID_BLOB_PERSISTENCE"],
  },
  {
    name: "a body above the limit",
    path: "/v1/blobs",
    init: put("x", TOO_LONG),
    ours: [413, "BLOB_TOO_LARGE"],
    exact: [413, "Failed to buffer the request body: length limit exceeded"],
  },
  {
    name: "a form above the limit",
    path: "/v1/quilts",
    init: put("x", { ...form, ...TOO_LONG }),
    ours: [413, "BLOB_TOO_LARGE"],
    exact: [400, "MALFORMED_REQUEST"],
  },
  {
    name: "a body that is no form",
    path: "/v1/quilts",
    init: put(),
    ours: [415, "MALFORMED_REQUEST"],
    exact: [400, "Invalid `boundary` for `multipart/form-data` request"],
  },
  {
    name: "a missing token",
    path: "/v1/blobs",
    init: put(),
    vars: TOKENS,
    ours: [401, "TOKEN_MISSING"],
    exact: [400, "Header of type `authorization` was missing"],
  },
  {
    name: "a token nobody signed",
    path: "/v1/blobs",
    init: put("x", { authorization: "Bearer a.b.c" }),
    vars: TOKENS,
    ours: [400, "INVALID_TOKEN"],
    exact: [400, "INVALID_TOKEN"],
  },
  {
    name: "a store that is interrupted",
    path: "/v1/blobs",
    init: put(),
    ours: [503, "UPLOAD_INTERRUPTED"],
    exact: [500, "INTERNAL_ERROR"],
  },
  {
    name: "relay: a missing blob ID",
    path: "/v1/blob-upload-relay",
    init: { method: "POST", body: "x" },
    ours: [400, "MALFORMED_REQUEST"],
    exact: [400, "Failed to deserialize query string: missing field `blob_id`"],
  },
  {
    name: "relay: one that is interrupted",
    path: `/v1/blob-upload-relay?blob_id=${BLOB_ID}`,
    init: { method: "POST", body: "x" },
    ours: [503, "UPLOAD_INTERRUPTED"],
    exact: [500, "internal client error"],
  },
  {
    name: "relay: a tip that is asked for and not named",
    path: `/v1/blob-upload-relay?blob_id=${BLOB_ID}`,
    init: { method: "POST", body: "x" },
    vars: {
      RELAY_TIP: JSON.stringify({ address: `0x${"1".repeat(64)}`, kind: { const: 1 } }),
    },
    ours: [400, "TIP_REQUIRED"],
    exact: [400, /^The query parameters are missing the transaction ID or the nonce, /],
  },
  {
    name: "our own routes stay as they are",
    path: "/edge/v1/hooks/billing",
    init: { method: "POST", body: new Uint8Array(HOOK_BODY_BYTES_MAX + 1) },
    ours: [413, "BLOB_TOO_LARGE"],
    exact: [413, "BLOB_TOO_LARGE"],
  },
];

/** What a client gets to know: the reason of an envelope, or the text. */
async function told(response: Response): Promise<string> {
  const text = await response.text();
  if (response.headers.get("content-type") !== "application/json") return text;
  const { error } = JSON.parse(text) as { error: { details: { reason: string }[] } };
  return error.details[0]?.reason ?? "";
}

describe.each(["default", "exact"] as const)("COMPAT=%s", (compat) => {
  test.each(CASES)("$name", async ({ path, init, vars, ours, exact }) => {
    const response = await ask(path, init, { ...vars, COMPAT: compat });
    const [status, words] = compat === "exact" ? exact : ours;
    const answer = await told(response);
    expect(response.status, answer).toBe(status);
    if (words instanceof RegExp) expect(answer).toMatch(words);
    else expect(answer).toBe(words);
    // The official daemons send neither; our own routes do in either mode.
    if (compat === "exact" && !path.startsWith("/edge/")) {
      expect(response.headers.has("retry-after")).toBe(false);
      expect(response.headers.has("access-control-expose-headers")).toBe(false);
    } else expect(response.headers.has("access-control-expose-headers")).toBe(true);
  });

  test("an unknown key, a key of ours and a bad address", async () => {
    const asks = ["cb=1", "dry_run=true", "send_object_to=0xTYPO", "share=maybe"].map((query) =>
      ask(`/v1/blobs?${query}`, put(), { COMPAT: compat }),
    );
    const statuses = (await Promise.all(asks)).map(({ status }) => status);
    // 503 and 500: the query was taken, and the store went on.
    expect(statuses).toEqual(compat === "exact" ? [400, 400, 500, 500] : [503, 503, 400, 400]);
  });

  test("a preflight", async () => {
    const response = await ask(
      "/v1/blobs",
      { method: "OPTIONS", headers: { "access-control-request-headers": "authorization" } },
      { COMPAT: compat },
    );
    expect([response.status, await response.text()]).toEqual([200, ""]);
    expect(response.headers.get("access-control-allow-headers")).toBe(
      compat === "exact" ? "*" : "authorization",
    );
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("the API document", async () => {
    const response = await ask("/v1/api", {}, { COMPAT: compat });
    expect(response.headers.get("content-type")).toBe(
      compat === "exact" ? "text/html; charset=utf-8" : "application/json",
    );
  });
});

test("any other COMPAT is a broken configuration", async () => {
  expect((await ask("/status", {}, { COMPAT: "strict" })).status).toBe(500);
});
