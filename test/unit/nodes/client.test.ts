import { describe, expect, test } from "vitest";
import { toBase64 } from "../../../shared/bytes/text.ts";
import {
  encodeMetadataWithId,
  encodeSliver,
  formatBlobId,
  type Sliver,
} from "../../../shared/codec/index.ts";
import {
  NODE_ERROR_BYTES_MAX,
  NODE_ERROR_MESSAGE_CHARS_MAX,
  NODE_JSON_BYTES_MAX,
  NODE_METADATA_BYTES_MAX,
  NODE_METADATA_TIMEOUT_MS,
  NODE_STALL_MS,
} from "../../../shared/limits.ts";
import { createNodeClient, type NodeClient } from "../../../shared/nodes/client.ts";
import { createPermit } from "../../../shared/nodes/permit.ts";
import type { Fetch } from "../../../shared/ports.ts";
import { untilAborted } from "../../support/until-aborted.ts";
import { ManualTimer, refusal, success } from "./support.ts";

const NODE = { nodeId: "0xabc", baseUrl: "http://node.test:9185" };
const BLOB_ID = Uint8Array.from({ length: 32 }, (_, index) => index);
const BLOB_TEXT = formatBlobId(BLOB_ID);
const SLIVER: Sliver = {
  axis: "primary",
  sliverIndex: 5,
  symbolBytes: 2,
  data: Uint8Array.from({ length: 14 }, (_, index) => index),
};

function clientOver(fetch: Fetch, timer = new ManualTimer()): NodeClient {
  return createNodeClient({ permit: createPermit(fetch), timer, lane: "upload/3" });
}

function answering(response: () => Response): { client: NodeClient; requests: Request[] } {
  const requests: Request[] = [];
  const client = clientOver((request) => {
    requests.push(request);
    return Promise.resolve(response());
  });
  return { client, requests };
}

describe("requests", () => {
  test("name the lane they belong to", async () => {
    const { client, requests } = answering(() => success("nonexistent"));
    await client.getMetadataStatus(NODE, BLOB_ID);
    expect(requests[0]?.headers.get("x-walrus-lane")).toBe("upload/3");
  });

  test("put slivers as bytes under the pair index", async () => {
    const { client, requests } = answering(() => success("stored", 201));
    const body = encodeSliver(SLIVER);
    const put = await client.putSliver(NODE, BLOB_ID, 7, "secondary", body);
    expect(put).toEqual({ ok: true, value: "stored" });
    const [request] = requests;
    expect(request?.method).toBe("PUT");
    expect(request?.url).toBe(`http://node.test:9185/v1/blobs/${BLOB_TEXT}/slivers/7/secondary`);
    expect(request?.headers.get("content-type")).toBe("application/octet-stream");
    expect(new Uint8Array((await request?.arrayBuffer()) ?? [])).toEqual(body);
  });

  test.each([
    [200, "already-there"],
    [201, "stored"],
    [202, "buffered"],
  ] as const)("status %d of a PUT means %s", async (status, outcome) => {
    const { client } = answering(() => success("…", status));
    const put = await client.putMetadata(NODE, BLOB_ID, new Uint8Array(3));
    expect(put).toEqual({ ok: true, value: outcome });
  });

  test("ask for confirmations of deletable blobs by object", async () => {
    const { client, requests } = answering(() =>
      success({
        signed: {
          serializedMessage: toBase64(Uint8Array.of(1, 0, 3)),
          signature: toBase64(new Uint8Array(96)),
        },
      }),
    );
    const target = { kind: "deletable", objectId: "0x07" } as const;
    const confirmation = await client.getConfirmation(NODE, BLOB_ID, target);
    expect(requests[0]?.url).toMatch(/\/confirmation\/deletable\/0x07$/);
    expect(confirmation).toEqual({
      ok: true,
      value: { message: Uint8Array.of(1, 0, 3), signature: new Uint8Array(96) },
    });
  });
});

