/** Uploads as clients follow, repeat and end them, inside workerd; no chain is asked here. */
import { reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ESTIMATE_BODY_BYTES_MAX, IDEMPOTENCY_KEY_CHARS_MAX } from "../../../shared/limits.ts";
import type { Upload } from "../../../workers/publisher/upload/object.ts";
import { seededBytes } from "../../support/contents.ts";
import { ask, bindings, parameterOf, reasonOf } from "./ask.ts";

beforeEach(() => {
  // Uploads stop at their first step here, for want of a chain, and say so in the log.
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("an accepted upload", () => {
  async function accepted(): Promise<string> {
    const response = await ask("/v1/blobs", {
      method: "PUT",
      body: seededBytes(100, 1),
      headers: { prefer: "respond-async" },
    });
    return response.headers.get("location") ?? "";
  }

  test("is cancelled while nothing was paid; its bytes go, and it stays so", async () => {
    const location = await accepted();
    const response = await ask(location, { method: "DELETE" });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      state: "failed",
      failure: { reason: "UPLOAD_CANCELLED" },
    });
    const uploadId = location.split("/").at(-1) ?? "";
    await runInDurableObject(bindings.UPLOADS.getByName(uploadId), (_: Upload, state) => {
      expect(state.storage.sql.exec("SELECT * FROM staged").toArray()).toEqual([]);
    });
    const again = await ask(location, { method: "DELETE" });
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ failure: { reason: "UPLOAD_CANCELLED" } });
    expect(await (await ask(location)).json()).toMatchObject({ state: "failed" });
  });

  test("is not cancelled once its payment may be on its way", async () => {
    const location = await accepted();
    const uploadId = location.split("/").at(-1) ?? "";
    await runInDurableObject(bindings.UPLOADS.getByName(uploadId), (_: Upload, state) => {
      state.storage.sql.exec("UPDATE journal SET json = json_set(json, '$.walletAddress', '0xa')");
    });
    const refused = await ask(location, { method: "DELETE" });
    expect([refused.status, await reasonOf(refused)]).toEqual([409, "UPLOAD_NOT_CANCELLABLE"]);
    expect(await (await ask(location)).json()).toMatchObject({ state: "running" });
  });

  test("is watched as a stream that ends with the final state", async () => {
    const location = await accepted();
    const response = await ask(`${location}?watch`);
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const first = await reader.read();
    expect(first.value).toMatch(/^event: state\nid: running\ndata: \{.*"state":"running".*\}\n\n$/);
    await ask(location, { method: "DELETE" });
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      rest += value;
    }
    expect(rest).toMatch(/id: failed\ndata: [^\n]*"state":"failed"[^\n]*\n\n$/);

    // As an `EventSource` comes back: whoever has the end is told to stay away, and nobody else.
    const again = (id: string) => ask(`${location}?watch`, { headers: { "last-event-id": id } });
    expect((await again("failed")).status).toBe(204);
    for (const id of ["running", "certified"]) {
      expect(await (await again(id)).text()).toMatch(/^event: state\nid: failed\n/);
    }
  });

  test("that is unknown can be neither watched nor cancelled", async () => {
    const path = `/edge/v1/uploads/${"A".repeat(22)}`;
    expect((await ask(`${path}?watch=true`)).status).toBe(404);
    expect((await ask(path, { method: "DELETE" })).status).toBe(404);
  });
});

