/**
 * The operator's routes: `/edge/v1/blocklist`, `/edge/v1/blocklist/{blobId}` and `/edge/v1/purge`.
 *
 * What they change holds in every aggregator within `GATE_HOLD_MS`.
 */
import * as v from "valibot";
import { formatBlobId, parseBlobId } from "../../../shared/codec/index.ts";
import { type JsonFlaw, jsonText, readJson } from "../../../shared/http/json-body.ts";
import { unreadableParameter } from "../../../shared/http/problem.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import {
  BLOCK_REASON_CHARS_MAX,
  GATE_HOLD_MS,
  PURGE_BODY_BYTES_MAX,
} from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Answer } from "../answer.ts";
import type { Subject } from "../auth/authorize.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { queryValue } from "../query.ts";
import { readRequestBody } from "../request-body.ts";
import type { Block } from "./gate.ts";
import type { GateFailure } from "./problem.ts";

/** `GET /edge/v1/blocklist[?after=]`: by pages, ordered by ID. */
export async function listBlocks(request: Request, context: AppContext): Promise<Answer> {
  const after = queryValue(request, "after");
  if (!after.ok) return failureToProblem(after.failure);
  const afterId = after.value === null ? null : normalised(after.value);
  if (after.value !== null && afterId === null) {
    return unreadableParameter("after", after.value, "the `next` of the page before");
  }
  const { blocks, next } = await context.gate().blocks(afterId);
  return jsonResponse({ blocks: blocks.map(viewOf), next });
}

/** `GET /edge/v1/blocklist/{blobId}`: 404 where the blob is not blocked. */
export async function showBlock(idText: string, context: AppContext): Promise<Answer> {
  const blobId = normalised(idText);
  if (blobId === null) return gateProblem({ kind: "blob-id-malformed" });
  const block = await context.gate().blockOf(blobId);
  return block === null ? gateProblem({ kind: "not-blocked" }) : jsonResponse(viewOf(block));
}

/** `PUT /edge/v1/blocklist/{blobId}[?reason=]`: a blob that is blocked keeps its first block. */
export async function blockBlob(
  request: Request,
  idText: string,
  { sub }: Subject,
  context: AppContext,
): Promise<Answer> {
  await request.body?.cancel();
  const blobId = normalised(idText);
  if (blobId === null) return gateProblem({ kind: "blob-id-malformed" });
  const text = queryValue(request, "reason");
  if (!text.ok) return failureToProblem(text.failure);
  const reason = text.value;
  if (reason !== null && (reason === "" || reason.length > BLOCK_REASON_CHARS_MAX)) {
    const expected = `1 to ${BLOCK_REASON_CHARS_MAX} characters`;
    return failureToProblem({
      kind: "query-malformed",
      parameter: "reason",
      value: reason,
      expected,
    });
  }
  const blockedAtMs = context.clock.nowMs();
  const blocked = await context.gate().block({ blobId, reason, by: sub, blockedAtMs });
  if (!blocked.ok) return gateProblem(blocked.failure);
  context.log.info({ event: "gate.blocked", blobId, operator: sub });
  return jsonResponse({ ...viewOf(blocked.value), effectiveWithinMs: GATE_HOLD_MS });
}

/** `DELETE /edge/v1/blocklist/{blobId}`: the same answer whether or not it was blocked. */
export async function unblockBlob(
  idText: string,
  { sub }: Subject,
  context: AppContext,
): Promise<Answer> {
  const blobId = normalised(idText);
  if (blobId === null) return gateProblem({ kind: "blob-id-malformed" });
  const wasBlocked = await context.gate().unblock(blobId);
  context.log.info({ event: "gate.unblocked", blobId, operator: sub });
  return jsonResponse({ blobId, wasBlocked, effectiveWithinMs: GATE_HOLD_MS });
}

const purgeSchema = v.union([
  v.strictObject({ all: v.literal(true) }),
  v.strictObject({ blobId: v.string() }),
]);

/** `POST /edge/v1/purge` with `{"blobId": "…"}` or `{"all": true}` */
export async function purge(
  request: Request,
  context: AppContext,
  { sub }: Subject,
): Promise<Answer> {
  const body = await readRequestBody(request, PURGE_BODY_BYTES_MAX);
  if (!body.ok) return body.failure;
  const asked = readPurge(body.value);
  if (!asked.ok) return gateProblem({ kind: "purge-malformed", flaw: asked.failure });
  const { blobId } = asked.value;
  const generation = await context.gate().purge(blobId);
  context.log.info({ event: "gate.purged", blobId, operator: sub });
  return jsonResponse({ blobId, generation, effectiveWithinMs: GATE_HOLD_MS });
}

/** `blobId` is `null` for everything. */
function readPurge(body: Uint8Array): Result<{ readonly blobId: string | null }, JsonFlaw> {
  const asked = readJson(body, purgeSchema);
  if (!asked.ok) return asked;
  if ("all" in asked.value) return ok({ blobId: null });
  const blobId = normalised(asked.value.blobId);
  return blobId === null
    ? err({ parameter: "blobId", value: jsonText(asked.value.blobId) })
    : ok({ blobId });
}

/** The 43 characters of whatever spelling; `null` for none. */
function normalised(idText: string): string | null {
  const blobId = parseBlobId(idText);
  return blobId === null ? null : formatBlobId(blobId);
}

function gateProblem(refusal: GateFailure): Answer {
  return failureToProblem({ kind: "gate-refused", refusal });
}

function viewOf({ blobId, reason, by, blockedAtMs }: Block): object {
  return { blobId, reason, by, blockedAt: new Date(blockedAtMs).toISOString() };
}
