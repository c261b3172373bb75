/**
 * The publisher inside workerd: its HTTP surface, the Upload object over real SQLite, and lanes as
 * real loopback invocations. Storage nodes are in memory; no chain is asked here (e2e has one).
 */
import { exports } from "cloudflare:workers";
import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { toBase64, toHex } from "../../../shared/bytes/text.ts";
import { createCodec, encodeMetadata } from "../../../shared/codec/index.ts";
import kernel from "../../../shared/codec/kernel/build/kernel.wasm";
import {
  HOOK_BODY_BYTES_MAX,
  UPLOAD_BLOB_BYTES_DEFAULT,
  REQUESTS_IN_FLIGHT_MAX,
} from "../../../shared/limits.ts";
import { systemClock, systemRandom, systemTimer } from "../../../shared/system.ts";
import type { Lane } from "../../../workers/publisher/lane/lane.ts";
import { registrationOf, startFanOut } from "../../../workers/publisher/upload/fan-out.ts";
import type { UploadRequest } from "../../../workers/publisher/upload/journal.ts";
import type { Upload } from "../../../workers/publisher/upload/object.ts";
import { seededBytes } from "../../support/contents.ts";
import { StubNetwork } from "../../unit/publisher/stub-network.ts";
import { ask, bindings, HOOK_KEY, parameterOf, reasonOf } from "./ask.ts";
import { uploadRequest } from "../../support/upload-request.ts";

const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

beforeEach(() => {
  // Uploads stop at their first step here, for want of a chain, and say so in the log.
  for (const level of ["info", "log", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation(() => undefined);
  }
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  await reset();
});

describe("the HTTP surface", () => {
  test("/status is OK, for HEAD too", async () => {
    expect(await (await ask("/status")).text()).toBe("OK");
    const head = await ask("/status", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test.each([
    ["GET", "/v1/blobs", "PUT"],
    ["POST", "/status", "GET, HEAD"],
    ["PUT", "/edge/v1/hooks/billing", "POST"],
    ["PUT", "/edge/v1/uploads/x", "GET, HEAD, DELETE"],
    ["PUT", "/edge/v1/estimate", "POST"],
  ])("%s %s is 405 and says what is allowed", async (method, path, allowed) => {
    const response = await ask(path, { method, ...(method === "GET" ? {} : { body: "x" }) });
    expect([response.status, response.headers.get("allow")]).toEqual([405, allowed]);
  });

  test.each(["/", "/v1/blobs/", "/v1/blobs/abc", "/status/", "/edge/v1/hooks/a/b"])(
    "%s is 404 in the envelope",
    async (path) => {
      const response = await ask(path);
      expect(response.status).toBe(404);
      expect(await reasonOf(response)).toBe("PATH_NOT_FOUND");
    },
  );

  test("errors are readable across origins, never cached, and carry a request id", async () => {
    const response = await ask("/nowhere");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{16}$/);
  });

  test("a preflight reflects the headers asked for, Authorization among them", async () => {
    const response = await ask("/v1/blobs", {
      method: "OPTIONS",
      headers: { "access-control-request-headers": "authorization, content-type" },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get("access-control-allow-headers")).toBe(
      "authorization, content-type",
    );
  });

  test.each([
    ["epochs=none", "epochs"],
    ["permanent=1", "permanent"],
    ["send_object_to=0xTYPO", "send_object_to"],
    ["share=maybe", "share"],
    ["encoding_type=RS1", "encoding_type"],
  ])("a store with %s is a 400 that names %s", async (query, parameter) => {
    const response = await ask(`/v1/blobs?${query}`, { method: "PUT", body: "x" });
    expect(response.status).toBe(400);
    expect(parameterOf(await response.json())).toBe(parameter);
  });

  test("deletable and permanent at once are refused as the official publisher does", async () => {
    const response = await ask("/v1/blobs?deletable=true&permanent=true", { method: "PUT" });
    expect(response.status).toBe(400);
    expect(await reasonOf(response)).toBe("INVALID_BLOB_PERSISTENCE");
  });

  test("a declared length above the limit is refused before the body is read", async () => {
    const response = await ask("/v1/blobs", {
      method: "PUT",
      body: "small",
      headers: { "content-length": String(UPLOAD_BLOB_BYTES_DEFAULT + 1) },
    });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      error: {
        details: [
          {
            reason: "BLOB_TOO_LARGE",
            metadata: { limitBytes: String(UPLOAD_BLOB_BYTES_DEFAULT) },
          },
        ],
      },
    });
  });

  test("a chunked body above the limit is refused and nothing of it is kept", async () => {
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(60));
        controller.enqueue(new Uint8Array(60));
        controller.close();
      },
    });
    const init = { method: "PUT", body, duplex: "half" } as RequestInit;
    const response = await ask("/v1/blobs", init, { MAX_BLOB_BYTES: "100" });
    expect(response.status).toBe(413);
  });

  test.each(["AAAAAAAAAAAAAAAAAAAAAA", "not-an-id"])(
    "an upload nobody made is a 404: %s",
    async (uploadId) => {
      const response = await ask(`/edge/v1/uploads/${uploadId}`);
      expect(response.status).toBe(404);
      expect(await reasonOf(response)).toBe("UPLOAD_NOT_FOUND");
    },
  );

  test("a broken configuration lists every problem in the log and none in the answer", async () => {
    const vars = { LANES: "99", WALLET_SECRET_KEY: "suiprivkey1wrong", HOOK_SECRETS: "{" };
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const response = await ask("/status", {}, vars);
    const logged = JSON.stringify(log.mock.calls);
    expect(response.status).toBe(500);
    expect(await reasonOf(response)).toBe("MISCONFIGURED");
    for (const name of Object.keys(vars)) expect(logged).toContain(name);
    expect(logged).not.toContain("suiprivkey1wrong");
  });
});

