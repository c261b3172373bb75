/**
 * A committee of storage nodes behind the `Fetch` port: they keep what they are given and sign with
 * real keys. Each may have a fault.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { fromHex, toBase64 } from "../../../shared/bytes/text.ts";
import { parseBlobId } from "../../../shared/codec/index.ts";
import type { Fetch } from "../../../shared/ports.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { confirmationMessage } from "../../../shared/protocol/confirmation.ts";
import { untilAborted } from "../../support/until-aborted.ts";
import { refusal, success } from "../nodes/support.ts";

export type StubFault =
  | "down"
  | "silent"
  | "silent-slivers"
  | "blocks"
  | "wrong-signature"
  | "later-epoch"
  | "earlier-epoch"
  | "late-registration"
  | "no-buffer"
  | "moved-shards";

interface StubNode {
  readonly secretKey: Uint8Array;
  readonly stored: Map<string, Uint8Array>;
  fault: StubFault | null;
  requestCount: number;
  /** Puts it has buffered, not stored. */
  bufferedCount: number;
  inFlight: Map<string, number>;
}

const EPOCH = 5;
const REGISTERED_AT_REQUEST = 3;
/** How far from its own a node signs. */
const SIGNED_EPOCHS: Partial<Record<string, number>> = { "later-epoch": 1, "earlier-epoch": -1 };
const bls = bls12_381.longSignatures;

export class StubNetwork {
  readonly committee: Committee;
  readonly nodes: readonly StubNode[];
  /** Most requests of one lane that were in flight at once, at all nodes together. */
  laneInFlightMax = 0;
  /** Whether nodes know the blob's registration. */
  isRegistered = true;
  readonly #laneInFlight = new Map<string, number>();

  /** Nodes that own `shardCounts[i]` shards each. */
  constructor(shardCounts: readonly number[]) {
    let nextShard = 0;
    this.nodes = shardCounts.map((_, index) => ({
      secretKey: new Uint8Array(32).fill(index + 1),
      stored: new Map(),
      fault: null,
      requestCount: 0,
      bufferedCount: 0,
      inFlight: new Map(),
    }));
    const members = shardCounts.map((shardCount, index) => ({
      nodeId: `0x${index}`,
      name: `node ${index}`,
      baseUrl: `http://node-${index}.test`,
      publicKey: bls.getPublicKey(new Uint8Array(32).fill(index + 1)).toBytes(false),
      shardIndices: Array.from({ length: shardCount }, () => nextShard++),
    }));
    this.committee = { epoch: EPOCH, shardCount: nextShard, members };
  }

  readonly fetch: Fetch = async (request) => {
    const url = new URL(request.url);
    const index = Number(/^node-(\d+)\.test$/.exec(url.hostname)?.[1]);
    const node = this.nodes[index]!;
    node.requestCount++;
    const lane = request.headers.get("x-walrus-lane") ?? "";
    const inFlight = (this.#laneInFlight.get(lane) ?? 0) + 1;
    this.#laneInFlight.set(lane, inFlight);
    this.laneInFlightMax = Math.max(this.laneInFlightMax, inFlight);
    try {
      return await this.#answer(node, request, url);
    } finally {
      this.#laneInFlight.set(lane, (this.#laneInFlight.get(lane) ?? 1) - 1);
    }
  };

  async #answer(node: StubNode, request: Request, url: URL): Promise<Response> {
    const path = url.pathname;
    const isPending = url.searchParams.get("pending") === "true";
    const isSliver = path.includes("/slivers/");
    switch (node.fault) {
      case "down":
        throw new Error("connection refused");
      case "blocks":
        return refusal(451, "FORBIDDEN_BLOB");
      case "silent":
        return untilAborted(request);
      case "silent-slivers":
        if (isSliver) return untilAborted(request);
        break;
      case "late-registration":
        if (node.requestCount < REGISTERED_AT_REQUEST) return refusal(400, "NOT_REGISTERED");
        break;
      case "no-buffer":
        if (isPending) return refusal(400, "CACHE_SATURATED");
        break;
      case "moved-shards":
        if (isSliver) return refusal(400, "SHARD_NOT_ASSIGNED");
        break;
      case "wrong-signature":
      case "later-epoch":
      case "earlier-epoch":
      case null:
        break;
    }
    const isWrite = request.method === "PUT" || path.includes("/confirmation/");
    if (!this.isRegistered && isWrite && !isPending) return refusal(400, "NOT_REGISTERED");
    if (isPending) node.bufferedCount++;
    if (request.method === "PUT") {
      const isKnown = node.stored.has(path);
      node.stored.set(path, new Uint8Array(await request.arrayBuffer()));
      return success("…", isKnown ? 200 : 201);
    }
    if (path.endsWith("/status")) {
      return success(node.stored.has(path.replace(/\/status$/, "")) ? "stored" : "nonexistent");
    }
    const confirmation =
      /^\/v1\/blobs\/([^/]+)\/confirmation\/(?:permanent|deletable\/(0x\w+))$/.exec(path);
    return confirmation === null ? refusal(404, "NOT_FOUND") : this.#confirm(node, confirmation);
  }

  #confirm(node: StubNode, [, blobText = "", objectId]: RegExpExecArray): Response {
    const shards = this.committee.members[this.nodes.indexOf(node)]?.shardIndices.length ?? 0;
    const slivers = [...node.stored.keys()].filter((path) => path.includes("/slivers/"));
    if (slivers.length < shards * 2) return refusal(400, "MISSING_SLIVERS");
    const message = confirmationMessage({
      epoch: EPOCH + (SIGNED_EPOCHS[node.fault ?? ""] ?? 0),
      blobId: parseBlobId(blobText)!,
      deletableObjectId: objectId ?? null,
    });
    const signedBytes = node.fault === "wrong-signature" ? fromHex("00")! : message;
    const signature = bls.sign(bls.hash(signedBytes), node.secretKey).toBytes(true);
    return success({
      signed: { serializedMessage: toBase64(message), signature: toBase64(signature) },
    });
  }
}
