/** From a parsed request to the node's honest answer. */
import type { IncomingHttpHeaders } from "node:http";
import { encodingParameters } from "../../../shared/codec/index.ts";
import { SYMBOL_BYTES_MAX } from "../../../shared/limits.ts";
import type { Answer } from "./answer.ts";
import type { CommitteeView } from "./committee.ts";
import { Refusal } from "./errors.ts";
import { healthAnswer } from "./health.ts";
import { DEFAULT_BODY_BYTES_MAX, SLIVER_BODY_HEADROOM_BYTES } from "./limits.ts";
import type { StorageNode } from "./node.ts";
import type { ParsedRoute } from "./routes.ts";
import { serveSyncShard } from "./shard-transfer.ts";
import { checkInconsistencyProof, decodingSymbols, recoverySymbols } from "./symbols.ts";

/** A request with its body read. */
export interface NodeRequest {
  readonly parsed: ParsedRoute;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

/** What a node knows besides itself. */
export interface NodeSurroundings {
  readonly committee: CommitteeView;
  readonly uptimeMs: number;
  readonly syncing: ReadonlySet<number>;
}

/** Most body bytes a route takes. */
export function bodyBytesMax(parsed: ParsedRoute, shardCount: number): number {
  if (parsed.route !== "sliver") return DEFAULT_BODY_BYTES_MAX;
  const { secondaryCount } = encodingParameters(shardCount);
  return secondaryCount * SYMBOL_BYTES_MAX + SLIVER_BODY_HEADROOM_BYTES;
}

/** The honest answer. @throws {Refusal} */
export async function dispatch(
  node: StorageNode,
  { parsed, headers, body }: NodeRequest,
  surroundings: NodeSurroundings,
): Promise<Answer> {
  switch (parsed.route) {
    case "metadata":
      if (parsed.method === "GET") return node.getMetadata(parsed.blobKey);
      requireBcs(headers);
      return node.putMetadata(parsed.blobKey, body, parsed.pending);
    case "metadata-status":
      return node.metadataStatus(parsed.blobKey);
    case "sliver":
      return parsed.method === "GET"
        ? node.getSliver(parsed)
        : node.putSliver(parsed, body, parsed.pending);
    case "sliver-status":
      return node.sliverStatus(parsed);
    case "confirmation":
      return await node.confirm(parsed.blobKey, parsed.objectId, parsed.waitMs);
    case "blob-status":
      return node.blobStatus(parsed.blobKey);
    case "recovery-symbols":
      return recoverySymbols(node, parsed.blobKey, parsed.query);
    case "decoding-symbols":
      return decodingSymbols(node, parsed.blobKey, parsed.query);
    case "inconsistency-proof":
      return checkInconsistencyProof(node, parsed.blobKey, parsed.axis, body);
    case "health":
      return healthAnswer(node, parsed.detailed, surroundings.uptimeMs, surroundings.syncing);
    case "sync-shard":
      requireBcs(headers);
      return serveSyncShard(node, surroundings.committee, headers.authorization, body);
    case "api":
      return { status: 200, contentType: "text/html", body: API_PAGE };
  }
}

const API_PAGE = new TextEncoder().encode(
  "<!doctype html><title>Storage node</title><p>A storage node of a local Walrus network. " +
    "The endpoints are those of the official node's REST API.</p>",
);

/** Binary bodies may come without a content type, but not with another one. */
function requireBcs(headers: IncomingHttpHeaders): void {
  const contentType = headers["content-type"];
  if (contentType === undefined) return;
  const mediaType = contentType.split(";")[0]?.trim().toLowerCase();
  if (mediaType === "application/octet-stream") return;
  throw new Refusal(
    "INVALID_CONTENT_TYPE",
    "Expected request with `Content-Type: application/octet-stream`",
  );
}
