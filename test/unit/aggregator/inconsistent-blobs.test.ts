/**
 * 1,000 blobs of dishonest writers, judged as strict, default and skip demand: against a naive model,
 * and the strict verdict against the official encoder as the official SDK's `readBlob` asks it.
 */
import { BlobEncoder } from "@mysten/walrus-wasm";
import { describe, expect, test } from "vitest";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import {
  type BlobMetadata,
  type EncodedBlob,
  shardIndexOfPair,
} from "../../../shared/codec/index.ts";
import { blobGeometry } from "../../../shared/nodes/read-geometry.ts";
import { blobContent } from "../../../workers/aggregator/blob-content.ts";
import { openBlob } from "../../../workers/aggregator/open-blob.ts";
import { collect } from "../../../workers/aggregator/representation.ts";
import type { Consistency } from "../../../workers/aggregator/query.ts";
import { type ClaimedBlob, verdict } from "../../reference/verdict.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { tampered, withLength } from "../../support/inconsistent.ts";
import { type ReadWorld, readWorld } from "../../support/read-world.ts";
import { seededRandom } from "../../support/seeded-random.ts";

const codec = await loadCodec();
const MODES: readonly Consistency[] = ["strict", "default", "skip"];
const BLOBS_PER_KIND = 50;
const HASH_BYTES = 32;
const PRESENTATION = { contentType: null, filename: null, download: false };

/** How a writer lies; `unit` draws. */
const LIES: Readonly<Record<string, (n: number, L: number, unit: () => number) => Lie>> = {
  "one hash": (n, _, unit) => withFlippedHashes([Math.floor(unit() * 2 * n)]),
  "several hashes": (n, _, unit) => withFlippedHashes(indices(2 * n).filter(() => unit() < 0.2)),
  "the hashes of all columns": (n) => withFlippedHashes(indices(n).map((pair) => 2 * pair + 1)),
  "all hashes": (n) => withFlippedHashes(indices(2 * n)),
  // The blob was longer: what follows the claimed end is not zero.
  padding: (n, L, unit) => withLength(shorter(n, L, unit)),
};

/** A length that is encoded with symbols of the same size: else no sliver has the right length. */
function shorter(n: number, L: number, unit: () => number): number {
  const claimed = L - 1 - Math.floor(unit() * Math.min(L - 1, 40));
  const sizeOf = (length: number) => blobGeometry(length, n).symbolBytes;
  return sizeOf(claimed) === sizeOf(L) ? claimed : L;
}

type Lie = (metadata: BlobMetadata) => BlobMetadata;

function withFlippedHashes(which: readonly number[]): Lie {
  return (metadata) => {
    const sliverHashes = metadata.sliverHashes.slice();
    for (const hash of which) sliverHashes[hash * HASH_BYTES]! ^= 1;
    return { ...metadata, sliverHashes };
  };
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function claimedBlob(encoded: EncodedBlob): ClaimedBlob {
  const { metadata } = encoded;
  const n = metadata.shardCount;
  return {
    n,
    L: metadata.unencodedBytes,
    blobId: metadata.blobId,
    primaryHashes: indices(n).map((pair) =>
      metadata.sliverHashes.slice(2 * pair * HASH_BYTES, (2 * pair + 1) * HASH_BYTES),
    ),
    slivers: indices(n).map((index) => encoded.sliver("primary", index).data),
  };
}

async function judge({ services }: ReadWorld, blobId: Uint8Array, consistency: Consistency) {
  const signal = new AbortController().signal;
  const opened = await openBlob(services, blobId);
  if (!opened.ok) return { kind: opened.failure.kind };
  const serving = { consistency, presentation: PRESENTATION, isHead: false };
  const content = await blobContent(services, opened.value, serving, signal);
  if (!content.ok) return { kind: simple(content.failure.kind) };
  const range = { start: 0, end: content.value.totalBytes };
  const read = await collect(content.value.bytes(range, signal));
  if (!read.ok) return { kind: simple(read.failure.kind) };
  return { kind: "read", bytes: concatBytes(...read.value) };
}

function simple(kind: string): string {
  if (kind === "slivers-unavailable") return "unavailable";
  return kind === "strict-mismatch" || kind === "blob-inconsistent" ? "inconsistent" : kind;
}

/** `readBlob` of the official SDK: the bytes, encoded again, must have the blob ID. */
function officialBlobId(bytes: Uint8Array, n: number): Uint8Array {
  const encoder = new BlobEncoder(n);
  const [blobId] = encoder.compute_metadata(bytes) as [ArrayLike<number>];
  encoder.free();
  return Uint8Array.from(blobId);
}

describe.each([7, 10, 13, 20])("%i shards", (n) => {
  test.each(Object.keys(LIES))(
    "a writer that lies about %s",
    async (name) => {
      const random = seededRandom(n * 31 + name.length);
      const unit = () => random.unit();
      for (let count = 0; count < BLOBS_PER_KIND; count++) {
        const L = 2 + Math.floor(unit() * 900);
        const world = readWorld(codec, n);
        const lie = LIES[name]!(n, L, unit);
        const encoded = tampered(codec, seededBytes(L, count), n, lie);
        const blobId = world.nodes.storeEncoded(encoded);
        // Up to f nodes are silent, whichever: their slivers are not among those that are fetched.
        const f = Math.floor((n - 1) / 3);
        const down = indices(Math.floor(unit() * (f + 1))).map(() => Math.floor(unit() * n));
        world.nodes.setFault(down, "refuse");
        const missing = new Set(down);
        const given = indices(n).filter((pair) => !missing.has(shardIndexOfPair(pair, blobId, n)));
        const claimed = claimedBlob(encoded);
        for (const mode of MODES) {
          const expected = verdict(claimed, mode, new Set(given));
          const what = `${name}, ${L} bytes, ${missing.size} down, ${mode}`;
          const judged = await judge(world, blobId, mode);
          if (expected.kind === "unavailable") {
            // Columns may give what rows do not: a proof against the writer, or the row itself.
            const all = verdict(claimed, mode, new Set(indices(n)));
            expect([{ kind: "unavailable" }, { kind: "inconsistent" }, all], what).toContainEqual(
              judged,
            );
            continue;
          }
          expect(judged, what).toEqual(expected);
          if (mode !== "strict" || expected.kind !== "read") continue;
          expect(officialBlobId(expected.bytes, n), what).toEqual(blobId);
        }
      }
    },
    60_000,
  );
});
