import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RANGES_MAX } from "../../../shared/limits.ts";
import { contentRange, parseRange, unsatisfiedRange } from "../../../shared/http/range.ts";

const partial = (start: number, end: number) => ({ kind: "partial", range: { start, end } });

const several = (...pairs: readonly (readonly [number, number])[]) => ({
  kind: "several",
  ranges: pairs.map(([start, end]) => ({ start, end })),
});
const manyPairs = (count: number) =>
  Array.from({ length: count }, (_, index) => [index * 10, index * 10 + 1] as const);
const manyRanges = (count: number) =>
  `bytes=${manyPairs(count)
    .map(([start]) => `${start}-${start}`)
    .join()}`;

describe("a Range header", () => {
  test.each([
    ["bytes=0-99", partial(0, 100)],
    ["bytes=500-", partial(500, 1_000)],
    ["bytes=-100", partial(900, 1_000)],
    ["bytes=-5000", partial(0, 1_000)],
    ["bytes=900-1999", partial(900, 1_000)],
    ["bytes=999-999", partial(999, 1_000)],
    ["  Bytes = 0 - 0 ", partial(0, 1)],
    ["bytes=1000-", { kind: "unsatisfiable" }],
    ["bytes=2000-2999", { kind: "unsatisfiable" }],
    ["bytes=-0", { kind: "unsatisfiable" }],
    ["bytes=99999999999999999999-", { kind: "unsatisfiable" }],
    ["bytes=0-1,5-6", several([0, 2], [5, 7])],
    ["bytes=-5, 0-1 ,", several([995, 1_000], [0, 2])],
    ["bytes=0-1,2000-", partial(0, 2)],
    ["bytes=1000-,2000-", { kind: "unsatisfiable" }],
    ["bytes=0-9,5-6", { kind: "whole" }],
    ["bytes=0-1,x", { kind: "whole" }],
    ["bytes=0-1,9-2", { kind: "whole" }],
    [manyRanges(RANGES_MAX), several(...manyPairs(RANGES_MAX))],
    [manyRanges(RANGES_MAX + 1), { kind: "whole" }],
    ["bytes=5-2", { kind: "whole" }],
    ["bytes=", { kind: "whole" }],
    ["bytes=-", { kind: "whole" }],
    ["items=0-1", { kind: "whole" }],
    ["bytes=0x1-2", { kind: "whole" }],
    [null, { kind: "whole" }],
  ])("%s of 1000 bytes", (header, expected) => {
    expect(parseRange(header, 1_000)).toEqual(expected);
  });

  test.each(["bytes=0-0", "bytes=0-", "bytes=-0"])("%s of nothing is unsatisfiable", (header) => {
    expect(parseRange(header, 0)).toEqual({ kind: "unsatisfiable" });
  });

  test.each(["bytes=-1", "bytes=0-,-1"])("%s of nothing is all of it", (header) => {
    expect(parseRange(header, 0)).toEqual({ kind: "whole" });
  });

  test("asks for the bytes a slice would give", () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(600), fc.nat(600), (totalBytes, first, span) => {
        const body = Array.from({ length: totalBytes }, (_, index) => index);
        const parsed = parseRange(`bytes=${first}-${first + span}`, totalBytes);
        const expected = body.slice(first, first + span + 1);
        const asked = parsed.kind === "partial" ? parsed.range : null;
        expect(asked === null ? [] : body.slice(asked.start, asked.end)).toEqual(expected);
        expect(parsed.kind === "unsatisfiable").toBe(first >= totalBytes);
      }),
    );
  });

  test("never yields an empty or overlong range, whatever the text", () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^bytes=[-0-9, ]{0,24}$/),
        fc.nat(10_000),
        (header, totalBytes) => {
          const parsed = parseRange(header, totalBytes);
          if (parsed.kind !== "partial") return;
          expect(parsed.range.start).toBeGreaterThanOrEqual(0);
          expect(parsed.range.end).toBeGreaterThan(parsed.range.start);
          expect(parsed.range.end).toBeLessThanOrEqual(totalBytes);
        },
      ),
    );
  });
});

test("Content-Range names the first and the last byte", () => {
  expect(contentRange({ start: 900, end: 1_000 }, 1_000)).toBe("bytes 900-999/1000");
  expect(unsatisfiedRange(1_000)).toBe("bytes */1000");
});
