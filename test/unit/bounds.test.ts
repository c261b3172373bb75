/** Bounds of texts and counts that one pure function holds, each at the bound and one beyond. */
import { describe, expect, test } from "vitest";
import { isMediaType } from "../../shared/http/media-type.ts";
import {
  MEDIA_TYPE_CHARS_MAX,
  NAME_CHARS_MAX,
  READ_CAUSES_KEPT_MAX,
  WALLET_COMMAND_ID_CHARS_MAX,
} from "../../shared/limits.ts";
import { type BlobReading, noteCause } from "../../shared/nodes/read-sliver.ts";
import { isName } from "../../workers/publisher/names/name.ts";
import { commandFlaw } from "../../workers/publisher/wallet/check-command.ts";

describe("the longest is taken, one character more is not", () => {
  const command = (id: string) =>
    commandFlaw({ kind: "certify", id, signature: new Uint8Array(96) } as never);

  test.each([
    ["media type", MEDIA_TYPE_CHARS_MAX, (length: number) => isMediaType("a/".padEnd(length, "b"))],
    ["name", NAME_CHARS_MAX, (length: number) => isName("a".repeat(length))],
    [
      "id of a wallet's command",
      WALLET_COMMAND_ID_CHARS_MAX,
      (length: number) => command("a".repeat(length))?.startsWith("id") !== true,
    ],
  ] as const)("%s", (_, charsMax, isTaken) => {
    expect([isTaken(charsMax), isTaken(charsMax + 1)]).toEqual([true, false]);
  });
});

test("a read keeps so many causes for its log line, the first ones", () => {
  const reading = { causes: [] } as unknown as BlobReading;
  for (let index = 0; index <= READ_CAUSES_KEPT_MAX; index++) {
    noteCause(reading, { nodeId: `${index}`, kind: "unreachable" });
  }
  expect(reading.causes).toHaveLength(READ_CAUSES_KEPT_MAX);
  expect(reading.causes[0]?.nodeId).toBe("0");
});
