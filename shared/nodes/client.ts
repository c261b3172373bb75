/**
 * The HTTP client for one storage node: one method for each endpoint, every failure typed.
 *
 * It speaks the wire format and no more: it does not verify (metadata, slivers and confirmations
 * authenticate themselves and the caller checks them), retry, hedge or choose nodes. Source of the
 * endpoints: `walrus-service node/server/routes.rs`, `walrus-storage-node-client client.rs`.
 */
import * as v from "valibot";
import { fromBase64 } from "../bytes/text.ts";
import {
  decodeDecodingSymbols,
  decodeMetadataWithId,
  decodeRecoverySymbols,
  decodeSliver,
  type DecodingSymbol,
  formatBlobId,
  type MetadataWithId,
  type RecoverySymbol,
  type Sliver,
  type SliverAxis,
} from "../codec/index.ts";
import {
  NODE_JSON_BYTES_MAX,
  NODE_METADATA_BYTES_MAX,
  NODE_METADATA_TIMEOUT_MS,
  NODE_REQUEST_TIMEOUT_MS,
  NODE_STALL_MS,
  NODE_SYMBOLS_BYTES_MAX,
} from "../limits.ts";
import { err, ok, type Result } from "../result.ts";
import { parseBlobStatus, type BlobStatus } from "./blob-status.ts";
import {
  type NodeCall,
  type NodeExchange,
  type NodeTransport,
  createExchange,
} from "./exchange.ts";
import { isNotFound, type NodeFailure } from "./failure.ts";

/** What the client must know of a node; a committee member is one. */
export interface NodeAddress {
  readonly nodeId: string;
  /** Scheme, host and port: `https://node.example:9185`. */
  readonly baseUrl: string;
}

/** Options every request takes. */
export interface RequestOptions {
  /** Milliseconds from sending the request to the last byte of its answer. */
  readonly timeoutMs?: number;
  /** Longest silence between two pieces of the answer's body; `NODE_STALL_MS` unless given. */
  readonly stallMs?: number;
  /** Gives up early; the result is `aborted`. */
  readonly signal?: AbortSignal;
  /** Called when the request leaves: until then it has waited for a slot. */
  readonly onSent?: () => void;
}

/** Options of what is put. */
export interface PutOptions extends RequestOptions {
  /**
   * Sent before the blob is registered: the node buffers it (`?pending=true`), or refuses with
   * CACHE_SATURATED.
   */
  readonly pending?: boolean;
}

/** What a node did with something we put: it is new to it, buffered, or was there before. */
export type PutOutcome = "stored" | "buffered" | "already-there";

/** `StoredOnNodeStatus`. */
export type StoredStatus = "nonexistent" | "buffered" | "stored";

/** What a confirmation is about: a deletable blob's names the Blob object being certified. */
export type ConfirmationTarget =
  | { readonly kind: "permanent" }
  | { readonly kind: "deletable"; readonly objectId: string };

/** A signed storage confirmation as received: nothing of it is verified. */
export interface SignedMessage {
  readonly message: Uint8Array;
  /** 96 bytes if honest: compressed BLS12-381 G2. */
  readonly signature: Uint8Array;
}

/** Health as far as we use it. */
export interface NodeHealth {
  readonly epoch: number;
  readonly nodeStatus: string;
}

