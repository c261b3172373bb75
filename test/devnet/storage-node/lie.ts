/**
 * Answers of a lying node: what each fault makes of the honest answer. The transport faults (no
 * answer, half of one, a late one) are in `server.ts`.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { fromBase64, toBase64 } from "../../../shared/bytes/text.ts";
import { type Answer, bcsAnswer, jsonAnswer, refusalAnswer } from "./answer.ts";
import { Refusal, type RefusalReason } from "./errors.ts";
import type { NodeFault } from "./faults.ts";
import { blobIdOf, type StorageNode } from "./node.ts";
import type { ParsedRoute } from "./routes.ts";
import { confirmationMessage, Signer, type SignedMessageJson } from "./signer.ts";

/** A key that is in no committee. */
const strangerKey = bls12_381.utils.randomSecretKey(new Uint8Array(48).fill(0x5a));
let stranger: Signer | null = null;

/** The answer given without looking at the request, `null` when the honest one is needed. */
export function refuseOutright(fault: NodeFault["fault"], parsed: ParsedRoute): Answer | null {
  if (fault === "refuse") return refused("FORBIDDEN_BLOB", "the requested blob is blocked");
  if (fault === "503") return refused("UNAVAILABLE", "the service is currently unavailable");
  if (fault === "false-404") return falseAbsence(parsed);
  if (fault === "cache-saturated" && "pending" in parsed && parsed.pending) {
    return refused(
      "CACHE_SATURATED",
      "pending upload cache is saturated; retry once the node catches up",
    );
  }
  return null;
}

type Lie = (parsed: ParsedRoute, honest: Answer, node: StorageNode) => Answer;

/** What each lying fault makes of the honest answer. */
const LIES: Partial<Record<NonNullable<NodeFault["fault"]>, Lie>> = {
  corrupt,
  truncate: (_, honest) => ({
    ...honest,
    body: honest.body.subarray(0, Math.max(0, honest.body.length - 3)),
  }),
  extend: (_, honest) => ({
    ...honest,
    body: concatBytes(honest.body, new Uint8Array([0, 1, 2])),
  }),
  "wrong-signature": resign,
  "other-blob": fromOtherBlob,
  "wrong-index": wrongIndex,
  "stale-metadata": staleMetadata,
};

/** The lie a fault makes of an honest answer; faults that do not apply leave it as it is. */
export function distort(
  fault: NodeFault["fault"],
  parsed: ParsedRoute,
  honest: Answer,
  node: StorageNode,
): Answer {
  const lie = fault === null ? undefined : LIES[fault];
  return lie === undefined ? honest : lie(parsed, honest, node);
}

function falseAbsence(parsed: ParsedRoute): Answer | null {
  const { route } = parsed;
  if (route === "metadata-status" || route === "sliver-status" || route === "blob-status") {
    return jsonAnswer("nonexistent");
  }
  if (route === "metadata" && parsed.method === "GET") {
    return refused("METADATA_NOT_FOUND", "the requested metadata is unavailable");
  }
  const isSliverRead = route === "sliver" && parsed.method === "GET";
  return isSliverRead || route === "recovery-symbols" || route === "decoding-symbols"
    ? refused("SLIVER_NOT_FOUND", "the requested sliver is unavailable")
    : null;
}

function refused(reason: RefusalReason, message: string): Answer {
  return refusalAnswer(new Refusal(reason, message));
}

/** Flips one bit: inside the data of binary answers, inside the signature of signed ones. */
function corrupt(parsed: ParsedRoute, honest: Answer): Answer {
  if (parsed.route === "confirmation" || parsed.route === "inconsistency-proof") {
    return rewriteSigned(parsed, honest, (signed) => {
      const signature = fromBase64(signed.signature) ?? new Uint8Array(96);
      return { ...signed, signature: toBase64(flipBit(signature, signature.length >> 1)) };
    });
  }
  if (honest.contentType !== "application/octet-stream") return honest;
  return { ...honest, body: flipBit(honest.body, honest.body.length >> 1) };
}

