import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { flawedBody, readJson } from "../../../shared/http/json-body.ts";
import { ECHOED_CHARS_MAX } from "../../../shared/limits.ts";

const schema = v.object({
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  nested: v.optional(v.strictObject({ key: v.string() })),
});

describe("a JSON body", () => {
  test("is read in its shape", () => {
    expect(readJson(utf8Bytes('{"size":5,"more":1}'), schema)).toEqual({
      ok: true,
      value: { size: 5 },
    });
  });

  test.each([
    ['{"size":"5"}', 'Cannot parse `size` with value `"5"`: expected a size'],
    ['{"size":-1}', "Cannot parse `size` with value `-1`: expected a size"],
    ["{}", "`size` is missing: expected a size"],
    ['{"size":1,"nested":{"key":1}}', "Cannot parse `nested.key` with value `1`: expected a size"],
    ['{"size":1,"nested":{"key":"","x":[1]}}', "with value `[1]`: expected a size"],
    ["5", "Cannot parse `body` with value `5`: expected a size"],
    ["{", "Cannot parse `body` with value `{`: expected a size"],
    ["", "Cannot parse `body` with value ``: expected a size"],
  ])("that is none is told by parameter and value: %s", (text, message) => {
    const read = readJson(utf8Bytes(text), schema);
    if (read.ok) throw new Error("it was read");
    expect(flawedBody(read.failure, "a size").message).toContain(message);
  });

  test("that is not UTF-8 is refused", () => {
    const body = Uint8Array.of(...utf8Bytes('{"size":1,"text":"'), 0xff, ...utf8Bytes('"}'));
    expect(readJson(body, schema)).toMatchObject({ failure: { parameter: "body" } });
  });

  test("is repeated in an error no further than errors repeat", () => {
    const read = readJson(utf8Bytes(`"${"x".repeat(10_000)}"`), schema);
    if (read.ok) throw new Error("it was read");
    expect(flawedBody(read.failure, "a size").message.length).toBeLessThan(ECHOED_CHARS_MAX + 100);
  });
});