/** One method for each endpoint. All take the 32-byte blob ID. Nothing throws on the network. */
export interface NodeClient {
  /** Metadata under the ID it claims; tie it to the blob with `Codec.verifyMetadata`. */
  getMetadata(
    node: NodeAddress,
    blobId: Uint8Array,
    options?: RequestOptions,
  ): Promise<Result<MetadataWithId, NodeFailure>>;
  /** `body` is the BCS of BlobMetadata (`encodeMetadata`), written once for all nodes. */
  putMetadata(
    node: NodeAddress,
    blobId: Uint8Array,
    body: Uint8Array<ArrayBuffer>,
    options?: PutOptions,
  ): Promise<Result<PutOutcome, NodeFailure>>;
  getMetadataStatus(
    node: NodeAddress,
    blobId: Uint8Array,
    options?: RequestOptions,
  ): Promise<Result<StoredStatus, NodeFailure>>;
  /**
   * The sliver of `axis` in pair `pairIndex`, unverified. `bytesMax` is what an honest answer can
   * hold (`sliverBytes` and 16 bytes of framing); a longer one is cut off, not read.
   */
  getSliver(
    node: NodeAddress,
    blobId: Uint8Array,
    pairIndex: number,
    axis: SliverAxis,
    bytesMax: number,
    options?: RequestOptions,
  ): Promise<Result<Sliver, NodeFailure>>;
  /** `body` is the BCS of SliverData (`encodeSliver`). */
  putSliver(
    node: NodeAddress,
    blobId: Uint8Array,
    pairIndex: number,
    axis: SliverAxis,
    body: Uint8Array<ArrayBuffer>,
    options?: PutOptions,
  ): Promise<Result<PutOutcome, NodeFailure>>;
  getSliverStatus(
    node: NodeAddress,
    blobId: Uint8Array,
    pairIndex: number,
    axis: SliverAxis,
    options?: RequestOptions,
  ): Promise<Result<StoredStatus, NodeFailure>>;
  getConfirmation(
    node: NodeAddress,
    blobId: Uint8Array,
    target: ConfirmationTarget,
    options?: RequestOptions,
  ): Promise<Result<SignedMessage, NodeFailure>>;
  /** What the node knows of the blob; an unknown one is `nonexistent`, not a failure. */
  getBlobStatus(
    node: NodeAddress,
    blobId: Uint8Array,
    options?: RequestOptions,
  ): Promise<Result<BlobStatus, NodeFailure>>;
  /** Cells of the node's shards for source slivers `targetIndices` of `axis`, without proofs. */
  getDecodingSymbols(
    node: NodeAddress,
    blobId: Uint8Array,
    axis: SliverAxis,
    targetIndices: readonly number[],
    options?: RequestOptions,
  ): Promise<Result<Map<number, DecodingSymbol[]>, NodeFailure>>;
  /** Cells of the node's shards for sliver `targetIndex` of `axis`, with proofs. */
  getRecoverySymbols(
    node: NodeAddress,
    blobId: Uint8Array,
    axis: SliverAxis,
    targetIndex: number,
    options?: RequestOptions,
  ): Promise<Result<RecoverySymbol[], NodeFailure>>;
  getHealth(node: NodeAddress, options?: RequestOptions): Promise<Result<NodeHealth, NodeFailure>>;
}

const storedStatusSchema = v.picklist(["nonexistent", "buffered", "stored"]);
const confirmationSchema = v.object({
  signed: v.object({ serializedMessage: v.string(), signature: v.string() }),
});
const healthSchema = v.object({ epoch: v.number(), nodeStatus: v.string() });

/** Makes the client of one invocation. */
export function createNodeClient(transport: NodeTransport): NodeClient {
  const exchange = createExchange(transport);
  return { ...metadataMethods(exchange), ...sliverMethods(exchange), ...statusMethods(exchange) };
}

function metadataMethods(
  exchange: NodeExchange,
): Pick<NodeClient, "getMetadata" | "putMetadata" | "getMetadataStatus"> {
  return {
    async getMetadata(node, blobId, options) {
      const call = callOf(node, "get-metadata", "GET", `${blobPath(blobId)}/metadata`, options, {
        timeoutMs: NODE_METADATA_TIMEOUT_MS,
      });
      const bytes = await exchange.bytes(call, NODE_METADATA_BYTES_MAX);
      return bytes.ok ? layout(call, decodeMetadataWithId(bytes.value)) : bytes;
    },
    putMetadata(node, blobId, body, options) {
      const path = `${blobPath(blobId)}/metadata${intentQuery(options)}`;
      const call = callOf(node, "put-metadata", "PUT", path, options, {
        body,
        timeoutMs: NODE_METADATA_TIMEOUT_MS,
      });
      return exchange.outcome(call);
    },
    async getMetadataStatus(node, blobId, options) {
      const path = `${blobPath(blobId)}/metadata/status`;
      const call = callOf(node, "metadata-status", "GET", path, options);
      return exchange.json(call, storedStatusSchema, NODE_JSON_BYTES_MAX);
    },
  };
}

