/** The official encoder (`@mysten/walrus-wasm`) in the words of this repository. */
import { BlobEncoder } from "@mysten/walrus-wasm";

/** What the peer computes for one blob. */
export interface PeerBlob {
  readonly blobId: Uint8Array;
  readonly rootHash: Uint8Array;
  /** Per pair: primary hash, then secondary hash. */
  readonly sliverHashes: Uint8Array;
  /** BCS SliverData in pair order. */
  readonly primarySlivers: readonly Uint8Array[];
  readonly secondarySlivers: readonly Uint8Array[];
}

type PeerNode = "Empty" | { readonly Digest: ArrayLike<number> };

interface PeerMetadata {
  readonly blob_id: ArrayLike<number>;
  readonly metadata: {
    readonly V1: {
      readonly hashes: readonly {
        readonly primary_hash: PeerNode;
        readonly secondary_hash: PeerNode;
      }[];
    };
  };
}

/** Encodes with the peer. Sizes are the caller's: bytes of both kinds of sliver. */
export function encodeWithPeer(
  blob: Uint8Array,
  shardCount: number,
  primaryBytes: number,
  secondaryBytes: number,
): PeerBlob {
  const encoder = new BlobEncoder(shardCount);
  const buffers = (byteCount: number) =>
    Array.from({ length: shardCount }, () => new Uint8Array(bcsBytes(byteCount)));
  const primarySlivers = buffers(primaryBytes);
  const secondarySlivers = buffers(secondaryBytes);
  const [metadata, root] = encoder.encode(blob, primarySlivers, secondarySlivers) as [
    PeerMetadata,
    PeerNode,
  ];
  encoder.free();
  const { hashes } = metadata.metadata.V1;
  return {
    blobId: Uint8Array.from(metadata.blob_id),
    rootHash: digestOf(root),
    sliverHashes: new Uint8Array(
      Buffer.concat(
        hashes.flatMap((pair) => [digestOf(pair.primary_hash), digestOf(pair.secondary_hash)]),
      ),
    ),
    primarySlivers,
    secondarySlivers,
  };
}

/** Decodes primary slivers (BCS) with the peer. */
export function decodeWithPeer(
  blobId: Uint8Array,
  shardCount: number,
  unencodedBytes: number,
  slivers: Uint8Array[],
): Uint8Array {
  const encoder = new BlobEncoder(shardCount);
  const blob = new Uint8Array(unencodedBytes);
  encoder.decode([...blobId], BigInt(unencodedBytes), slivers, blob);
  encoder.free();
  return blob;
}

function digestOf(node: PeerNode): Uint8Array {
  return node === "Empty" ? new Uint8Array(32) : Uint8Array.from(node.Digest);
}

function bcsBytes(byteCount: number): number {
  let lengthBytes = 1;
  for (let rest = byteCount; rest >= 0x80; rest >>= 7) lengthBytes++;
  return lengthBytes + byteCount + 4;
}
