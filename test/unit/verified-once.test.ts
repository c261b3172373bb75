/** The simulator's nodes take no sliver that a node would refuse, however often a right one came. */
import { expect, test } from "vitest";
import type { Sliver } from "../../shared/codec/index.ts";
import { verifyingOnce } from "../sim/verified-once.ts";
import { loadCodec } from "../support/codec.ts";
import { seededBytes } from "../support/contents.ts";

const SHARDS = 10;

test("a sliver that was verified is taken again, and no other in its place", async () => {
  const codec = await loadCodec();
  let verifications = 0;
  const once = verifyingOnce({
    ...codec,
    verifySliver: (...args) => {
      verifications++;
      return codec.verifySliver(...args);
    },
  });
  const encodedOf = (seed: number) => {
    const encoded = codec.encode(seededBytes(500, seed), SHARDS);
    if (!encoded.ok) throw new Error(encoded.failure.kind);
    return encoded.value;
  };
  const encoded = encodedOf(1);
  const { metadata } = encoded;
  const [pair] = encoded.slivers([0]);
  const sliver = pair?.primary as Sliver;
  for (let n = 0; n < 3; n++) expect(once.verifySliver(sliver, metadata).ok).toBe(true);
  expect(verifications).toBe(1);

  const altered = { ...sliver, data: sliver.data.slice() };
  altered.data[0] = (altered.data[0] ?? 0) ^ 1;
  const wrong: readonly Sliver[] = [
    altered,
    { ...sliver, sliverIndex: 1 },
    { ...sliver, sliverIndex: SHARDS },
    { ...sliver, axis: "secondary" },
    { ...sliver, symbolBytes: sliver.symbolBytes + 2 },
    { ...sliver, data: sliver.data.slice(1) },
  ];
  for (const each of wrong) {
    for (let n = 0; n < 2; n++) {
      expect(once.verifySliver(each, metadata)).toEqual(codec.verifySliver(each, metadata));
      expect(once.verifySliver(each, metadata).ok).toBe(false);
    }
  }
  const other = encodedOf(2);
  expect(once.verifySliver(sliver, other.metadata).ok).toBe(false);
  encoded.release();
  other.release();
});
