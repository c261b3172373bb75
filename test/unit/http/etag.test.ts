import { describe, expect, test } from "vitest";
import { matchesNone, matchesRange, matchesSome, strongEtag } from "../../../shared/http/etag.ts";

const TAG = "M5YQinGO3RJ0-qRmL3KEpzTfR1PWUfgRk0WNmjqMdB8";

describe("If-None-Match", () => {
  test.each([
    [`"${TAG}"`, true],
    [`W/"${TAG}"`, true],
    [TAG, true],
    ["*", true],
    [`"other", W/"${TAG}"`, true],
    [`other,${TAG}`, true],
    [`"other"`, false],
    [`"${TAG}x"`, false],
    [`"${TAG}`, true],
    ["", false],
    [null, false],
  ])("%s", (header, expected) => {
    expect(matchesNone(header, TAG)).toBe(expected);
  });
});

describe("If-Match", () => {
  test.each([
    [null, true],
    ["*", true],
    [`"${TAG}"`, true],
    [TAG, true],
    [`"other", "${TAG}"`, true],
    [`W/"${TAG}"`, false],
    [`W/"${TAG}", "other"`, false],
    [`"other"`, false],
    ["", false],
  ])("%s", (header, expected) => {
    expect(matchesSome(header, TAG)).toBe(expected);
  });
});

describe("If-Range", () => {
  test.each([
    [null, true],
    [`"${TAG}"`, true],
    [TAG, true],
    [`W/"${TAG}"`, false],
    [`"other"`, false],
    ["Wed, 21 Oct 2015 07:28:00 GMT", false],
  ])("%s", (header, expected) => {
    expect(matchesRange(header, TAG)).toBe(expected);
  });
});

test("a strong tag is the quoted text", () => {
  expect(strongEtag("a")).toBe('"a"');
});
