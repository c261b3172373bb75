/**
 * Storage nodes in memory, behind the Fetch port: they hold what the codec encodes and misbehave on
 * demand. For tests of the read side; the local network's nodes are the real thing.
 */
import {
  type Codec,
  type EncodedBlob,
  encodeMetadataWithId,
  encodeRecoverySymbols,
  encodeSliver,
  formatBlobId,
  pairIndexOfShard,
  type RecoverySymbol,
} from "../../shared/codec/index.ts";
import { createNodeClient, type NodeClient } from "../../shared/nodes/client.ts";
import { createPermit } from "../../shared/nodes/permit.ts";
import type { Fetch, Timer } from "../../shared/ports.ts";
import type { Committee } from "../../shared/protocol/committee.ts";
import { untilAborted } from "./until-aborted.ts";

/** How a node misbehaves. */
export const FAKE_FAULTS = [
  "down",
  "silent",
  "corrupt",
  "refuse",
  "wrong-index",
  "truncate",
  "not-found",
  "blocked",
  "stall-body",
] as const;

/** One of them. */
export type FakeFault = (typeof FAKE_FAULTS)[number];

/** The nodes of one committee and what they hold. */
export interface FakeNodes {
  readonly committee: Committee;
  readonly fetch: Fetch;
  readonly client: NodeClient;
  /** Paths requested, in order. */
  readonly requests: string[];
  /** Most requests that were waiting for headers at once. */
  inFlightMax(): number;
  /** Stores a blob at every node; returns its 32-byte ID. */
  store(blob: Uint8Array): Uint8Array;
  /** Stores an encoding as it is, consistent or not. */
  storeEncoded(encoded: EncodedBlob): Uint8Array;
  /** Forgets a blob everywhere. */
  forget(blobId: Uint8Array): void;
  /** What these nodes say is the epoch of a blob's first certification. */
  setCertifiedEpoch(memberIndices: readonly number[], epoch: number | null): void;
  /** Gives the nodes at these positions a fault; `null` heals them. */
  setFault(memberIndices: readonly number[], fault: FakeFault | null): void;
}

/** A committee of `memberCount` nodes that own `shardCount` shards in turn. */
export function fakeCommittee(shardCount: number, memberCount: number, epoch = 5): Committee {
  return {
    epoch,
    shardCount,
    members: Array.from({ length: memberCount }, (_, memberIndex) => ({
      nodeId: `0x${String(memberIndex).padStart(64, "0")}`,
      name: `node ${memberIndex}`,
      baseUrl: `http://node-${memberIndex}.test`,
      publicKey: new Uint8Array(96),
      shardIndices: Array.from({ length: shardCount }, (_, shard) => shard).filter(
        (shard) => shard % memberCount === memberIndex,
      ),
    })),
  };
}