describe("answers", () => {
  test("metadata comes under the ID it claims", async () => {
    const metadata = { shardCount: 4, unencodedBytes: 9, sliverHashes: new Uint8Array(4 * 64) };
    const { client } = answering(() => new Response(encodeMetadataWithId(metadata, BLOB_ID)));
    const read = await client.getMetadata(NODE, BLOB_ID);
    expect(read).toMatchObject({ ok: true, value: { blobId: BLOB_ID, metadata } });
  });

  test("a sliver longer than any honest one is cut off", async () => {
    const { client } = answering(() => new Response(encodeSliver(SLIVER)));
    const read = await client.getSliver(NODE, BLOB_ID, 5, "primary", 10);
    expect(read).toMatchObject({ failure: { kind: "answer-too-large", bytesMax: 10 } });
  });

  test("metadata and JSON that are longer than honest ones are cut off", async () => {
    const { client } = answering(() => new Response(new Uint8Array(NODE_JSON_BYTES_MAX + 1)));
    expect(await client.getMetadata(NODE, BLOB_ID)).toMatchObject({
      failure: { kind: "answer-too-large", bytesMax: NODE_METADATA_BYTES_MAX },
    });
    expect(await client.getBlobStatus(NODE, BLOB_ID)).toMatchObject({
      failure: { kind: "answer-too-large", bytesMax: NODE_JSON_BYTES_MAX },
    });
    const atBound = answering(() => new Response(new Uint8Array(NODE_JSON_BYTES_MAX)));
    expect(await atBound.client.getBlobStatus(NODE, BLOB_ID)).toMatchObject({
      failure: { kind: "malformed-answer" },
    });
  });

  test("a refusal is read to its bound; a longer one falls back to its status", async () => {
    const refusalOf = (byteCount: number) => {
      const shortest = JSON.stringify({ error: { details: [{ reason: "R" }], message: "" } });
      const message = "x".repeat(byteCount - shortest.length);
      const body = JSON.stringify({ error: { details: [{ reason: "R" }], message } });
      return answering(() => new Response(body, { status: 400 })).client.getMetadata(NODE, BLOB_ID);
    };
    expect(await refusalOf(NODE_ERROR_BYTES_MAX)).toMatchObject({ failure: { reason: "R" } });
    expect(await refusalOf(NODE_ERROR_BYTES_MAX + 1)).toMatchObject({
      failure: { kind: "refused", status: 400, reason: null },
    });
  });

  test("bytes that are no sliver are malformed, not a crash", async () => {
    const { client } = answering(() => new Response(Uint8Array.of(9, 9)));
    const read = await client.getSliver(NODE, BLOB_ID, 5, "primary", 100);
    expect(read).toMatchObject({ failure: { kind: "malformed-answer", nodeId: "0xabc" } });
  });

  test("a refusal carries its reason and a bounded message", async () => {
    const { client } = answering(() => refusal(400, "NOT_REGISTERED", "x".repeat(5_000)));
    const put = await client.putMetadata(NODE, BLOB_ID, new Uint8Array(3));
    expect(put).toMatchObject({
      failure: { kind: "refused", status: 400, reason: "NOT_REGISTERED", route: "put-metadata" },
    });
    expect(!put.ok && put.failure.kind === "refused" && put.failure.message.length).toBe(
      NODE_ERROR_MESSAGE_CHARS_MAX,
    );
  });

  test("a refusal that is not JSON falls back to its status", async () => {
    const { client } = answering(() => new Response("<html>", { status: 502 }));
    const put = await client.putMetadata(NODE, BLOB_ID, new Uint8Array(3));
    expect(put).toMatchObject({ failure: { kind: "refused", status: 502, reason: null } });
  });

  test("an unknown blob has the status nonexistent, by word or by 404", async () => {
    const byWord = answering(() => success("nonexistent"));
    const by404 = answering(() => refusal(404, "METADATA_NOT_FOUND"));
    for (const { client } of [byWord, by404]) {
      expect(await client.getBlobStatus(NODE, BLOB_ID)).toEqual({
        ok: true,
        value: { kind: "nonexistent" },
      });
    }
  });

  test.each([
    {
      permanent: {
        endEpoch: 10,
        isCertified: true,
        statusEvent: { txDigest: "d", eventSeq: "0" },
        deletableCounts: { count_deletable_total: 2, count_deletable_certified: 1 },
        initialCertifiedEpoch: 5,
      },
    },
    {
      permanent: {
        end_epoch: 10,
        is_certified: true,
        status_event: { tx_digest: "d", event_seq: "0" },
        deletable_counts: { count_deletable_total: 2, count_deletable_certified: 1 },
        initial_certified_epoch: 5,
      },
    },
  ])("a permanent status is read in camelCase and in snake_case", async (data) => {
    const { client } = answering(() => success(data));
    expect(await client.getBlobStatus(NODE, BLOB_ID)).toEqual({
      ok: true,
      value: {
        kind: "permanent",
        endEpoch: 10,
        isCertified: true,
        statusEvent: { txDigest: "d", eventSeq: "0" },
        deletableCertifiedCount: 1,
        initialCertifiedEpoch: 5,
      },
    });
  });
});

