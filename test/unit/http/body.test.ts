/** The body of a request or an answer: whole, within its bound, as long as it was declared. */
import * as fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { readBody } from "../../../shared/http/body.ts";
import { SHORT_BODY_BYTES } from "../../../shared/limits.ts";
import { err, ok } from "../../../shared/result.ts";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { seededBytes } from "../../support/contents.ts";

const KIB = 1024;
const BYTES_MAX = 600 * KIB;

type StreamType = "bytes" | "chunks";

/** A message of `chunks` that declares `declaredBytes`. */
function message(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  declaredBytes: number | null,
  { type = "chunks", headers = {} }: { type?: StreamType; headers?: Record<string, string> } = {},
): Response & { readonly taken: () => number } {
  let taken = 0;
  const pull = (controller: ReadableByteStreamController | ReadableStreamDefaultController) => {
    const chunk = chunks[taken];
    taken++;
    if (chunk !== undefined) return controller.enqueue(chunk.slice());
    controller.close();
    if ("byobRequest" in controller) controller.byobRequest?.respond(0);
  };
  const body =
    type === "bytes"
      ? new ReadableStream({ type, pull }, { highWaterMark: 0 })
      : new ReadableStream({ pull }, { highWaterMark: 0 });
  const length = declaredBytes === null ? {} : { "content-length": String(declaredBytes) };
  const response = new Response(body, { headers: { ...length, ...headers } });
  return Object.assign(response, { taken: () => taken });
}

/** `content` in pieces, as a network brings it. */
function pieces(content: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>[] {
  const count = Math.ceil(content.length / (50 * KIB));
  return Array.from({ length: count }, (_, at) =>
    content.slice(at * 50 * KIB, (at + 1) * 50 * KIB),
  );
}

describe.each(["bytes", "chunks"] as const)("a body that is a stream of %s", (type) => {
  test.each([
    ["declared", true],
    ["of no declared length", false],
  ])("is read whole, %s, and tells its progress", async (_, isDeclared) => {
    const content = seededBytes(BYTES_MAX, 1);
    const onProgress = vi.fn<() => void>();
    const given = message(pieces(content), isDeclared ? BYTES_MAX : null, { type });
    const read = await readBody(given, BYTES_MAX, onProgress);
    expect(read.ok && Buffer.compare(read.value, content)).toBe(0);
    expect(onProgress.mock.calls.length).toBeGreaterThan(1);
  });

  test.each([5, SHORT_BODY_BYTES, SHORT_BODY_BYTES + 1, 100 * KIB])(
    "of %i bytes is refused where it declares one more or less",
    async (byteCount) => {
      const chunks = pieces(seededBytes(byteCount, 1));
      for (const declaredBytes of [byteCount - 1, byteCount + 1]) {
        const read = await readBody(message(chunks, declaredBytes, { type }), BYTES_MAX);
        const receivedBytes = byteCount;
        expect(read).toEqual(err({ kind: "body-length-mismatch", declaredBytes, receivedBytes }));
      }
    },
  );

  test("of the bound is taken, one byte more is refused", async () => {
    for (const bytesMax of [10, BYTES_MAX]) {
      const most = pieces(seededBytes(bytesMax, 1));
      const tooMuch = [...most, seededBytes(1, 2)];
      expect((await readBody(message(most, null, { type }), bytesMax)).ok).toBe(true);
      expect(await readBody(message(tooMuch, null, { type }), bytesMax)).toEqual(
        err({ kind: "body-too-large", bytesMax }),
      );
    }
  });

  test("that declares too much is refused unread", async () => {
    const given = message([seededBytes(11, 1)], 11, { type });
    expect(await readBody(given, 10)).toEqual(err({ kind: "body-too-large", bytesMax: 10 }));
    expect(given.taken()).toBe(0);
  });

  test.each([
    ["short, declared", 10, 0],
    ["long, declared", 100 * KIB, 50 * KIB],
    ["of no declared length", null, 50 * KIB],
  ])("that breaks off is told apart: %s", async (_, declaredBytes, receivedBytes) => {
    const cause = new Error("reset");
    let pulls = 0;
    const pull = (controller: ReadableByteStreamController | ReadableStreamDefaultController) => {
      if (pulls++ === 0) controller.enqueue(new Uint8Array(50 * KIB));
      else controller.error(cause);
    };
    const stream =
      type === "bytes" ? new ReadableStream({ type, pull }) : new ReadableStream({ pull });
    const length = declaredBytes === null ? {} : { "content-length": String(declaredBytes) };
    const read = await readBody(new Response(stream, { headers: length }), BYTES_MAX);
    expect(read).toEqual(err({ kind: "body-interrupted", receivedBytes, cause }));
  });
});

test("a body is read whole however it is chunked", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 10 }),
      fc.boolean(),
      async (parts, declares) => {
        const chunks = parts.map((part) => new Uint8Array(part));
        const whole = concatBytes(...chunks);
        const read = await readBody(message(chunks, declares ? whole.length : null), 400);
        expect(read).toEqual(ok(whole));
      },
    ),
  );
});

test("a body that is absent is empty", async () => {
  expect(await readBody(new Response(null), 10)).toEqual(ok(new Uint8Array(0)));
});

test.each([100 * KIB, BYTES_MAX + 1])(
  "a compressed body is held to the bound by its own length, not the declared: %i bytes",
  async (byteCount) => {
    const content = seededBytes(byteCount, 1);
    const headers = { "content-encoding": "gzip" };
    for (const declaredBytes of [10, 10 * KIB]) {
      const given = message(pieces(content), declaredBytes, { headers });
      expect(await readBody(given, BYTES_MAX)).toEqual(
        byteCount <= BYTES_MAX ? ok(content) : err({ kind: "body-too-large", bytesMax: BYTES_MAX }),
      );
    }
  },
);