/** Starts fake nodes. */
export function createFakeNodes(
  codec: Codec,
  timer: Timer,
  { shardCount = 10, memberCount = 10, epoch = 5 } = {},
): FakeNodes {
  const committee = fakeCommittee(shardCount, memberCount, epoch);
  const blobs = new Map<string, EncodedBlob>();
  const faults = new Map<number, FakeFault>();
  const certifiedEpochs = new Map<number, number | null>();
  const requests: string[] = [];
  let inFlight = 0;
  let inFlightMax = 0;

  const fetch: Fetch = async (request) => {
    requests.push(new URL(request.url).pathname);
    inFlight++;
    inFlightMax = Math.max(inFlightMax, inFlight);
    try {
      return await answer(request);
    } finally {
      inFlight--;
    }
  };

  async function answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const memberIndex = Number(/^node-(\d+)\.test$/.exec(url.hostname)?.[1]);
    const fault = faults.get(memberIndex);
    if (fault === "down") throw new TypeError("connection refused");
    if (fault === "silent") return untilAborted(request);
    if (fault === "refuse") return refusal(503, "UNAVAILABLE");
    if (fault === "not-found") return refusal(404, "SLIVER_NOT_FOUND");
    if (fault === "blocked") return refusal(451, "FORBIDDEN_BLOB");
    if (url.pathname.endsWith("/status")) return status(certifiedEpochs.get(memberIndex));
    const body = bodyOf(memberIndex, url, fault);
    if (typeof body === "string") return refusal(404, body);
    if (fault === "stall-body") {
      return new Response(
        new ReadableStream({
          start(controller) {
            controller.enqueue(body.subarray(0, 4));
            untilAborted(request).catch((error: unknown) => controller.error(error));
          },
        }),
      );
    }
    if (fault === "corrupt") body[Math.floor(body.length / 2)]! ^= 0x40;
    return new Response(fault === "truncate" ? body.slice(0, body.length - 3) : body);
  }

  function bodyOf(
    memberIndex: number,
    url: URL,
    fault: FakeFault | undefined,
  ): Uint8Array<ArrayBuffer> | string {
    const [, , , blobId = "", kind, pairText, axis] = url.pathname.split("/");
    const encoded = blobs.get(blobId);
    if (encoded === undefined) return "METADATA_NOT_FOUND";
    const { metadata } = encoded;
    if (kind === "metadata") return encodeMetadataWithId(metadata, metadata.blobId);
    const shards = committee.members[memberIndex]?.shardIndices ?? [];
    const pairs = shards.map((shard) => pairIndexOfShard(shard, metadata.blobId, shardCount));
    if (kind === "slivers") {
      const pair = Number(pairText);
      if (!pairs.includes(pair)) return "SHARD_NOT_ASSIGNED";
      const index = fault === "wrong-index" ? (pair + 1) % shardCount : pair;
      return encodeSliver(
        axis === "secondary"
          ? encoded.sliver("secondary", shardCount - 1 - index)
          : encoded.sliver("primary", index),
      );
    }
    if (kind === "recoverySymbols") {
      const target = Number(url.searchParams.get("targetSliver"));
      const ofRows = url.searchParams.get("targetType") === "secondary";
      const cellOf = (axis: "primary" | "secondary", index: number, at: number): RecoverySymbol => {
        const expanded = codec.expandSliver(encoded.sliver(axis, index), shardCount);
        if (!expanded.ok) throw new Error(expanded.failure.kind);
        return expanded.value.recoverySymbol(at);
      };
      // As the official node: it proves a cell by its row where it has that row.
      const symbols = pairs.map((pair): RecoverySymbol => {
        if (ofRows) return cellOf("primary", pair, target);
        const column = shardCount - 1 - pair;
        return pairs.includes(target)
          ? cellOf("primary", target, column)
          : cellOf("secondary", column, target);
      });
      return encodeRecoverySymbols(symbols);
    }
    return "METADATA_NOT_FOUND";
  }

  const permit = createPermit(fetch);
  return {
    committee,
    fetch,
    client: createNodeClient({ permit, timer, lane: "test" }),
    requests,
    inFlightMax: () => inFlightMax,
    store(blob) {
      const encoded = codec.encode(blob, shardCount);
      if (!encoded.ok) throw new Error(encoded.failure.kind);
      return this.storeEncoded(encoded.value);
    },
    storeEncoded(encoded) {
      blobs.set(formatBlobId(encoded.metadata.blobId), encoded);
      return encoded.metadata.blobId;
    },
    forget: (blobId) => void blobs.delete(formatBlobId(blobId)),
    setCertifiedEpoch(memberIndices, epoch) {
      for (const index of memberIndices) certifiedEpochs.set(index, epoch);
    },
    setFault(memberIndices, fault) {
      for (const index of memberIndices) {
        if (fault === null) faults.delete(index);
        else faults.set(index, fault);
      }
    },
  };
}

/** The status of a deletable blob; of none when nothing was set. */
function status(initialCertifiedEpoch: number | null | undefined): Response {
  const deletableCounts = { count_deletable_total: 1, count_deletable_certified: 1 };
  const known = { deletable: { initialCertifiedEpoch, deletableCounts } };
  const data = initialCertifiedEpoch === undefined ? "nonexistent" : known;
  return Response.json({ success: { code: 200, data } });
}

function refusal(status: number, reason: string): Response {
  const details = [{ "@type": "ErrorInfo", reason, domain: "storage.walrus.space", metadata: {} }];
  const body = { error: { code: status, status: "NOT_FOUND", message: reason, details } };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
}
