/**
 * `PUT /v1/quilts`: lays the files of a form out as one quilt and stores it like any blob.
 *
 * The form is read whole, within a bound over all quilts of the isolate; the quilt is built under
 * its permit of memory and streamed on. Source: `walrus-service client/daemon/routes.rs::put_quilt`.
 */
import type { EncodedQuilt } from "../../shared/codec/index.ts";
import { declaredLength, readBody } from "../../shared/http/body.ts";
import { multipartBoundary } from "../../shared/http/multipart.ts";
import { IN_MEMORY_BLOB_BYTES_MAX, UPLOAD_ROW_BYTES_MAX } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { jsonResponse } from "../../shared/http/respond.ts";
import { type Answer, refuse } from "./answer.ts";
import { authorizeStore, type Caller } from "./auth/authorize.ts";
import { tokenProblem } from "./auth/token-problem.ts";
import type { AppContext } from "./context.ts";
import { dryRun } from "./estimate.ts";
import { failureToProblem, type PublisherFailure } from "./failure-to-problem.ts";
import { quiltOfForm } from "./quilt-form.ts";
import type { QuiltRefusal } from "./quilt-problem.ts";
import { limitWrite } from "./quota/limit-write.ts";
import { storeFor } from "./store-blob.ts";
import { parseStoreQuery } from "./store-query.ts";
import { chainFailure } from "./upload/failure-of.ts";

/** Handles one store of a quilt. */
export async function storeQuilt(request: Request, context: AppContext): Promise<Answer> {
  const query = parseStoreQuery(new URL(request.url).searchParams, context.config.compat);
  if (!query.ok) return refuse(request, failureToProblem(query.failure));
  const declaredBytes = declaredLength(request.headers);
  const caller = await authorizeStore(request, query.value, declaredBytes, context);
  if (!caller.ok) return refuse(request, tokenProblem(caller.failure));
  const allowance = await limitWrite(request, caller.value.sub, declaredBytes, context);
  if (!allowance.ok) return refuse(request, failureToProblem(allowance.failure));
  const quilt = await takeQuilt(request, caller.value, context);
  if (!quilt.ok) return refuse(request, failureToProblem(quilt.failure));
  const { index, blob } = quilt.value;
  allowance.value.settle(blob.length);
  if (query.value.dryRun) {
    const estimate = await dryRun(blob, query.value, context);
    return estimate.ok ? jsonResponse(estimate.value) : failureToProblem(estimate.failure);
  }
  const byteCount = blob.length;
  const patches = index.patches.map(({ identifier, startIndex, endIndex }) => ({
    identifier,
    startIndex,
    endIndex,
  }));
  return storeFor(request, "PUT /v1/quilts", query.value, caller.value, context, {
    bounds: { bytesMax: byteCount, declaredBytes: byteCount },
    body: streamOnce(blob),
    patches,
  });
}

/** Reads and lays out; what is held for it is given back before the quilt is stored. */
async function takeQuilt(
  request: Request,
  caller: Caller,
  context: AppContext,
): Promise<Result<EncodedQuilt, PublisherFailure>> {
  const boundary = multipartBoundary(request.headers.get("Content-Type"));
  if (boundary === null) return refused({ kind: "not-multipart" });
  const bytesMax = context.config.wholeBodyBytesMax;
  const heldBytes = declaredLength(request.headers) ?? bytesMax;
  if (heldBytes > bytesMax) return refused({ kind: "form-too-large", bytesMax });
  const leave = context.wholeBodies.enter(heldBytes);
  if (leave === null) return err({ kind: "bodies-busy" });
  try {
    const body = await readBody(request, bytesMax);
    if (!body.ok) {
      return body.failure.kind === "body-too-large"
        ? refused({ kind: "form-too-large", bytesMax })
        : body;
    }
    // The form is what a client can measure, so that is what its token speaks of.
    const allowed = caller.checkBody(body.value.length);
    if (!allowed.ok) return err({ kind: "token-refused", refusal: allowed.failure });
    const system = await context.chain.readSystem();
    if (!system.ok) return err(chainFailure(system.failure));
    const giveBack = await context.memory.acquire(IN_MEMORY_BLOB_BYTES_MAX);
    try {
      const quilt = quiltOfForm(body.value, boundary, system.value.shardCount);
      if (!quilt.ok) return refused(quilt.failure);
      return quilt.value.blob.length > bytesMax
        ? refused({ kind: "form-too-large", bytesMax })
        : ok(quilt.value);
    } finally {
      giveBack();
    }
  } finally {
    leave();
  }
}

function refused(refusal: QuiltRefusal): Result<never, PublisherFailure> {
  return err({ kind: "quilt-refused", refusal });
}

/** The bytes piece by piece; nothing holds on to them once they have been read. */
function streamOnce(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let rest: Uint8Array | null = bytes;
  return new ReadableStream({
    pull(controller) {
      const piece = rest?.slice(0, UPLOAD_ROW_BYTES_MAX);
      rest = rest?.subarray(UPLOAD_ROW_BYTES_MAX) ?? null;
      if (piece !== undefined && piece.length > 0) controller.enqueue(piece);
      if (rest === null || rest.length === 0) {
        rest = null;
        controller.close();
      }
    },
  });
}
