import { describe, expect, test } from "vitest";
import type { LogRecord } from "../../../shared/ports.ts";
import { requestLine, requestNotes } from "../../../shared/telemetry/request-log.ts";

describe("the line of a request", () => {
  function lineOf(
    url: string,
    init: RequestInit,
    status: number,
    reason: string | null,
    isFault: boolean | null = null,
  ) {
    const lines: [string, LogRecord][] = [];
    const keep = (level: string) => (record: LogRecord) => void lines.push([level, record]);
    let nowMs = 1_000;
    const notes = requestNotes();
    const ports = {
      log: { info: keep("info"), warn: keep("warn"), error: keep("error") },
      clock: { nowMs: () => nowMs },
      requestId: "00ff",
    };
    const write = requestLine(ports, new Request(url, init), notes);
    notes.route = "/v1/blobs";
    notes.reason = reason;
    notes.isFault = isFault;
    nowMs += 25;
    write(status);
    expect(lines).toHaveLength(1);
    return lines[0];
  }

  test.each([
    [500, null, "error"],
    [404, null, "info"],
    [504, false, "info"],
  ])("of a status %i that is a fault: %s has the level %s", (status, isFault, level) => {
    const line = lineOf("https://p.test/", {}, status, "REASON", isFault);
    expect(line?.[0]).toBe(level);
  });

  test("tells method, pattern, status, length and time, and nothing of path, query or headers", () => {
    const init = {
      method: "PUT",
      body: "body-of-the-request",
      headers: { authorization: "Bearer token-of-the-request", "content-length": "19" },
    };
    const [level, record] =
      lineOf("https://p.test/v1/blobs?send_object_to=0xme", init, 200, null) ?? [];
    expect([level, record]).toEqual([
      "info",
      {
        event: "request.done",
        requestId: "00ff",
        method: "PUT",
        route: "/v1/blobs",
        status: 200,
        requestBytes: 19,
        durationMs: 25,
      },
    ]);
  });

  test("is an error where the gateway failed, and names the reason", () => {
    const [level, record] = lineOf("https://p.test/v1/blobs", {}, 503, "CHAIN_UNAVAILABLE") ?? [];
    expect([level, record]).toMatchObject(["error", { reason: "CHAIN_UNAVAILABLE" }]);
  });
});
