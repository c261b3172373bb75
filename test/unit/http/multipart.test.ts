import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { findParts, multipartBoundary } from "../../../shared/http/multipart.ts";
import {
  MULTIPART_DELIMITER_REST_BYTES_MAX,
  MULTIPART_SEARCH_BYTES,
  MULTIPART_HEADER_BYTES_MAX,
  MULTIPART_PARTS_MAX,
} from "../../../shared/limits.ts";
import { multipartBody } from "../../support/multipart-body.ts";

/** The parts with their data. */
async function partsOf(bytes: Uint8Array, boundary: string) {
  const found = await findParts(multipartBody(bytes), boundary);
  if (!found.ok) return found;
  const value = found.value.map(({ name, offset, byteCount }) => ({
    name,
    data: bytes.subarray(offset, offset + byteCount),
  }));
  return { ok: true, value } as const;
}

function parse(text: string) {
  return partsOf(utf8Bytes(text), "B");
}

/** What the platform sends for a form. */
async function serialised(form: FormData) {
  const sent = new Response(form as never);
  const boundary = multipartBoundary(sent.headers.get("content-type")) ?? "";
  return { boundary, body: new Uint8Array(await sent.arrayBuffer()) };
}

describe("a form", () => {
  test("comes apart into what the platform put in, byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.string({ unit: "grapheme", minLength: 1 }), fc.uint8Array()), {
          minLength: 1,
          maxLength: 8,
        }),
        async (files) => {
          const form = new FormData();
          for (const [name, data] of files) form.append(name, new Blob([data.slice()]), "f");
          const { boundary, body } = await serialised(form);
          const parts = await partsOf(body, boundary);
          if (!parts.ok) throw new Error(parts.failure.detail);
          expect(parts.value.map(({ data }) => [...data])).toEqual(
            files.map(([, data]) => [...data]),
          );
          // The platform writes line breaks in names as CRLF.
          expect(parts.value.map(({ name }) => name)).toEqual(
            files.map(([name]) => name.replaceAll(/\r\n|\r|\n/g, "\r\n")),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test("a part without a file name keeps bytes that are not UTF-8", async () => {
    const head = utf8Bytes('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n');
    const data = Uint8Array.of(0xff, 0xfe, 0x0d, 0x0a, 0x2d, 0x2d, 0x0d);
    const body = new Uint8Array([...head, ...data, ...utf8Bytes("\r\n--B--\r\n")]);
    expect(await partsOf(body, "B")).toEqual({ ok: true, value: [{ name: "a", data }] });
  });

  test("a delimiter is found wherever the windows of the search end", async () => {
    const head = utf8Bytes('--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n');
    for (
      let byteCount = MULTIPART_SEARCH_BYTES - 70;
      byteCount < MULTIPART_SEARCH_BYTES + 5;
      byteCount++
    ) {
      const data = new Uint8Array(byteCount).fill(0x0d);
      const body = new Uint8Array([...head, ...data, ...utf8Bytes("\r\n--B--\r\n")]);
      const parts = await findParts(multipartBody(body), "B");
      expect(parts).toEqual({ ok: true, value: [{ name: "a", offset: head.length, byteCount }] });
    }
  });

  test("a preamble, blanks after a delimiter and unquoted names are taken", async () => {
    const body =
      "hello\r\n--B \t\r\nX: y\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--B--";
    expect(await parse(body)).toMatchObject({ ok: true, value: [{ name: "a" }] });
  });

  test.each([
    'filename="f"; name="n"',
    'filename="x; name=y"; name="n"',
    'filename="x\\"; name=y"; name="n"',
    "filename*=UTF-8''x; NAME=n",
    'name="n"; filename="f"',
  ])("of %s the name is n", async (parameters) => {
    const body = `--B\r\nContent-Disposition: form-data; ${parameters}\r\n\r\n1\r\n--B--\r\n`;
    expect(await parse(body)).toMatchObject({ ok: true, value: [{ name: "n" }] });
  });

  test.each([
    ["no boundary", "hello"],
    ["no end", '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1'],
    ["no name", "--B\r\nContent-Type: text/plain\r\n\r\n1\r\n--B--"],
    ["no headers", "--B\r\n1\r\n--B--"],
    ["a delimiter that is cut off", "--B"],
  ])("%s is malformed", async (_, body) => {
    expect(await parse(body)).toMatchObject({
      ok: false,
      failure: { kind: "multipart-malformed" },
    });
  });

  test("more parts than the bound, or longer headers, are refused", async () => {
    const part = '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n';
    expect(await parse(`${part.repeat(MULTIPART_PARTS_MAX)}--B--`)).toMatchObject({ ok: true });
    expect(await parse(`${part.repeat(MULTIPART_PARTS_MAX + 1)}--B--`)).toMatchObject({
      ok: false,
    });
    const long = "x".repeat(MULTIPART_HEADER_BYTES_MAX);
    const body = `--B\r\nContent-Disposition: form-data; name="${long}"\r\n\r\n1\r\n--B--`;
    expect(await parse(body)).toMatchObject({ ok: false });
  });

  test("more blanks after a delimiter than the bound leaves room for are refused", async () => {
    const padded = (blanks: number) =>
      `--B${" ".repeat(blanks)}\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--B--`;
    const most = MULTIPART_DELIMITER_REST_BYTES_MAX - "\r\n".length;
    expect(await parse(padded(most))).toMatchObject({ ok: true });
    expect(await parse(padded(most + 1))).toMatchObject({ ok: false });
  });
});

test.each([
  ["multipart/form-data; boundary=abc", "abc"],
  ['multipart/form-data; charset=utf-8; boundary="a b"', "a b"],
  ["Multipart/Form-Data;boundary=x", "x"],
  ["multipart/form-data", null],
  ["multipart/mixed; boundary=abc", null],
  ["application/json", null],
  [null, null],
])("the boundary of %s is %s", (contentType, boundary) => {
  expect(multipartBoundary(contentType)).toBe(boundary);
});
