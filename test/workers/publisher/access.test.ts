/**
 * Who may do what: every `/edge/v1` route, with a token of each scope, for the subject that owns what
 * is asked for and for another one. The table is made from the routes that are served: a new one
 * fails here until it has a row.
 */
import { reset } from "cloudflare:test";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import { ROUTES } from "../../../workers/publisher/app.ts";
import { SCOPES } from "../../../workers/publisher/auth/claims.ts";
import { LEASE_BOOK_NAME } from "../../../workers/publisher/lease-book/leases.ts";
import { ask, bindings, reasonOf } from "./ask.ts";

const SECRET = "a secret that nobody else knows of";
const TOKENS = { OPEN_WRITES: undefined, JWT_SECRET: SECRET };
const BLOB_ID = "A".repeat(43);
const OBJECT_ID = `0x${"b".repeat(64)}`;
const OWNER = "owner";

const LEASE: Lease = {
  blobObjectId: OBJECT_ID,
  blobId: BLOB_ID,
  owner: `0x${"a".repeat(64)}`,
  sub: OWNER,
  unencodedBytes: 1,
  storageBytes: 1,
  deletable: true,
  startEpoch: 1,
  endEpoch: 2,
  recordedAtMs: 1,
};

interface Row {
  /** Body of the request. */
  readonly body?: string;
  /**
   * What another subject finds: nothing (404), a list without what is not its own, or the same,
   * because it belongs to nobody.
   */
  readonly foreign: "nothing" | "empty" | "same";
  /** Whether there is none of it here even for its owner: 404, whoever may ask. */
  readonly isAbsent?: true;
}

const ROWS: Readonly<Record<string, Row>> = {
  "GET /edge/v1/uploads/:uploadId": { foreign: "nothing" },
  "DELETE /edge/v1/uploads/:uploadId": { foreign: "nothing" },
  "GET /edge/v1/objects": { foreign: "empty" },
  "GET /edge/v1/objects/:objectId": { foreign: "nothing" },
  "PATCH /edge/v1/objects/:objectId": { body: '{"attributes":{"a":"b"}}', foreign: "nothing" },
  "DELETE /edge/v1/objects/:objectId": { foreign: "nothing" },
  "POST /edge/v1/objects/:objectId/extend": { body: '{"epochs":1}', foreign: "nothing" },
  "GET /edge/v1/names": { foreign: "empty" },
  // Every subject has names of its own: here nobody has any yet.
  "GET /edge/v1/names/:name": { foreign: "nothing", isAbsent: true },
  "GET /edge/v1/names/:name/versions": { foreign: "nothing", isAbsent: true },
  "PUT /edge/v1/names/:name": { body: `{"blobId":"${BLOB_ID}"}`, foreign: "same" },
  "DELETE /edge/v1/names/:name": { foreign: "same" },
  "POST /edge/v1/estimate": { body: '{"size":1}', foreign: "same" },
  "POST /edge/v1/hooks/:source": { body: "x", foreign: "same" },
  "GET /edge/v1/orphans": { foreign: "same" },
  "DELETE /edge/v1/orphans/:objectId": { foreign: "same", isAbsent: true },
  "POST /edge/v1/purge": { body: '{"all":true}', foreign: "same" },
  "GET /edge/v1/blocklist": { foreign: "same" },
  "GET /edge/v1/blocklist/:blobId": { foreign: "same", isAbsent: true },
  "PUT /edge/v1/blocklist/:blobId": { foreign: "same" },
  "DELETE /edge/v1/blocklist/:blobId": { foreign: "same" },
};

const OPERATIONS = ROUTES.filter(({ path }) => path.startsWith("/edge/")).flatMap(
  ({ path, methods }) =>
    Object.entries(methods).map(([method, { access }]) => ({
      name: `${method} ${path}`,
      method,
      path,
      access,
    })),
);

let uploadId: string;

// One world for all: nothing here can be changed for good without a network, but the blocklist.
beforeAll(async () => {
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("there is no network")));
  await bindings.LEASE_BOOKS.getByName(LEASE_BOOK_NAME).record(LEASE);
  const authorization = await bearer("store", OWNER);
  const headers = { authorization, prefer: "respond-async" };
  const stored = await ask("/v1/blobs", { method: "PUT", body: "x", headers }, TOKENS);
  uploadId = stored.headers.get("location")?.split("/").at(-1) ?? "";
});
afterAll(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await reset();
});

