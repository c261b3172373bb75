/** What an answer leaves behind when its first bytes never come: nothing that the next read misses. */
import { expect, test } from "vitest";
import { seededBytes } from "../../support/contents.ts";
import { loadCodec } from "../../support/codec.ts";
import { readWorld } from "../../support/read-world.ts";
import { blobContent } from "../../../workers/aggregator/blob-content.ts";
import { openBlob } from "../../../workers/aggregator/open-blob.ts";
import { send, type Sending } from "../../../workers/aggregator/send.ts";
import { segmentKey } from "../../../shared/cache/keys.ts";

const codec = await loadCodec();
const BLOB = seededBytes(500, 1);
const SERVING = {
  consistency: "default",
  presentation: { contentType: null, filename: null, download: false },
  isHead: false,
} as const;

test.each([
  ["the whole", {}],
  ["a range", { Range: "bytes=10-20" }],
  ["several ranges", { Range: "bytes=0-9,490-499" }],
])("%s that the nodes do not give is refused, and holds nothing afterwards", async (_, headers) => {
  const { nodes, services } = readWorld(codec);
  const blobId = nodes.store(BLOB);
  const opened = await openBlob(services, blobId);
  if (!opened.ok) throw new Error(opened.failure.kind);
  const content = await blobContent(services, opened.value, SERVING, new AbortController().signal);
  if (!content.ok) throw new Error(content.failure.kind);
  nodes.setFault(
    Array.from({ length: 10 }, (_, index) => index),
    "down",
  );
  const refused: string[] = [];
  const sending: Sending = {
    bodyPipe: () => new TransformStream(),
    random: services.random,
    problem: () => new Response(null, { status: 412 }),
    refuse(failure) {
      refused.push(failure.kind);
      return new Response(null, { status: 503 });
    },
    broke: () => undefined,
    streams: () => () => undefined,
    background: () => undefined,
  };
  await send(new Request("https://edge.test/v1/blobs/x", { headers }), content.value, sending);
  expect(refused).toEqual(["slivers-unavailable"]);
  expect(services.workingMemory.bytesTaken).toBe(0);
  const key = segmentKey(opened.value, 0);
  const { filling, keeping } = services.remembered;
  expect([filling.count(key), keeping.count(key)]).toEqual([0, 0]);
});
