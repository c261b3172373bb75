import { expect, test } from "vitest";
import { ATTRIBUTE_HEADERS_BYTES_MAX } from "../../../shared/limits.ts";
import { withAttributes } from "../../../workers/aggregator/attribute-headers.ts";
import type { Representation } from "../../../workers/aggregator/representation.ts";

/** Only what attributes touch. */
const CONTENT = {
  headers: {},
  contentType: "application/octet-stream",
  official: { contentType: null, headers: {} },
} as unknown as Representation;
const AS_IT_IS = { contentType: null, filename: null, isDownload: false } as unknown as Parameters<
  typeof withAttributes
>[2];

function headersOf(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const shown = withAttributes(CONTENT, new Map(Object.entries(attributes)), AS_IT_IS);
  return Object.fromEntries(new Headers(shown.headers));
}

test("attributes are headers under a prefix, but for those that have a header of their own", () => {
  expect(
    headersOf({
      author: "us",
      _walrusBlobType: "quilt",
      "content-language": "de",
      "Content-Type": "image/png",
    }),
  ).toEqual({
    "x-walrus-attribute-author": "us",
    "x-walrus-attribute-_walrusblobtype": "quilt",
    "content-language": "de",
  });
});

test("what would mean something else, or is no header, is left out", () => {
  const shown = headersOf({
    "set-cookie": "a=b",
    location: "https://evil.test",
    "a b": "x",
    "line\nbreak": "x",
    broken: "a\r\nb",
    Ünï: "x",
    unicode: "ü",
  });
  expect(shown).toEqual({
    "x-walrus-attribute-set-cookie": "a=b",
    "x-walrus-attribute-location": "https://evil.test",
  });
});

test("as many as a response has room for are shown", () => {
  const value = "v".repeat(1_000);
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, value]));
  const shown = Object.entries(headersOf(many));
  const bytes = shown.reduce((sum, [name, text]) => sum + name.length + text.length, 0);
  expect(shown.length).toBe(10);
  expect(bytes).toBeLessThanOrEqual(ATTRIBUTE_HEADERS_BYTES_MAX);
});
