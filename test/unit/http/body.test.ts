import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readBody } from "../../../shared/http/body.ts";
import { err, ok } from "../../../shared/result.ts";
import { concatBytes } from "../../../shared/bytes/arrays.ts";

function body(
  chunks: readonly Uint8Array<ArrayBuffer>[],
  declaredBytes: number | null,
): { headers: Headers; body: ReadableStream<Uint8Array<ArrayBuffer>>; taken: () => number } {
  let taken = 0;
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const chunk = chunks[taken];
        if (chunk === undefined) controller.close();
        else controller.enqueue(chunk);
        taken++;
      },
    },
    { highWaterMark: 0 },
  );
  const headers = new Headers();
  if (declaredBytes !== null) headers.set("Content-Length", String(declaredBytes));
  return { headers, body: stream, taken: () => taken };
}

const bytes = (length: number) => new Uint8Array(length).fill(1);

describe("a request body", () => {
  test("is read whole, however it is chunked and whether or not its length is declared", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 10 }),
        fc.boolean(),
        async (parts, declares) => {
          const chunks = parts.map((part) => new Uint8Array(part));
          const whole = concatBytes(...chunks);
          const read = await readBody(body(chunks, declares ? whole.length : null), 400);
          expect(read).toEqual(ok(whole));
        },
      ),
    );
  });

  test("of exactly the bound is taken, one byte more is refused", async () => {
    expect((await readBody(body([bytes(10)], null), 10)).ok).toBe(true);
    expect(await readBody(body([bytes(10), bytes(1)], null), 10)).toEqual(
      err({ kind: "body-too-large", bytesMax: 10 }),
    );
  });

  test("that declares too much is refused unread", async () => {
    const request = body([bytes(11)], 11);
    expect(await readBody(request, 10)).toEqual(err({ kind: "body-too-large", bytesMax: 10 }));
    expect(request.taken()).toBe(0);
  });

  test("shorter or longer than declared is refused", async () => {
    expect(await readBody(body([bytes(3)], 5), 10)).toEqual(
      err({ kind: "body-length-mismatch", declaredBytes: 5, receivedBytes: 3 }),
    );
    expect(await readBody(body([bytes(3), bytes(3)], 5), 10)).toEqual(
      err({ kind: "body-length-mismatch", declaredBytes: 5, receivedBytes: 6 }),
    );
  });

  test("that breaks off is told apart", async () => {
    const stream = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start(controller) {
        controller.error(new Error("reset"));
      },
    });
    expect(await readBody({ headers: new Headers(), body: stream }, 10)).toEqual(
      err({ kind: "body-interrupted", receivedBytes: 0 }),
    );
  });

  test("that is absent is empty", async () => {
    expect(await readBody({ headers: new Headers(), body: null }, 10)).toEqual(
      ok(new Uint8Array(0)),
    );
  });
});
