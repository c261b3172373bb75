/** The body of a node's answer: whole, within its bound, as long as it was declared. */
import { describe, expect, test, vi } from "vitest";
import { readBody } from "../../../shared/nodes/read-body.ts";
import { seededBytes } from "../../support/contents.ts";

const KIB = 1024;
const BYTES_MAX = 600 * KIB;

/** An answer of `content` in pieces that declares `declared` bytes. */
function answer(
  content: Uint8Array,
  declared: number | null,
  { type = "bytes", headers = {} }: { type?: "bytes" | "chunks"; headers?: object } = {},
): Response {
  let offset = 0;
  const pull = (controller: ReadableByteStreamController | ReadableStreamDefaultController) => {
    if (offset < content.length) {
      return controller.enqueue(content.slice(offset, (offset += 50 * KIB)));
    }
    controller.close();
    if ("byobRequest" in controller) controller.byobRequest?.respond(0);
  };
  const body = type === "bytes" ? new ReadableStream({ type, pull }) : new ReadableStream({ pull });
  const length = declared === null ? {} : { "content-length": String(declared) };
  return new Response(body, { headers: { ...length, ...headers } });
}

describe.each(["bytes", "chunks"] as const)("a body that is a stream of %s", (type) => {
  test.each([
    ["declared", true],
    ["of no declared length", false],
  ])("is read whole, %s", async (_, isDeclared) => {
    const content = seededBytes(BYTES_MAX, 1);
    const onProgress = vi.fn<() => void>();
    const given = answer(content, isDeclared ? BYTES_MAX : null, { type });
    const body = await readBody(given, BYTES_MAX, onProgress);
    expect(body !== null && Buffer.compare(body, content)).toBe(0);
    expect(onProgress.mock.calls.length).toBeGreaterThan(1);
  });

  test("shorter or longer than declared is none", async () => {
    const content = seededBytes(100 * KIB, 1);
    const read = (declared: number) =>
      readBody(answer(content, declared, { type }), BYTES_MAX, () => undefined);
    await expect(read(100 * KIB + 1)).rejects.toThrow(`ended after ${100 * KIB} of`);
    await expect(read(100 * KIB - 1)).rejects.toThrow(String(100 * KIB - 1));
  });

  test("above the bound is refused by what it declares, and where it declares nothing", async () => {
    const content = seededBytes(BYTES_MAX + 1, 1);
    for (const declared of [BYTES_MAX + 1, null]) {
      const given = answer(content, declared, { type });
      expect(await readBody(given, BYTES_MAX, () => undefined)).toBeNull();
    }
  });
});

test("a compressed body is as long as it is, whatever was declared of it", async () => {
  const content = seededBytes(100 * KIB, 1);
  const given = answer(content, 10 * KIB, { headers: { "content-encoding": "gzip" } });
  expect(await readBody(given, BYTES_MAX, () => undefined)).toEqual(content);
});
