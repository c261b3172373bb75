import { describe, expect, test } from "vitest";
import {
  badParameter,
  internalError,
  methodNotAllowed,
  problemResponse,
  unknownPath,
  unreadableParameter,
} from "../../../shared/http/problem.ts";
import { ECHOED_CHARS_MAX } from "../../../shared/limits.ts";

describe("a problem", () => {
  test("is the official envelope, and no cache may keep it", async () => {
    const response = problemResponse({
      statusWord: "NOT_FOUND",
      reason: "BLOB_NOT_FOUND",
      message: "no such blob",
    });
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.json()).toEqual({
      error: {
        status: "NOT_FOUND",
        code: 404,
        message: "no such blob",
        details: [
          {
            "@type": "ErrorInfo",
            reason: "BLOB_NOT_FOUND",
            domain: "daemon.walrus.space",
            metadata: {},
          },
        ],
      },
    });
  });

  test("has no body for HEAD", async () => {
    expect(await problemResponse(unknownPath(), "HEAD").text()).toBe("");
  });

  test("rounds Retry-After up to whole seconds", () => {
    const response = problemResponse({ ...internalError(), retryAfterSeconds: 1.2 });
    expect(response.headers.get("retry-after")).toBe("2");
  });

  test("names a bad parameter", async () => {
    const response = problemResponse(badParameter("epochs", "not a number"));
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { details: [{ reason: "INVALID_PARAMETER", metadata: { parameter: "epochs" } }] },
    });
  });

  test("lists the methods a path has", () => {
    const response = problemResponse(methodNotAllowed(["GET", "HEAD"]));
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, HEAD");
  });
});

describe("a parameter that cannot be read", () => {
  test("is named with its value and with what is expected", () => {
    const { message, metadata } = unreadableParameter("range", "abc", "first-last");
    expect(message).toBe("Cannot parse `range` with value `abc`: expected first-last");
    expect(metadata).toEqual({ parameter: "range" });
  });

  test("is named as missing where there is no value", () => {
    expect(unreadableParameter("start", null, "a whole number").message).toBe(
      "`start` is missing: expected a whole number",
    );
  });

  test("repeats no more of the value than ECHOED_CHARS_MAX", () => {
    const fits = "x".repeat(ECHOED_CHARS_MAX);
    expect(unreadableParameter("range", fits, "less").message).toContain(`\`${fits}\``);
    expect(unreadableParameter("range", `${fits}x`, "less").message).toContain(`\`${fits}…\``);
  });
});
