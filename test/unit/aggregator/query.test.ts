import { describe, expect, test } from "vitest";
import { FILENAME_CHARS_MAX } from "../../../shared/limits.ts";
import {
  readConsistency,
  readPresentation,
  readStartAndLength,
} from "../../../workers/aggregator/query.ts";

const query = (text: string) => new URLSearchParams(text);

describe("the consistency flags", () => {
  test.each([
    ["", "default"],
    ["cb=17&strict=1", "default"],
    ["strict_consistency_check=true", "strict"],
    ["skip_consistency_check=true", "skip"],
    ["strict_consistency_check=false&skip_consistency_check=false", "default"],
  ])("%s is %s", (text, mode) => {
    expect(readConsistency(query(text))).toEqual({ ok: true, value: mode });
  });

  test.each([
    ["strict_consistency_check=1", "strict_consistency_check"],
    ["strict_consistency_check=True", "strict_consistency_check"],
    ["skip_consistency_check", "skip_consistency_check"],
    ["skip_consistency_check=true&skip_consistency_check=true", "skip_consistency_check"],
  ])("%s is refused by name", (text, parameter) => {
    expect(readConsistency(query(text))).toMatchObject({
      ok: false,
      failure: { metadata: { parameter } },
    });
  });

  test("exclude each other", () => {
    const both = query("strict_consistency_check=true&skip_consistency_check=true");
    expect(readConsistency(both)).toMatchObject({
      failure: { reason: "INVALID_CONSISTENCY_CHECK" },
    });
  });
});

describe("the presentation", () => {
  test("text gets a charset, and a bare download counts", () => {
    expect(readPresentation(query("content_type=Text/Plain&download&filename=a.txt"))).toEqual({
      ok: true,
      value: { contentType: "text/plain; charset=utf-8", filename: "a.txt", download: true },
    });
  });

  test.each([
    "content_type=text/html",
    "content_type=image/svg%2Bxml",
    "content_type=",
    "content_type=image/png&content_type=image/png",
    "download=yes",
    "filename=",
    "filename=a%0Ab",
    "filename=..%2Fetc",
    `filename=${"a".repeat(FILENAME_CHARS_MAX + 1)}`,
  ])("%s is refused", (text) => {
    expect(readPresentation(query(text)).ok).toBe(false);
  });

  test("a file name may be as long as its bound", () => {
    expect(readPresentation(query(`filename=${"a".repeat(FILENAME_CHARS_MAX)}`)).ok).toBe(true);
  });
});

describe("start and length", () => {
  test.each(["start=1", "length=1", "start=-1&length=1", "start=1.5&length=1", "start=a&length=1"])(
    "%s is refused",
    (text) => {
      expect(readStartAndLength(query(text)).ok).toBe(false);
    },
  );

  test("are numbers", () => {
    const read = readStartAndLength(query("start=3&length=4&x=y"));
    expect(read).toEqual({ ok: true, value: { start: 3, length: 4 } });
  });
});