describe("webhooks", () => {
  async function delivery(id: string, body: Uint8Array<ArrayBuffer>): Promise<RequestInit> {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const key = await crypto.subtle.importKey(
      "raw",
      HOOK_KEY,
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const signed = await new Blob([`${id}.${timestamp}.`, body]).arrayBuffer();
    const signature = new Uint8Array(await crypto.subtle.sign("HMAC", key, signed));
    return {
      method: "POST",
      body,
      headers: {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": `v1,${toBase64(signature)}`,
      },
    };
  }

  test("a delivery is taken once: every repetition has the same Location", async () => {
    const init = await delivery("evt_1", seededBytes(1_000, 1));
    const answers = await Promise.all([
      ask("/edge/v1/hooks/billing", init),
      ask("/edge/v1/hooks/billing", init),
    ]);
    answers.push(await ask("/edge/v1/hooks/billing", init));
    expect(answers.map((answer) => answer.status)).toEqual([202, 202, 202]);
    expect(new Set(answers.map((answer) => answer.headers.get("location"))).size).toBe(1);
    const state = await ask(answers[0]?.headers.get("location") ?? "");
    expect(await state.json()).toMatchObject({ source: "hook:billing", size: 1_000 });
  });

  test("another body under the same event is refused, and the first stays", async () => {
    const first = await ask("/edge/v1/hooks/billing", await delivery("evt", seededBytes(10, 1)));
    const other = await ask("/edge/v1/hooks/billing", await delivery("evt", seededBytes(10, 2)));
    expect([other.status, await reasonOf(other)]).toEqual([422, "HOOK_EVENT_REUSED"]);
    const again = await ask("/edge/v1/hooks/billing", await delivery("evt", seededBytes(10, 1)));
    expect(again.headers.get("location")).toBe(first.headers.get("location"));
  });

  test("another event and another source are other uploads", async () => {
    const secrets = JSON.stringify({
      billing: `whsec_${toBase64(HOOK_KEY)}`,
      other: `whsec_${toBase64(HOOK_KEY)}`,
    });
    const body = seededBytes(10, 1);
    const locations = new Set<string | null>();
    for (const [source, id] of [
      ["billing", "a"],
      ["billing", "b"],
      ["other", "a"],
    ] as const) {
      const init = await delivery(id, body);
      const answer = await ask(`/edge/v1/hooks/${source}`, init, { HOOK_SECRETS: secrets });
      locations.add(answer.headers.get("location"));
    }
    expect(locations.size).toBe(3);
  });

  test("a changed body is 401", async () => {
    const init = await delivery("evt_2", seededBytes(100, 1));
    const response = await ask("/edge/v1/hooks/billing", { ...init, body: seededBytes(100, 2) });
    expect(response.status).toBe(401);
    expect(await reasonOf(response)).toBe("HOOK_SIGNATURE_MISMATCH");
  });

  test("an unknown source is 404", async () => {
    const init = await delivery("evt_3", seededBytes(1, 1));
    expect((await ask("/edge/v1/hooks/nobody", init)).status).toBe(404);
  });

  test("a body above the limit is 413, signed or not", async () => {
    const response = await ask("/edge/v1/hooks/billing", {
      method: "POST",
      body: new Uint8Array(HOOK_BODY_BYTES_MAX + 1),
    });
    expect(response.status).toBe(413);
  });
});

describe("the Upload object", () => {
  const uploads = bindings.UPLOADS;
  const bounds = { bytesMax: 5_000_000, declaredBytes: null };

  function request(uploadId: string): UploadRequest {
    return uploadRequest({ uploadId, waits: false });
  }

  function stored(uploadId: string) {
    return runInDurableObject(uploads.getByName(uploadId), async (_: Upload, state) => {
      const rows = state.storage.sql
        .exec<{ bytes: ArrayBuffer }>("SELECT bytes FROM staged ORDER BY rowIndex")
        .toArray();
      const bytes = new Uint8Array(await new Blob(rows.map((row) => row.bytes)).arrayBuffer());
      return { bytes, alarm: await state.storage.getAlarm() };
    });
  }

  test("keeps the body in rows, and the state survives an eviction", async () => {
    const bytes = seededBytes(2_500_000, 4);
    const answer = await uploads
      .getByName("evicted")
      .store(request("evicted"), bounds, new Response(bytes).body);
    expect(answer).toMatchObject({ ok: true, value: { unencodedBytes: bytes.length } });
    await evictDurableObject(uploads.getByName("evicted"));
    const kept = await stored("evicted");
    expect(kept.bytes.length).toBe(bytes.length);
    expect(toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", kept.bytes)))).toBe(
      toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))),
    );
    expect(kept.alarm).not.toBeNull();
    const view = await uploads.getByName("evicted").view();
    expect(view?.journal.request.uploadId).toBe("evicted");
  });

  test("an upload that exists is not taken again", async () => {
    const once = new Response(seededBytes(10, 1)).body;
    await uploads.getByName("twice").store(request("twice"), bounds, once);
    for (let repetition = 0; repetition < 9; repetition++) {
      const again = await uploads.getByName("twice").store(request("twice"), bounds, null);
      expect(again).toMatchObject({ ok: true, value: { unencodedBytes: 10 } });
    }
    // Nor do repetitions use up its attempts: the first is its alarm's own.
    const view = await uploads.getByName("twice").view();
    expect(view?.journal.state).toBe("running");
    expect(view?.journal.attemptCount).toBeLessThanOrEqual(1);
  });

  test("an empty body is a blob of 0 bytes", async () => {
    const answer = await uploads.getByName("empty").store(request("empty"), bounds, null);
    expect(answer).toMatchObject({ ok: true, value: { unencodedBytes: 0 } });
  });

  test("a body that is too long leaves nothing behind", async () => {
    const small = { bytesMax: 5, declaredBytes: null };
    const body = new Response(seededBytes(6, 1)).body;
    const answer = await uploads.getByName("long").store(request("long"), small, body);
    expect(answer).toEqual({ ok: false, failure: { kind: "body-too-large", bytesMax: 5 } });
    expect(await uploads.getByName("long").view()).toBeNull();
  });
});