describe("time and transport", () => {
  test("a silent node times out after the request's own time", async () => {
    const timer = new ManualTimer();
    const put = clientOver(untilAborted, timer).putMetadata(NODE, BLOB_ID, new Uint8Array(3));
    await Promise.resolve();
    timer.advance(NODE_METADATA_TIMEOUT_MS);
    expect(await put).toMatchObject({
      failure: { kind: "timed-out", phase: "headers", timeoutMs: NODE_METADATA_TIMEOUT_MS },
    });
  });

  test("time in which the isolate was too busy to hear the node is not held against it", async () => {
    const NAP_MS = NODE_METADATA_TIMEOUT_MS / 8;
    const timer = new ManualTimer();
    const world = { nowMs: 0 };
    const clock = { nowMs: () => world.nowMs };
    const transport = { permit: createPermit(untilAborted), timer, clock, lane: "l" };
    let isOver = false;
    const put = createNodeClient(transport).putMetadata(NODE, BLOB_ID, new Uint8Array(3));
    void put.finally(() => (isOver = true));
    const nap = async (lateMs: number) => {
      await new Promise(setImmediate);
      world.nowMs += NAP_MS + lateMs;
      timer.advance(NAP_MS);
      await new Promise(setImmediate);
    };
    for (let index = 0; index < 4; index++) await nap(NODE_METADATA_TIMEOUT_MS);
    for (let index = 0; index < 7; index++) await nap(0);
    expect(isOver).toBe(false);
    await nap(0);
    expect(await put).toMatchObject({ failure: { kind: "timed-out", phase: "headers" } });
  });

  test("a request that waits for a slot is not timed out", async () => {
    const timer = new ManualTimer();
    const client = createNodeClient({ permit: createPermit(untilAborted, 1), timer, lane: "l" });
    const first = client.putMetadata(NODE, BLOB_ID, new Uint8Array(3), { timeoutMs: 100 });
    const second = client.putMetadata(NODE, BLOB_ID, new Uint8Array(3), { timeoutMs: 100 });
    await Promise.resolve();
    timer.advance(100);
    expect(await first).toMatchObject({ failure: { kind: "timed-out" } });
    expect(timer.slept).toEqual([100, 100]);
    timer.advance(99);
    timer.advance(1);
    expect(await second).toMatchObject({ failure: { kind: "timed-out" } });
  });

  describe("a body that has begun", () => {
    const STALL = { timeoutMs: 1_000, stallMs: 100 };

    /** A sliver whose answer has begun; `send` brings a piece of it, `end` the rest. */
    async function begun() {
      const timer = new ManualTimer();
      const pipe = new TransformStream<Uint8Array, Uint8Array>();
      const client = clientOver((request) => {
        const failed = new TransformStream<Uint8Array, Uint8Array>();
        // As `fetch` does: an aborted request breaks its body.
        pipe.readable.pipeTo(failed.writable, { signal: request.signal }).catch(() => undefined);
        return Promise.resolve(new Response(failed.readable));
      }, timer);
      const read = client.getSliver(NODE, BLOB_ID, 5, "primary", 100, STALL);
      const writer = pipe.writable.getWriter();
      await settled();
      const bytes = encodeSliver(SLIVER);
      let sent = 0;
      return {
        timer,
        read,
        send: async () => {
          await writer.write(bytes.slice(sent, (sent += 1)));
          await settled();
        },
        end: async () => {
          await writer.write(bytes.slice(sent));
          await writer.close();
        },
      };
    }

    /** After everything that is ready to run has run. */
    const settled = () => new Promise(setImmediate);

    test("and stalls is given up sooner than one that was never begun", async () => {
      const { timer, read, send } = await begun();
      await send();
      timer.advance(STALL.stallMs);
      await settled();
      // That stretch brought a piece; the next one brings none.
      timer.advance(STALL.stallMs);
      expect(await read).toMatchObject({
        failure: { kind: "timed-out", phase: "body", timeoutMs: STALL.stallMs },
      });
    });

    test("and brings a piece in each stretch is read to its end", async () => {
      const { timer, read, send, end } = await begun();
      for (let stretch = 0; stretch < 5; stretch++) {
        await send();
        timer.advance(STALL.stallMs);
        await settled();
      }
      await end();
      expect(await read).toEqual({ ok: true, value: SLIVER });
    });

    test("and trickles without a stall ends with the request's own time", async () => {
      const { timer, read, send } = await begun();
      for (let passedMs = 0; passedMs < STALL.timeoutMs; passedMs += STALL.stallMs) {
        await send();
        timer.advance(STALL.stallMs);
        await settled();
      }
      expect(await read).toMatchObject({
        failure: { kind: "timed-out", phase: "body", timeoutMs: STALL.timeoutMs },
      });
    });

    test("silence before the headers is no stall", async () => {
      const timer = new ManualTimer();
      const read = clientOver(untilAborted, timer).getSliver(
        NODE,
        BLOB_ID,
        5,
        "primary",
        100,
        STALL,
      );
      await settled();
      timer.advance(STALL.timeoutMs - 1);
      expect(timer.slept).toEqual([STALL.timeoutMs]);
      timer.advance(1);
      expect(await read).toMatchObject({
        failure: { kind: "timed-out", phase: "headers", timeoutMs: STALL.timeoutMs },
      });
    });
  });

  test("the caller's signal makes it aborted, not timed out", async () => {
    const giveUp = new AbortController();
    const put = clientOver(untilAborted).putMetadata(NODE, BLOB_ID, new Uint8Array(3), {
      signal: giveUp.signal,
    });
    giveUp.abort();
    expect(await put).toMatchObject({ failure: { kind: "aborted" } });
  });

  test("a connection that breaks is unreachable", async () => {
    const put = await clientOver(() => Promise.reject(new Error("reset"))).putMetadata(
      NODE,
      BLOB_ID,
      new Uint8Array(3),
    );
    expect(put).toMatchObject({ failure: { kind: "unreachable", cause: "reset" } });
  });

  test("a body shorter than declared is unreachable, never a short answer", async () => {
    const { client } = answering(
      () => new Response(new Uint8Array(4), { headers: { "content-length": "9" } }),
    );
    const read = await client.getSliver(NODE, BLOB_ID, 5, "primary", 100);
    expect(read).toMatchObject({ failure: { kind: "unreachable" } });
  });

  test("a short body that never comes is given up after a stall", async () => {
    const timer = new ManualTimer();
    const sending = (request: Request) => {
      const body = new ReadableStream({
        start(controller) {
          untilAborted(request).catch((error: unknown) => controller.error(error));
        },
      });
      return Promise.resolve(new Response(body, { headers: { "content-length": "9" } }));
    };
    const read = clientOver(sending, timer).getSliver(NODE, BLOB_ID, 5, "primary", 100);
    while (timer.slept.length < 2) await new Promise((resolve) => setImmediate(resolve));
    timer.advance(NODE_STALL_MS);
    expect(await read).toMatchObject({
      failure: { kind: "timed-out", phase: "body", timeoutMs: NODE_STALL_MS },
    });
  });
});
