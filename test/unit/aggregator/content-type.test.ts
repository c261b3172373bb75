import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { agreedType, isMediaType } from "../../../shared/http/media-type.ts";
import { INERT_TYPES, isInert, sniffType } from "../../../workers/aggregator/content-type.ts";

const utf8 = (text: string) => new TextEncoder().encode(text);
const media = (name: string) =>
  new Uint8Array(readFileSync(`test/vectors/media/${name}`).subarray(0, 1_445));

describe("the type of content", () => {
  test.each([
    ["nothing", new Uint8Array(0), "application/octet-stream"],
    ["a PNG", media("picture.png"), "image/png"],
    ["an MP4", media("clip.mp4"), "video/mp4"],
    ["a PDF", utf8("%PDF-1.7\n"), "application/pdf"],
    ["text", utf8("Grüße, world\n"), "text/plain; charset=utf-8"],
    ["HTML, which is shown as text", utf8("<!doctype html><script>"), "text/plain; charset=utf-8"],
    ["text cut inside a character", utf8("aé").subarray(0, 2), "text/plain; charset=utf-8"],
    ["Latin-1", Uint8Array.of(0x61, 0xe9, 0x61), "application/octet-stream"],
    ["a control byte", Uint8Array.of(0x61, 0x01), "application/octet-stream"],
  ])("of %s", async (_, head, type) => {
    expect(await sniffType(head)).toBe(type);
  });

  test.each([...INERT_TYPES, "text/plain; charset=utf-8", "IMAGE/PNG"])("%s is inert", (type) => {
    expect(isInert(type)).toBe(true);
  });

  test.each([
    "text/html",
    "image/svg+xml",
    "application/xhtml+xml",
    "text/xml",
    "text/javascript",
    "x",
    "",
  ])("%s is not inert", (type) => {
    expect(isInert(type)).toBe(false);
  });

  test.each([
    ["text/html; charset=utf-8", true],
    ["image/svg+xml", true],
    ["text", false],
    ["text/html\r\nX: y", false],
    ["a b/c", false],
  ])("%j may be a media type: %s", (text, expected) => {
    expect(isMediaType(text)).toBe(expected);
  });
});

test.each([
  [["image/png", " image/png "], "image/png"],
  [["text/html; charset=utf-8"], "text/html; charset=utf-8"],
  [["image/png", "text/html"], null],
  [["image/png", "application/octet-stream", "nonsense", ""], "image/png"],
  [["application/x-www-form-urlencoded", "Multipart/form-data; boundary=x"], null],
  [[`text/${"x".repeat(255)}`], null],
  [[], null],
])("what senders say of one content, %j, agrees on %s", (types, agreed) => {
  expect(agreedType(types)).toBe(agreed);
});
