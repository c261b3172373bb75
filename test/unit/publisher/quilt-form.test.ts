import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { QUILT_METADATA_BYTES_MAX } from "../../../shared/limits.ts";
import { planForm } from "../../../workers/publisher/quilt-form.ts";
import { quiltProblem, type QuiltRefusal } from "../../../workers/publisher/quilt-problem.ts";
import { multipartBody } from "../../support/multipart-body.ts";

const SHARD_COUNT = 13;

function quilt(fields: readonly (readonly [string, string])[]) {
  const parts = fields.map(
    ([name, value]) => `--B\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return planForm(multipartBody(utf8Bytes(`${parts.join("")}--B--\r\n`)), "B", SHARD_COUNT);
}

const metadata = (entries: unknown) => ["_metadata", JSON.stringify(entries)] as const;

describe("the form of a quilt", () => {
  test("every field is a patch, and _metadata is its tags", async () => {
    const laidOut = await quilt([
      ["b.txt", "second"],
      metadata([
        { identifier: "a.txt", tags: { type: "text", size: 3, nested: { on: true } }, more: 1 },
        { identifier: "nobody", tags: {} },
      ]),
      ["a.txt", "first"],
    ]);
    if (!laidOut.ok) throw new Error(laidOut.failure.kind);
    const { patches } = laidOut.value.plan.index;
    expect(patches.map(({ identifier }) => identifier)).toEqual(["a.txt", "b.txt"]);
    expect(patches[0]?.tags).toEqual(
      new Map([
        ["type", "text"],
        ["size", "3"],
        ["nested", '{"on":true}'],
      ]),
    );
    expect(patches[1]?.tags).toEqual(new Map());
  });

  test("an identifier is repeated in an error no further than errors repeat", () => {
    for (const failure of [
      { kind: "quilt-identifier-invalid", identifier: "i".repeat(70_000), reason: "too-long" },
      { kind: "quilt-identifier-duplicate", identifier: "i".repeat(70_000) },
      { kind: "quilt-tags-too-large", identifier: "i".repeat(70_000) },
    ] as const) {
      const problem = quiltProblem(failure as QuiltRefusal);
      expect(JSON.stringify(problem).length).toBeLessThan(1_000);
    }
  });

  test.each([
    ["no file", [], "quilt-empty"],
    ["tags and no file", [metadata([])], "quilt-empty"],
    ["a name twice", [["a", "1"] as const, ["a", "2"] as const], "quilt-identifier-duplicate"],
    ["a trailing blank", [["a ", "1"] as const], "quilt-identifier-invalid"],
    ["tags that are no JSON", [["_metadata", "{"] as const], "quilt-metadata-malformed"],
    ["tags of another shape", [metadata({ a: 1 })], "quilt-metadata-malformed"],
    [
      "tags for one file twice",
      [metadata([{ identifier: "a" }, { identifier: "a" }])],
      "quilt-metadata-malformed",
    ],
    ["tags twice", [metadata([]), metadata([])], "quilt-metadata-malformed"],
    [
      "tags beyond the bound",
      [["_metadata", " ".repeat(QUILT_METADATA_BYTES_MAX + 1)] as const],
      "quilt-metadata-malformed",
    ],
  ])("%s is refused", async (_, fields, kind) => {
    expect(await quilt(fields)).toMatchObject({ ok: false, failure: { kind } });
  });
});