test("lanes are invocations of their own that store, confirm and keep to six requests", async () => {
  const network = new StubNetwork([3, 2, 2, 2, 2, 1, 1]);
  network.nodes[6]!.fault = "late-registration";
  vi.stubGlobal("fetch", network.fetch);
  const encoded = createCodec(kernel).encode(seededBytes(300_000, 1), 13);
  if (!encoded.ok) throw new Error(encoded.failure.kind);
  const { blobId } = encoded.value.metadata;
  const { SliverLane } = exports as unknown as { readonly SliverLane: Lane };
  const fanOut = startFanOut(
    {
      clock: systemClock,
      timer: systemTimer,
      random: systemRandom,
      log: silentLog,
      lane: SliverLane,
      readEpoch: () => Promise.resolve(null),
      progress: () => undefined,
    },
    {
      runId: "run",
      blobId,
      metadata: encodeMetadata(encoded.value.metadata),
      encodedBytes: 0,
      slivers: (pairIndices) => encoded.value.slivers(pairIndices),
      committee: network.committee,
      registered: registrationOf(5, blobId, null),
      laneCount: 2,
    },
  );
  const outcome = await fanOut.outcome;
  await fanOut.settled;
  expect(outcome.ok && outcome.value.weight).toBeGreaterThanOrEqual(9);
  expect(network.laneInFlightMax).toBeLessThanOrEqual(REQUESTS_IN_FLIGHT_MAX);
  const sliverCounts = network.nodes.map(
    (node) => [...node.stored.keys()].filter((path) => path.includes("/slivers/")).length,
  );
  expect(sliverCounts).toEqual([6, 4, 4, 4, 4, 2, 2]);
});
