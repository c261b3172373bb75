/**
 * Queries of every route that has one: a known key with a value that cannot be honoured, or given
 * twice, is a 400 that names the key and says what is wrong with it.
 */
import { reset } from "cloudflare:test";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { SignJWT } from "jose";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { OBJECT_FILTERS_MAX } from "../../../shared/limits.ts";
import { ask, parameterOf } from "./ask.ts";

const SECRET = "a secret that nobody else knows of";
const BLOB_ID = "A".repeat(43);
const FILTERS = Array.from({ length: OBJECT_FILTERS_MAX + 1 }, (_, at) => `attribute.k${at}=v`);

const TWICE = /is given twice$/;
const UNREADABLE = /^Cannot parse `[a-z_]+` with value `[^`]*`: expected /;

/** Method, path and query, the key that is named, and how. */
const CASES = [
  ["PUT", "/v1/blobs?epochs=0", "epochs", UNREADABLE],
  ["PUT", "/v1/blobs?dry_run=1", "dry_run", UNREADABLE],
  ["PUT", "/v1/quilts?quilt_version=2", "quilt_version", UNREADABLE],
  ["POST", "/v1/blob-upload-relay", "blob_id", /^`blob_id` is missing: expected a blob ID/],
  ["POST", "/v1/blob-upload-relay?blob_id=", "blob_id", UNREADABLE],
  ["POST", `/v1/blob-upload-relay?blob_id=${BLOB_ID}&blob_id=${BLOB_ID}`, "blob_id", TWICE],
  ["POST", `/v1/blob-upload-relay?blob_id=${BLOB_ID}&nonce=AA`, "nonce", UNREADABLE],
  ["GET", "/edge/v1/uploads/any?watch=yes", "watch", UNREADABLE],
  ["GET", "/edge/v1/uploads/any?watch&watch", "watch", TWICE],
  ["GET", "/edge/v1/objects?limit=0", "limit", UNREADABLE],
  ["GET", "/edge/v1/objects?format=xml", "format", UNREADABLE],
  ["GET", "/edge/v1/objects?format=json&format=jsonl", "format", TWICE],
  ["GET", `/edge/v1/objects?${FILTERS.join("&")}`, "attribute", /^there are more than \d+ /],
  ["GET", "/edge/v1/names?prefix=%20", "prefix", UNREADABLE],
  ["GET", "/edge/v1/names?after=", "after", UNREADABLE],
  ["GET", "/edge/v1/names?limit=1&limit=2", "limit", TWICE],
  ["GET", "/edge/v1/names/a-name?redirect=1", "redirect", UNREADABLE],
  ["GET", "/edge/v1/names/a-name?redirect=true&redirect=false", "redirect", TWICE],
  ["GET", "/edge/v1/names/a-name/versions?before=v2", "before", UNREADABLE],
  ["GET", "/edge/v1/names/a-name/versions?before=1&before=2", "before", TWICE],
  ["GET", "/edge/v1/blocklist?after=nobody", "after", UNREADABLE],
  ["GET", `/edge/v1/blocklist?after=${BLOB_ID}&after=${BLOB_ID}`, "after", TWICE],
  ["PUT", `/edge/v1/blocklist/${BLOB_ID}?reason=`, "reason", UNREADABLE],
  ["PUT", `/edge/v1/blocklist/${BLOB_ID}?reason=a&reason=b`, "reason", TWICE],
  ["GET", "/edge/v1/orphans?after=0xg", "after", UNREADABLE],
] as const;

let authorization: string;

beforeAll(async () => {
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("there is no network")));
  const token = await new SignJWT({ jti: "unused", scope: "admin" })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(utf8Bytes(SECRET));
  authorization = `Bearer ${token}`;
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await reset();
});

test.each(CASES)("%s %s", async (method, path, parameter, words) => {
  const response = await ask(path, { method, headers: { authorization } }, { JWT_SECRET: SECRET });
  const body = await response.json<{ error: { message: string } }>();
  expect([response.status, parameterOf(body)]).toEqual([400, parameter]);
  expect(body.error.message).toMatch(words);
});
