/** Storage nodes without a chain: tests say what the chain said. */
import { toBase64, toHex } from "../../../../shared/bytes/text.ts";
import {
  type Codec,
  createCodec,
  type EncodedBlob,
  encodeMetadata,
  encodeSliver,
  formatBlobId,
  pairIndexOfShard,
  shardIndexOfPair,
  type SliverAxis,
  sliverIndexOfPair,
} from "../../../../shared/codec/index.ts";
import { compileKernel } from "../../../support/codec.ts";
import { nodeIdentities } from "../../../devnet/network/identities.ts";
import type { ChainEvent } from "../../../devnet/storage-node/chain-view.ts";
import { type ClusterOptions, NodeCluster } from "../../../devnet/storage-node/cluster.ts";
import type { CommitteeView, MemberView } from "../../../devnet/storage-node/committee.ts";

const kernel = await compileKernel();
export const codec: Codec = createCodec(kernel);

/** A blob with what its client needs to store it. */
export interface TestBlob {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly encoded: EncodedBlob;
  readonly metadataBody: Uint8Array;
  readonly objectId: string;
}

export const EVENT_REF = { txDigest: "11111111111111111111111111111111", eventSeq: "0" };

export interface HarnessOptions extends Partial<ClusterOptions> {
  readonly nodeCount?: number;
}

/** A cluster in epoch 1 whose shards go round robin. */
export class Harness {
  readonly cluster: NodeCluster;
  readonly shardCount: number;
  committee: CommitteeView;

  private constructor(cluster: NodeCluster, shardCount: number, committee: CommitteeView) {
    this.cluster = cluster;
    this.shardCount = shardCount;
    this.committee = committee;
  }

  static async start(options: HarnessOptions = {}): Promise<Harness> {
    const shardCount = options.shardCount ?? 7;
    const identities = nodeIdentities("harness", options.nodeCount ?? 3);
    const cluster = await NodeCluster.start({
      kernel,
      shardCount,
      latencyMs: 0,
      eventLagMs: 0,
      threadCount: 1,
      nodes: identities.map(({ nodeId, secretKey }) => ({
        nodeId,
        secretKey,
        port: 0,
        logPath: null,
      })),
      ...options,
    });
    const members: MemberView[] = identities.map(({ nodeId, publicKey }, index) => ({
      nodeId,
      publicKey,
      url: cluster.url(index),
      shardIndices: Array.from({ length: shardCount }, (_, shard) => shard).filter(
        (shard) => shard % identities.length === index,
      ),
    }));
    const committee = { epoch: 1, changing: false, members, previous: [] };
    await cluster.assign(committee, true);
    return new Harness(cluster, shardCount, committee);
  }

  blob(bytes: Uint8Array, objectByte = 1): TestBlob {
    const encoded = codec.encode(bytes, this.shardCount);
    if (!encoded.ok) throw new Error(encoded.failure.kind);
    return {
      key: formatBlobId(encoded.value.metadata.blobId),
      bytes,
      encoded: encoded.value,
      metadataBody: encodeMetadata(encoded.value.metadata),
      objectId: `0x${toHex(new Uint8Array(32).fill(objectByte))}`,
    };
  }

  registered(blob: TestBlob, extra: { deletable?: boolean; endEpoch?: number } = {}): ChainEvent {
    return {
      kind: "registered",
      blobKey: blob.key,
      objectId: blob.objectId,
      deletable: extra.deletable ?? false,
      epoch: 1,
      endEpoch: extra.endEpoch ?? 10,
      ref: EVENT_REF,
    };
  }

  certified(blob: TestBlob, extra: { deletable?: boolean; endEpoch?: number } = {}): ChainEvent {
    return { ...this.registered(blob, extra), kind: "certified" } as ChainEvent;
  }

  /** Node that owns a pair of a blob. */
  nodeOfPair(blob: TestBlob, pairIndex: number): number {
    const { blobId } = blob.encoded.metadata;
    const shard = shardIndexOfPair(pairIndex, blobId, this.shardCount);
    return this.committee.members.findIndex(({ shardIndices }) => shardIndices.includes(shard));
  }

  /** Pairs of a blob that a node owns. */
  pairsOf(blob: TestBlob, nodeIndex: number): number[] {
    const { blobId } = blob.encoded.metadata;
    const shards = this.committee.members[nodeIndex]?.shardIndices ?? [];
    return shards.map((shard) => pairIndexOfShard(shard, blobId, this.shardCount));
  }

  sliverBody(blob: TestBlob, pairIndex: number, axis: SliverAxis): Uint8Array {
    const sliverIndex = sliverIndexOfPair(axis, pairIndex, this.shardCount);
    return encodeSliver(blob.encoded.sliver(axis, sliverIndex));
  }

  fetch(nodeIndex: number, path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.cluster.url(nodeIndex)}${path}`, init);
  }

  putMetadata(blob: TestBlob, nodeIndex: number, query = ""): Promise<Response> {
    return this.fetch(nodeIndex, `/v1/blobs/${blob.key}/metadata${query}`, {
      method: "PUT",
      body: blob.metadataBody,
    });
  }

  putSliver(
    blob: TestBlob,
    pairIndex: number,
    axis: SliverAxis,
    options: { nodeIndex?: number; body?: Uint8Array; query?: string } = {},
  ): Promise<Response> {
    return this.fetch(
      options.nodeIndex ?? this.nodeOfPair(blob, pairIndex),
      `/v1/blobs/${blob.key}/slivers/${pairIndex}/${axis}${options.query ?? ""}`,
      { method: "PUT", body: options.body ?? this.sliverBody(blob, pairIndex, axis) },
    );
  }

  /** Registers and stores a blob on every node; certifies it too. */
  async store(blob: TestBlob): Promise<void> {
    this.cluster.feed([this.registered(blob)], true);
    for (let nodeIndex = 0; nodeIndex < this.cluster.nodeCount; nodeIndex++) {
      await this.storeOn(blob, nodeIndex);
    }
    this.cluster.feed([this.certified(blob)], true);
  }

  async storeOn(blob: TestBlob, nodeIndex: number): Promise<void> {
    await this.putMetadata(blob, nodeIndex);
    for (const pairIndex of this.pairsOf(blob, nodeIndex)) {
      for (const axis of ["primary", "secondary"] as const) {
        await this.putSliver(blob, pairIndex, axis);
      }
    }
  }
}

/** `status reason` of an error answer. */
export async function refusalOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as {
    error: { code: number; details: { reason: string; domain: string }[] };
  };
  if (error.code !== response.status) return `code ${error.code} in a ${response.status}`;
  return `${response.status} ${error.details[0]?.reason ?? "no reason"}`;
}

/** Data of a success answer, after a check that its code is the status. */
export async function dataOf(response: Response): Promise<unknown> {
  const { success } = (await response.json()) as { success: { code: number; data: unknown } };
  if (success.code !== response.status) throw new Error(`code ${success.code} ${response.status}`);
  return success.data;
}

/** Bytes that differ from blob to blob. */
export function someBytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + seed * 7 + (index >> 8)) & 0xff);
}

export { toBase64 };
