import { describe, expect, test } from "vitest";
import { preflightResponse, withCors } from "../../../shared/http/cors.ts";
import { CORS_REQUESTED_HEADERS_CHARS_MAX } from "../../../shared/limits.ts";

function preflight(requested?: string): Response {
  const headers = new Headers();
  if (requested !== undefined) headers.set("Access-Control-Request-Headers", requested);
  return preflightResponse(
    new Request("https://edge.test/v1/blobs/x", { method: "OPTIONS", headers }),
  );
}

describe("a preflight", () => {
  test("is told the headers it asked for, Authorization among them", () => {
    const response = preflight("authorization, content-type");
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-headers")).toBe(
      "authorization, content-type",
    );
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-max-age")).toBe("86400");
  });

  test.each([undefined, "", "a b", "x".repeat(CORS_REQUESTED_HEADERS_CHARS_MAX + 1)])(
    "with an unreadable or overlong list (%#) is told what always goes",
    (requested) => {
      expect(preflight(requested).headers.get("access-control-allow-headers")).toBe(
        "*, Authorization",
      );
    },
  );

  test("reflects a list as long as the bound", () => {
    const longest = "x".repeat(CORS_REQUESTED_HEADERS_CHARS_MAX);
    expect(preflight(longest).headers.get("access-control-allow-headers")).toBe(longest);
  });
});

test("every answer exposes what a script needs to read a blob", async () => {
  const response = withCors(new Response("x", { status: 206, headers: { ETag: '"a"' } }));
  expect(response.status).toBe(206);
  expect(response.headers.get("etag")).toBe('"a"');
  const exposed = response.headers.get("access-control-expose-headers") ?? "";
  for (const name of ["ETag", "Content-Range", "Content-Length", "Retry-After"]) {
    expect(exposed.split(", ")).toContain(name);
  }
  expect(await response.text()).toBe("x");
  const attributed = withCors(new Response("", { headers: { "X-Walrus-Attribute-Author": "us" } }));
  expect(attributed.headers.get("access-control-expose-headers")?.split(", ")).toContain(
    "x-walrus-attribute-author",
  );
});