async function bearer(scope: string, sub: string): Promise<string> {
  const token = await new SignJWT({ jti: crypto.randomUUID(), scope, sub })
    .setProtectedHeader({ alg: "HS256" })
    .setExpirationTime("1h")
    .sign(utf8Bytes(SECRET));
  return `Bearer ${token}`;
}

interface Asked {
  readonly name: string;
  readonly method: string;
  readonly path: string;
}

async function request(
  { name, method, path }: Asked,
  headers: Record<string, string>,
  vars: object = TOKENS,
): Promise<Response> {
  const body = ROWS[name]?.body;
  const named = path
    .replace(":uploadId", uploadId)
    .replace(":objectId", OBJECT_ID)
    .replace(":blobId", BLOB_ID)
    .replace(":source", "billing")
    .replace(":name", "a-name");
  const init = { method, headers, ...(body === undefined ? {} : { body }) };
  const response = await ask(named, init, vars);
  // RFC 9110 §11.6.1: whoever is told to authenticate is told how.
  expect(response.status === 401).toBe(response.headers.has("www-authenticate"));
  return response;
}

const TOKEN_REASONS = [
  "TOKEN_MISSING",
  "INSUFFICIENT_SCOPE",
  "INVALID_SIGNATURE",
  "SCOPE_CLOSED",
  "WRITES_CLOSED",
];

async function refusal(response: Response): Promise<string | null> {
  if (response.ok) return null;
  const reason = (await reasonOf(response)) ?? "";
  return TOKEN_REASONS.includes(reason) ? reason : null;
}

test("every route has a row, and every row a route", () => {
  expect(Object.keys(ROWS).toSorted()).toEqual(OPERATIONS.map(({ name }) => name).toSorted());
});

describe.each(OPERATIONS)("$name", ({ access, ...asked }) => {
  const needsToken = access !== "open" && access !== "signed";

  test("without a token, and on a closed gateway", async () => {
    expect(await refusal(await request(asked, {}))).toBe(needsToken ? "TOKEN_MISSING" : null);
    const closed = await request(asked, {}, { OPEN_WRITES: undefined });
    expect(await refusal(closed)).toBe(needsToken ? "WRITES_CLOSED" : null);
  });

  test("on an open gateway, which stores and lists for anybody and does nothing else", async () => {
    const mayAnybody = !needsToken || access === "store" || access === "list";
    const open = await request(asked, {}, { OPEN_WRITES: "true" });
    expect(await refusal(open)).toBe(mayAnybody ? null : "SCOPE_CLOSED");
    const vars = { ...TOKENS, OPEN_WRITES: "true" };
    expect(await refusal(await request(asked, {}, vars))).toBe(mayAnybody ? null : "TOKEN_MISSING");
    // Whoever brings a token is judged by it, though nobody need have one.
    const authorization = await bearer("nothing", OWNER);
    const told = await request(asked, { authorization }, vars);
    expect(await refusal(told)).toBe(needsToken ? "INSUFFICIENT_SCOPE" : null);
    const forged = await request(asked, { authorization: `${authorization}x` }, vars);
    expect(await refusal(forged)).toBe(needsToken ? "INVALID_SIGNATURE" : null);
  });

  test.each(SCOPES.flatMap((scope) => [OWNER, "stranger"].map((sub) => ({ scope, sub }))))(
    "with the scope $scope, asked by the $sub",
    async ({ scope, sub }) => {
      const response = await request(asked, { authorization: await bearer(scope, sub) });
      const isAllowed = !needsToken || scope === access || scope === "admin";
      const foreign = sub === OWNER ? "same" : ROWS[asked.name]?.foreign;
      if (!isAllowed) {
        // Not even whether it exists.
        expect([response.status, await reasonOf(response)]).toEqual([403, "INSUFFICIENT_SCOPE"]);
      } else if (foreign === "nothing") expect(response.status).toBe(404);
      else {
        expect(await refusal(response.clone())).toBeNull();
        expect(response.status === 404).toBe(ROWS[asked.name]?.isAbsent === true);
      }
      if (asked.name === "GET /edge/v1/objects" && isAllowed) {
        const { objects } = await response.json<{ objects: unknown[] }>();
        expect(objects).toHaveLength(sub === OWNER ? 1 : 0);
      }
    },
  );
});