describe("an Idempotency-Key", () => {
  const bytes = seededBytes(2_000_000, 8);
  const store = (key: string, body = bytes, query = "epochs=2", path = "/v1/blobs") =>
    ask(`${path}?${query}`, {
      method: "PUT",
      body,
      headers: { "idempotency-key": key, prefer: "respond-async" },
    });

  test("names one upload, however often and at once it comes", async () => {
    const answers = await Promise.all([store("k1"), store("k1"), store("k1")]);
    // Another order of the query and an unknown key in it ask for the same.
    answers.push(await store("k1", bytes, "cb=1&permanent=false&epochs=2"));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    expect(new Set(answers.map(({ headers }) => headers.get("location"))).size).toBe(1);
    const other = await store("k2");
    expect(other.headers.get("location")).not.toBe(answers[0]?.headers.get("location"));
  });

  test.each([
    ["another body", seededBytes(2_000_000, 9), "epochs=2"],
    ["a longer body", seededBytes(2_000_001, 8), "epochs=2"],
    ["an empty body", new Uint8Array(), "epochs=2"],
    ["another query", bytes, "epochs=3"],
  ])("with %s is a 422", async (_, body, query) => {
    expect((await store("k3")).status).toBe(202);
    const response = await store("k3", body, query);
    expect(response.status).toBe(422);
    expect(await reasonOf(response)).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  test("of an upload that has failed for good is free again, for another body too", async () => {
    const first = await store("k4");
    const uploadId = (first.headers.get("location") ?? "").split("/").at(-1) ?? "";
    await runInDurableObject(bindings.UPLOADS.getByName(uploadId), (_: Upload, state) => {
      const [row] = state.storage.sql.exec<{ json: string }>("SELECT json FROM journal").toArray();
      const failed = { ...(JSON.parse(row?.json ?? "") as object), state: "failed" };
      state.storage.sql.exec("UPDATE journal SET json = ?", JSON.stringify(failed));
    });
    const again = await store("k4", seededBytes(10, 3), "epochs=1");
    expect([again.status, again.headers.get("location")]).toEqual([
      202,
      first.headers.get("location"),
    ]);
    const state = await ask(again.headers.get("location") ?? "");
    expect(await state.json()).toMatchObject({ size: 10, epochs: 1 });
  });

  test.each(["", "x".repeat(IDEMPOTENCY_KEY_CHARS_MAX + 1), "caf\u00e9"])(
    "that cannot be one is a 400",
    async (key) => {
      const response = await store(key);
      expect(response.status).toBe(400);
      expect(await reasonOf(response)).toBe("INVALID_IDEMPOTENCY_KEY");
    },
  );

  test("of the largest length is taken", async () => {
    expect((await store("x".repeat(IDEMPOTENCY_KEY_CHARS_MAX))).status).toBe(202);
  });
});

test.each([
  ["{", "body"],
  ["{}", "size"],
  ['{"size": -1}', "size"],
  ['{"size": 1.5}', "size"],
  ['{"size": 1, "epochs": 0}', "epochs"],
])("an estimate for %s is a 400 that names %s", async (body, parameter) => {
  const response = await ask("/edge/v1/estimate", { method: "POST", body });
  expect(response.status).toBe(400);
  expect(parameterOf(await response.json())).toBe(parameter);
});

test("a question for a price has a bound", async () => {
  const body = " ".repeat(ESTIMATE_BODY_BYTES_MAX + 1);
  const refused = await ask("/edge/v1/estimate", { method: "POST", body });
  expect([refused.status, await reasonOf(refused)]).toEqual([413, "INVALID_BODY"]);
});

test.each([
  [{}, / before you send it again, which would be another upload$/],
  [{ "idempotency-key": "k" }, /, or send it again with its Idempotency-Key$/],
])("a store that goes on behind a 503 (%j) says where it is followed", async (headers, advice) => {
  const response = await ask("/v1/blobs", { method: "PUT", body: "hello", headers });
  expect(response.status).toBe(503);
  const location = response.headers.get("content-location") ?? "";
  const { error } = await response.json<{
    error: { message: string; details: { metadata: object }[] };
  }>();
  expect(error.message).toContain(location);
  expect(error.message).toMatch(advice);
  expect(error.details[0]?.metadata).toMatchObject({ upload: location, state: "running" });
  expect(await (await ask(location)).json()).toMatchObject({ state: "running" });
});