function resign(parsed: ParsedRoute, honest: Answer): Answer {
  return rewriteSigned(parsed, honest, (signed) => {
    stranger ??= new Signer(strangerKey);
    return stranger.signJson(fromBase64(signed.serializedMessage) ?? new Uint8Array());
  });
}

/** Another blob's data where the node has one, else the right data under a wrong identity. */
function fromOtherBlob(parsed: ParsedRoute, honest: Answer, node: StorageNode): Answer {
  if (honest.status !== 200 || !("blobKey" in parsed)) return honest;
  const other = otherBlobKey(node, parsed.blobKey);
  if (parsed.route === "metadata" && parsed.method === "GET") {
    if (other !== null) return node.getMetadata(other);
    return { ...honest, body: flipBit(honest.body, 0) };
  }
  if (parsed.route === "sliver" && parsed.method === "GET") {
    const stored = other === null ? undefined : anySliver(node, other, parsed.axis);
    return stored === undefined ? corrupt(parsed, honest) : bcsAnswer(stored);
  }
  if (parsed.route === "confirmation") {
    const blobId = flipBit(blobIdOf(parsed.blobKey), 31);
    const message = confirmationMessage(node.epoch, blobId, parsed.objectId);
    return jsonAnswer({ signed: node.parts.signer.signJson(message) });
  }
  return honest;
}

/** A sliver under another index of its axis: its last two bytes. */
function wrongIndex(parsed: ParsedRoute, honest: Answer): Answer {
  if (parsed.route !== "sliver" || parsed.method !== "GET" || honest.status !== 200) return honest;
  return { ...honest, body: flipBit(honest.body, honest.body.length - 2) };
}

/** The right blob ID over the contents of another blob, or over a length long past. */
function staleMetadata(parsed: ParsedRoute, honest: Answer, node: StorageNode): Answer {
  if (parsed.route !== "metadata" || parsed.method !== "GET" || honest.status !== 200) {
    return honest;
  }
  const other = otherBlobKey(node, parsed.blobKey);
  const contents =
    other === null ? flipBit(honest.body.subarray(32), 2) : node.parts.log.readMetadata(other);
  return bcsAnswer(concatBytes(blobIdOf(parsed.blobKey), contents ?? new Uint8Array()));
}

function otherBlobKey(node: StorageNode, blobKey: string): string | null {
  for (const key of node.parts.log.blobKeys()) {
    if (key !== blobKey && node.parts.log.hasMetadata(key) && node.parts.chain.isRegistered(key)) {
      return key;
    }
  }
  return null;
}

function anySliver(
  node: StorageNode,
  blobKey: string,
  axis: "primary" | "secondary",
): Uint8Array | undefined {
  const stored = node.parts.log.slivers(blobKey).find((each) => each.axis === axis);
  if (stored === undefined) return undefined;
  return node.parts.log.readSliver(blobKey, stored.pairIndex, axis) ?? undefined;
}

function rewriteSigned(
  parsed: ParsedRoute,
  honest: Answer,
  rewrite: (signed: SignedMessageJson) => SignedMessageJson,
): Answer {
  if (honest.status !== 200) return honest;
  const { success } = JSON.parse(new TextDecoder().decode(honest.body)) as {
    success: { data: unknown };
  };
  if (parsed.route === "inconsistency-proof") {
    return jsonAnswer(rewrite(success.data as SignedMessageJson));
  }
  if (parsed.route !== "confirmation") return honest;
  const { signed } = success.data as { signed: SignedMessageJson };
  return jsonAnswer({ signed: rewrite(signed) });
}

function flipBit(bytes: Uint8Array, index: number): Uint8Array<ArrayBuffer> {
  const flipped = new Uint8Array(bytes);
  if (index < flipped.length) flipped[index] = (flipped[index] ?? 0) ^ 1;
  return flipped;
}
