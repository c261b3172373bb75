/**
 * The contests between our codec and the official encoder. Runs unchanged in Node and in workerd.
 *
 * Contents are pseudo-random: nothing here may profit from a pattern in the blob.
 */
import { BlobEncoder } from "@mysten/walrus-wasm";
import {
  type Codec,
  encodeSliver,
  type Sliver,
  sliverBytes,
  symbolBytesFor,
  type VerifiedMetadata,
} from "../../../shared/codec/index.ts";
import { valueOf } from "../../support/results.ts";
import { watchMemories } from "./memory.ts";

const KIB = 1024;
const MIB = 1024 * KIB;
const CHUNK_BYTES = MIB;

/** One thing done both ways. Both return bytes that must be equal. */
export interface Contest {
  ours(): Uint8Array;
  peer(): Uint8Array;
}

/** A named contest, built only when its turn comes: it may hold a large blob. */
export interface CodecCase {
  readonly name: string;
  make(codec: Codec, shardCount: number): Contest;
}

/**
 * Prepares a contest and runs our side once, to warm it and to see how much memory it takes. That
 * run has a codec of its own, made afterwards, so that what the preparation took does not count.
 */
export function prepare(
  each: CodecCase,
  newCodec: () => Codec,
  shardCount: number,
): { contest: Contest; memoryBytes: number } {
  let codec = newCodec();
  // A codec that looks through to the newest one.
  const latest = new Proxy(codec, {
    get: (_, name) => Reflect.get(codec, name) as unknown,
  });
  const contest = each.make(latest, shardCount);
  codec = newCodec();
  const peak = watchMemories();
  contest.ours();
  return { contest, memoryBytes: peak() };
}

const SIZES: Readonly<Record<string, number>> = {
  "1 B": 1,
  "1 KiB": KIB,
  "64 KiB": 64 * KIB,
  "1 MiB": MIB,
  "8 MiB": 8 * MIB,
  "32 MiB": 32 * MIB,
  "64 MiB": 64 * MIB,
};

/** Every case; `sizeMax` leaves out larger blobs. */
export function codecCases(sizeMax = Number.POSITIVE_INFINITY): CodecCase[] {
  const sized = (labels: readonly string[]): (readonly [string, number])[] =>
    labels.map((label) => [label, SIZES[label] ?? 0] as const).filter(([, n]) => n <= sizeMax);
  return [
    ...sized(Object.keys(SIZES)).map(([label, byteCount]) => metadataCase(label, byteCount)),
    ...sized(["64 KiB", "1 MiB", "8 MiB", "32 MiB"]).map(([label, byteCount]) =>
      encodeCase(label, byteCount),
    ),
    ...sized(["64 KiB", "8 MiB", "32 MiB"]).flatMap(([label, byteCount]) => [
      decodeCase(`decode ${label} one missing`, byteCount, (primaryCount) => ({
        first: 1,
        step: 1,
        count: primaryCount,
      })),
      decodeCase(`decode ${label} spread`, byteCount, (primaryCount) => ({
        first: 1,
        step: 2,
        count: primaryCount,
      })),
    ]),
    ...sized(["64 KiB", "1 MiB"]).map(([label, byteCount]) => degradedReadCase(label, byteCount)),
  ];
}

function metadataCase(label: string, byteCount: number): CodecCase {
  return {
    name: `metadata ${label}`,
    make(codec, shardCount) {
      const blob = randomBytes(byteCount);
      const peer = new BlobEncoder(shardCount);
      return {
        ours: () => valueOf(codec.metadata(blob, shardCount)).blobId,
        peer: () => peerBlobId(peer.compute_metadata(blob)),
      };
    },
  };
}

