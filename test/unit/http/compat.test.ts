import { describe, expect, test } from "vitest";
import { dialectFor, parseCompat } from "../../../shared/http/compat.ts";
import {
  internalError,
  methodNotAllowed,
  type Problem,
  unknownPath,
} from "../../../shared/http/problem.ts";

const exact = dialectFor("exact", "/v1/blobs", "00ff");
const ours = dialectFor("default", "/v1/blobs", "00ff");

const REFUSAL: Problem = {
  statusWord: "INVALID_ARGUMENT",
  reason: "MALFORMED_REQUEST",
  message: "the query parameter epochs must be a whole number",
  metadata: { parameter: "epochs" },
  retryAfterSeconds: 5,
  headers: { "WWW-Authenticate": "Bearer" },
};

test.each([
  [undefined, "default"],
  ["default", "default"],
  ["exact", "exact"],
  ["", null],
  ["Exact", null],
  ["true", null],
])("COMPAT=%s is read as %s", (text, compat) => {
  expect(parseCompat(text)).toBe(compat);
});

test("what is below /edge/ is ours in either mode", () => {
  expect(dialectFor("exact", "/edge/v1/estimate", "").compat).toBe("default");
  expect(dialectFor("exact", "/edge", "").compat).toBe("exact");
  expect(dialectFor("exact", "/status", "").compat).toBe("exact");
});

describe("in exact mode", () => {
  test("an envelope has no metadata, no Retry-After and no challenge", async () => {
    const response = exact.problem(REFUSAL);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.has("retry-after")).toBe(false);
    expect(response.headers.has("www-authenticate")).toBe(false);
    expect(await response.json()).toEqual({
      error: {
        status: "INVALID_ARGUMENT",
        code: 400,
        message: REFUSAL.message,
        details: [
          {
            "@type": "ErrorInfo",
            reason: "MALFORMED_REQUEST",
            domain: "daemon.walrus.space",
            metadata: {},
          },
        ],
      },
    });
  });

  test("a problem may be a plain text, or other words of the envelope", async () => {
    const text = exact.problem({ ...REFUSAL, exact: { status: 413, text: "too long" } });
    expect([text.status, await text.text()]).toEqual([413, "too long"]);
    expect(text.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const words = { statusWord: "INTERNAL", reason: "INTERNAL_ERROR" } as const;
    const other = exact.problem({ ...REFUSAL, exact: words });
    expect(other.status).toBe(500);
    expect(await other.json()).toMatchObject({
      error: { status: "INTERNAL", code: 500, details: [{ reason: "INTERNAL_ERROR" }, {}] },
    });
  });

  test("an internal error names the trace", async () => {
    expect(await exact.problem(internalError()).json()).toMatchObject({
      error: {
        details: [
          { "@type": "ErrorInfo" },
          { "@type": "DebugInfo", stackEntries: [], detail: "TraceID: 00ff" },
        ],
      },
    });
  });

  test("unknown paths and wrong methods have no body", async () => {
    const unknown = exact.problem(unknownPath());
    expect([unknown.status, await unknown.text()]).toEqual([404, ""]);
    expect(unknown.headers.has("content-type")).toBe(false);
    const wrong = exact.problem(methodNotAllowed(["GET", "HEAD", "OPTIONS"]));
    expect([wrong.status, wrong.headers.get("allow"), await wrong.text()]).toEqual([
      405,
      "GET,HEAD",
      "",
    ]);
  });

  test("HEAD has no body", async () => {
    expect(await exact.problem(REFUSAL, "HEAD").text()).toBe("");
    const refused = { ...REFUSAL, exact: { status: 400, text: "x" } };
    expect(await exact.problem(refused, "HEAD").text()).toBe("");
  });

  test("every origin may read, and nothing is exposed", () => {
    const request = new Request("https://edge.test/v1/blobs", {
      method: "OPTIONS",
      headers: { "Access-Control-Request-Headers": "authorization" },
    });
    const preflight = exact.withCors(exact.preflight(request));
    expect(preflight.status).toBe(200);
    expect(Object.fromEntries(preflight.headers)).toEqual({
      "access-control-allow-origin": "*",
      "access-control-allow-methods": "*",
      "access-control-allow-headers": "*",
      "access-control-max-age": "86400",
      vary: "origin, access-control-request-method, access-control-request-headers",
    });
    const answer = exact.withCors(new Response("x", { headers: { Vary: "Accept" } }));
    expect(answer.headers.has("access-control-expose-headers")).toBe(false);
    expect(answer.headers.get("vary")).toMatch(/^Accept, origin/);
  });
});

test("the default mode keeps what helps a client", async () => {
  const response = ours.withCors(
    ours.problem({ ...REFUSAL, exact: { status: 413, text: "too long" } }),
  );
  expect(response.status).toBe(400);
  expect(response.headers.get("retry-after")).toBe("5");
  expect(response.headers.get("www-authenticate")).toBe("Bearer");
  expect(response.headers.has("access-control-expose-headers")).toBe(true);
  expect(await response.json()).toMatchObject({
    error: { details: [{ metadata: { parameter: "epochs" } }] },
  });
});
