/**
 * `POST /edge/v1/hooks/{source}`: a signed webhook delivery becomes a blob, once for each event.
 *
 * The upload is named by source and event id, so a delivery that is repeated finds the upload of
 * the first and pays nothing; another body under its id is refused. The body is stored as it came,
 * byte for byte.
 */
import { declaredLength, readBody } from "../../shared/http/body.ts";
import { HOOK_BODY_BYTES_MAX } from "../../shared/limits.ts";
import { type Answer, refuse } from "./answer.ts";
import { attributeProblem } from "./attribute-problem.ts";
import { attributesOfStore } from "./attributes.ts";
import type { AppContext } from "./context.ts";
import { failureToProblem } from "./failure-to-problem.ts";
import { verifyDelivery } from "./hook-signature.ts";
import { limitWrite } from "./quota/limit-write.ts";
import { acceptedAnswer } from "./store-blob.ts";
import { parseStoreQuery } from "./store-query.ts";
import { contentDigest, hookUploadId, storeInUpload } from "./uploads.ts";

/** Handles one delivery. The query is that of a blob store: a source's URL may name `epochs`. */
export async function takeDelivery(
  request: Request,
  source: string,
  context: AppContext,
): Promise<Answer> {
  const secrets = context.config.hookSecrets.get(source);
  if (secrets === undefined) {
    await request.body?.cancel();
    return failureToProblem({ kind: "hook-source-unknown", source });
  }
  // Its signature covers the body, so the sender is not known yet: its address counts.
  const declaredBytes = declaredLength(request.headers) ?? HOOK_BODY_BYTES_MAX;
  const allowance = await limitWrite(request, null, declaredBytes, context);
  if (!allowance.ok) return refuse(request, failureToProblem(allowance.failure));
  const body = await readBody(request, HOOK_BODY_BYTES_MAX);
  if (!body.ok) return failureToProblem(body.failure);
  const nowMs = context.clock.nowMs();
  const delivery = await verifyDelivery(request.headers, body.value, secrets, nowMs);
  if (!delivery.ok) return failureToProblem(delivery.failure);
  const query = parseStoreQuery(new URL(request.url).searchParams);
  if (!query.ok) return failureToProblem(query.failure);

  if (query.value.dryRun) {
    const failure = { kind: "query-unsupported", parameter: "dry_run", value: "true" } as const;
    return failureToProblem(failure);
  }
  const { dryRun: _, ...asked } = query.value;
  // The signature does not cover headers, so none but the type is taken.
  const contentType = request.headers.get("Content-Type") ?? "";
  const attributes = attributesOfStore(new Headers({ "Content-Type": contentType }), "blob");
  if (!attributes.ok) return attributeProblem(attributes.failure);
  const bytes = body.value;
  const digest = await contentDigest(bytes);
  const stored = await storeInUpload(
    context.uploads,
    context.log,
    {
      uploadId: await hookUploadId(source, delivery.value.eventId),
      source: `hook:${source}`,
      ...asked,
      attributes: attributes.value,
      waits: false,
      contentDigest: digest,
    },
    { bytesMax: HOOK_BODY_BYTES_MAX, declaredBytes: bytes.length },
    bytes.length === 0 ? null : new Response(bytes).body,
  );
  if (!stored.ok) return failureToProblem(stored.failure);
  // What is stored under this event is not these bytes: nobody is told that they are safe.
  return stored.value.request.contentDigest === digest
    ? acceptedAnswer(stored.value)
    : failureToProblem({ kind: "hook-event-reused", eventId: delivery.value.eventId });
}