function sliverMethods(
  exchange: NodeExchange,
): Pick<NodeClient, "getSliver" | "putSliver" | "getSliverStatus" | SymbolMethod> {
  return {
    async getSliver(node, blobId, pairIndex, axis, bytesMax, options) {
      const path = sliverPath(blobId, pairIndex, axis);
      const call = callOf(node, "get-sliver", "GET", path, options);
      const bytes = await exchange.bytes(call, bytesMax);
      return bytes.ok ? layout(call, decodeSliver(axis, bytes.value)) : bytes;
    },
    putSliver(node, blobId, pairIndex, axis, body, options) {
      const path = `${sliverPath(blobId, pairIndex, axis)}${intentQuery(options)}`;
      return exchange.outcome(callOf(node, "put-sliver", "PUT", path, options, { body }));
    },
    async getSliverStatus(node, blobId, pairIndex, axis, options) {
      const path = `${sliverPath(blobId, pairIndex, axis)}/status`;
      const call = callOf(node, "sliver-status", "GET", path, options);
      return exchange.json(call, storedStatusSchema, NODE_JSON_BYTES_MAX);
    },
    async getDecodingSymbols(node, blobId, axis, targetIndices, options) {
      const targets = targetIndices.map((index) => `targetSlivers=${index}`).join("&");
      const path = `${blobPath(blobId)}/decodingSymbols?${targets}&targetType=${axis}`;
      const call = callOf(node, "decoding-symbols", "GET", path, options);
      const bytes = await exchange.bytes(call, NODE_SYMBOLS_BYTES_MAX);
      return bytes.ok ? layout(call, decodeDecodingSymbols(bytes.value)) : bytes;
    },
    async getRecoverySymbols(node, blobId, axis, targetIndex, options) {
      const query = `targetSliver=${targetIndex}&targetType=${axis}`;
      const path = `${blobPath(blobId)}/recoverySymbols?${query}`;
      const call = callOf(node, "recovery-symbols", "GET", path, options);
      const bytes = await exchange.bytes(call, NODE_SYMBOLS_BYTES_MAX);
      return bytes.ok ? layout(call, decodeRecoverySymbols(bytes.value)) : bytes;
    },
  };
}

type SymbolMethod = "getDecodingSymbols" | "getRecoverySymbols";

function statusMethods(
  exchange: NodeExchange,
): Pick<NodeClient, "getConfirmation" | "getBlobStatus" | "getHealth"> {
  return {
    async getConfirmation(node, blobId, target, options) {
      const kind = target.kind === "permanent" ? "permanent" : `deletable/${target.objectId}`;
      const path = `${blobPath(blobId)}/confirmation/${kind}`;
      // It completes a node: slivers of others that wait for a slot let it pass.
      const call = callOf(node, "confirmation", "GET", path, options, {
        timeoutMs: NODE_METADATA_TIMEOUT_MS,
        isFirst: true,
      });
      const answer = await exchange.json(call, confirmationSchema, NODE_JSON_BYTES_MAX);
      if (!answer.ok) return answer;
      const message = fromBase64(answer.value.signed.serializedMessage);
      const signature = fromBase64(answer.value.signed.signature);
      if (message === null || signature === null) {
        return malformed(call, "a signed message that is not base64");
      }
      return ok({ message, signature });
    },
    async getBlobStatus(node, blobId, options) {
      const call = callOf(node, "blob-status", "GET", `${blobPath(blobId)}/status`, options);
      const answer = await exchange.json(call, v.unknown(), NODE_JSON_BYTES_MAX);
      if (!answer.ok) {
        return isNotFound(answer.failure) ? ok({ kind: "nonexistent" }) : answer;
      }
      const status = parseBlobStatus(answer.value);
      return status === null ? malformed(call, "a blob status of unknown shape") : ok(status);
    },
    getHealth(node, options) {
      const call = callOf(node, "health", "GET", "/v1/health", options);
      return exchange.json(call, healthSchema, NODE_JSON_BYTES_MAX);
    },
  };
}

function callOf(
  node: NodeAddress,
  route: NodeCall["route"],
  method: "GET" | "PUT",
  path: string,
  options: RequestOptions = {},
  extra: {
    readonly timeoutMs?: number;
    readonly body?: Uint8Array<ArrayBuffer>;
    readonly isFirst?: boolean;
  } = {},
): NodeCall {
  return {
    nodeId: node.nodeId,
    route,
    method,
    url: `${node.baseUrl}${path}`,
    body: extra.body ?? null,
    timeoutMs: options.timeoutMs ?? extra.timeoutMs ?? NODE_REQUEST_TIMEOUT_MS,
    stallMs: options.stallMs ?? NODE_STALL_MS,
    signal: options.signal,
    onSent: options.onSent,
    isFirst: extra.isFirst ?? false,
  };
}

function blobPath(blobId: Uint8Array): string {
  return `/v1/blobs/${formatBlobId(blobId)}`;
}

function intentQuery(options: PutOptions | undefined): string {
  return options?.pending === true ? "?pending=true" : "";
}

function sliverPath(blobId: Uint8Array, pairIndex: number, axis: SliverAxis): string {
  return `${blobPath(blobId)}/slivers/${pairIndex}/${axis}`;
}

function layout<T>(
  call: NodeCall,
  decoded: Result<T, { readonly kind: string }>,
): Result<T, NodeFailure> {
  return decoded.ok ? decoded : malformed(call, `BCS refused: ${decoded.failure.kind}`);
}

function malformed(call: NodeCall, detail: string): Result<never, NodeFailure> {
  return err({ kind: "malformed-answer", nodeId: call.nodeId, route: call.route, detail });
}
