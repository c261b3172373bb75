/** What an answer leaves behind when its first bytes never come: nothing that the next read misses. */
import { expect, test } from "vitest";
import { seededBytes } from "../../support/contents.ts";
import { loadCodec } from "../../support/codec.ts";
import { type ReadWorld, readWorld } from "../../support/read-world.ts";
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

interface Sent {
  readonly refused: string[];
  readonly background: Promise<void>[];
  readonly answer: Response;
}

/** Sends the blob as content; with faults after it was opened, where `fail` sets some. */
async function sent(
  { nodes, services }: ReadWorld,
  init: RequestInit,
  spoil: () => void = () => undefined,
): Promise<Sent & { readonly key: string }> {
  const opened = await openBlob(services, nodes.store(BLOB));
  if (!opened.ok) throw new Error(opened.failure.kind);
  const content = await blobContent(services, opened.value, SERVING, new AbortController().signal);
  if (!content.ok) throw new Error(content.failure.kind);
  spoil();
  const refused: string[] = [];
  const background: Promise<void>[] = [];
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
    background: (work) => void background.push(work),
  };
  const request = new Request("https://edge.test/v1/blobs/x", init);
  const answer = await send(request, content.value, sending);
  return { refused, background, answer, key: segmentKey(opened.value, 0) };
}

/** What a read that is over leaves behind. */
function leftBehind({ services }: ReadWorld, key: string): readonly number[] {
  const { filling, keeping } = services.remembered;
  return [services.workingMemory.bytesTaken, filling.count(key), keeping.count(key)];
}

test.each([
  ["the whole", {}],
  ["a range", { Range: "bytes=10-20" }],
  ["several ranges", { Range: "bytes=0-9,490-499" }],
])("%s that the nodes do not give is refused, and holds nothing afterwards", async (_, headers) => {
  const world = readWorld(codec);
  const everybody = Array.from({ length: 10 }, (_, index) => index);
  const { refused, key } = await sent(world, { headers }, () =>
    world.nodes.setFault(everybody, "down"),
  );
  expect(refused).toEqual(["slivers-unavailable"]);
  expect(leftBehind(world, key)).toEqual([0, 0, 0]);
});

test("for a client that has gone already no node is asked", async () => {
  const world = readWorld(codec);
  const signal = AbortSignal.abort(new Error("gone"));
  let asked = 0;
  const { background, key } = await sent(world, { signal }, () => {
    asked = world.nodes.requests.length;
  });
  await Promise.all(background);
  expect(world.nodes.requests.slice(asked)).toEqual([]);
  expect(leftBehind(world, key)).toEqual([0, 0, 0]);
});

test("a client that leaves an unread answer ends the read of it", async () => {
  const kept: Promise<void>[] = [];
  const { services, ...rest } = readWorld(codec);
  const world: ReadWorld = {
    ...rest,
    services: { ...services, background: (work) => void kept.push(work) },
  };
  const { background, answer, key } = await sent(world, {});
  await answer.body?.cancel();
  await Promise.all([...background, ...kept]);
  expect(leftBehind(world, key)).toEqual([0, 0, 0]);
});