/** All 2n slivers in the form they travel in. Ours reads the blob in chunks of 1 MiB. */
function encodeCase(label: string, byteCount: number): CodecCase {
  return {
    name: `encode ${label}`,
    make(codec, shardCount) {
      const blob = randomBytes(byteCount);
      const peer = new BlobEncoder(shardCount);
      const pairs = Array.from({ length: shardCount }, (_, index) => index);
      const symbolBytes = valueOf(symbolBytesFor(byteCount, shardCount));
      const buffers = (axis: "primary" | "secondary") => {
        const data = new Uint8Array(sliverBytes(axis, symbolBytes, shardCount));
        const { length } = encodeSliver({ axis, sliverIndex: 0, symbolBytes, data });
        return pairs.map(() => new Uint8Array(length));
      };
      return {
        ours() {
          const encoded = valueOf(
            codec.encode({ chunks: chunksOf(blob), unencodedBytes: byteCount }, shardCount),
          );
          let last = new Uint8Array(0);
          for (const pair of encoded.slivers(pairs)) {
            last = encodeSliver(pair.primary);
            encodeSliver(pair.secondary);
          }
          encoded.release();
          return last;
        },
        peer() {
          const primary = buffers("primary");
          peer.encode(blob, primary, buffers("secondary"));
          return primary.at(-1) ?? new Uint8Array(0);
        },
      };
    },
  };
}

interface Picks {
  readonly first: number;
  readonly step: number;
  readonly count: number;
}

/** `count` primary slivers from `first`, `step` apart; neither side verifies them. */
function decodeCase(
  name: string,
  byteCount: number,
  pick: (primaryCount: number) => Picks,
): CodecCase {
  return {
    name,
    make(codec, shardCount) {
      const { slivers, metadata } = pickSlivers(codec, byteCount, shardCount, pick);
      const peer = peerDecoder(slivers, metadata);
      return { ours: () => valueOf(codec.decode(slivers, metadata)), peer };
    },
  };
}

/** None of the slivers counts as verified when it came, so every row is checked. */
const NO_ROWS: ReadonlySet<number> = new Set();

/**
 * One source sliver missing and the default consistency check. Ours decodes and compares the rows
 * of the blob with the hashes in verified metadata; the peer decodes and encodes again.
 */
function degradedReadCase(label: string, byteCount: number): CodecCase {
  return {
    name: `degraded read ${label}`,
    make(codec, shardCount) {
      const pick = (primaryCount: number) => ({ first: 1, step: 1, count: primaryCount });
      const { slivers, metadata } = pickSlivers(codec, byteCount, shardCount, pick);
      const decode = peerDecoder(slivers, metadata);
      const peer = new BlobEncoder(shardCount);
      return {
        ours() {
          const blob = valueOf(codec.decode(slivers, metadata));
          valueOf(codec.checkRows(blob, metadata, NO_ROWS));
          return blob;
        },
        peer() {
          const blob = decode();
          peerBlobId(peer.compute_metadata(blob));
          return blob;
        },
      };
    },
  };
}

function pickSlivers(
  codec: Codec,
  byteCount: number,
  shardCount: number,
  pick: (primaryCount: number) => Picks,
): { slivers: Sliver[]; metadata: VerifiedMetadata } {
  const encoded = valueOf(codec.encode(randomBytes(byteCount), shardCount));
  const { first, step, count } = pick(encoded.parameters.primaryCount);
  const indices = Array.from({ length: count }, (_, index) => (first + index * step) % shardCount);
  const slivers = [...encoded.slivers(indices)].map((pair) => pair.primary);
  encoded.release();
  return { slivers, metadata: encoded.metadata };
}

function peerDecoder(slivers: readonly Sliver[], metadata: VerifiedMetadata): () => Uint8Array {
  const { shardCount, unencodedBytes } = metadata;
  const peer = new BlobEncoder(shardCount);
  const bcs = slivers.map(encodeSliver);
  const id = [...metadata.blobId];
  return () => {
    const blob = new Uint8Array(unencodedBytes);
    peer.decode(id, BigInt(unencodedBytes), bcs, blob);
    return blob;
  };
}

/** The peer answers with the ID's bytes first in Node, and as a field in other builds. */
function peerBlobId(answer: unknown): Uint8Array {
  const [first] = answer as [ArrayLike<number> | { readonly blob_id: ArrayLike<number> }];
  return Uint8Array.from("blob_id" in first ? first.blob_id : first);
}

function* chunksOf(blob: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < blob.length; start += CHUNK_BYTES) {
    yield blob.subarray(start, start + CHUNK_BYTES);
  }
}

/** Xorshift32 from a fixed seed. */
function randomBytes(byteCount: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteCount);
  let state = 0x9e3779b9;
  for (let index = 0; index < byteCount; index++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
