import { describe, expect, test } from "vitest";
import { bcs } from "@mysten/bcs";
import { parseAttributes } from "../../../shared/sui/attributed-blob.ts";

const FIELD_ID = `0x${"ab".repeat(32)}`;

/** The dynamic field that holds attributes (Move `metadata.move::Metadata`, a VecMap). */
function field(pairs: readonly (readonly [string, string])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([
    ...new Uint8Array(32),
    ...bcs.byteVector().serialize(new TextEncoder().encode("metadata")).toBytes(),
    ...bcs
      .vector(bcs.tuple([bcs.string(), bcs.string()]))
      .serialize(pairs.map(([key, value]) => [key, value] as [string, string]))
      .toBytes(),
  ]);
}

describe("attributes of a blob", () => {
  test("are none where there is no field, and those of the field in its order", () => {
    expect(parseAttributes(null)).toEqual({ ok: true, value: new Map() });
    const pairs = [
      ["b", "2"],
      ["a", "1"],
    ] as const;
    const read = parseAttributes({ objectId: FIELD_ID, content: field(pairs) });
    expect(read.ok && [...read.value]).toEqual(pairs);
  });

  test("that cannot be read are not taken for none", () => {
    for (const content of [new Uint8Array(3), field([["a", "1"]]).slice(0, -1)]) {
      expect(parseAttributes({ objectId: FIELD_ID, content })).toEqual({
        ok: false,
        failure: {
          kind: "malformed-answer",
          call: "getObjects",
          detail: `contents of ${FIELD_ID}`,
        },
      });
    }
  });
});
