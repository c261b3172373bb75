/**
 * `PUT /v1/quilts`: lays the files of a form out as one quilt and stores it like any blob.
 *
 * A Desk holds the form; from there the quilt streams into its upload. Source: `walrus-service
 * client/daemon/routes.rs::put_quilt`.
 */
import { declaredLength } from "../../shared/http/body.ts";
import { multipartBoundary } from "../../shared/http/multipart.ts";
import { jsonResponse } from "../../shared/http/respond.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import { type Answer, refuse } from "./answer.ts";
import { authorizeStore, type Caller } from "./auth/authorize.ts";
import { tokenProblem } from "./auth/token-problem.ts";
import type { AppContext } from "./context.ts";
import { atDesk, type DeskRpc, type FormJob } from "./desk/desk.ts";
import { dryRun } from "./estimate.ts";
import { failureToProblem, type PublisherFailure } from "./failure-to-problem.ts";
import type { QuiltRefusal } from "./quilt-problem.ts";
import { limitWrite } from "./quota/limit-write.ts";
import { notTheClients, storeFor } from "./store-blob.ts";
import { parseStoreQuery, type StoreQuery } from "./store-query.ts";
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
  const { blobBytesMax: bytesMax } = context.config;
  if (declaredBytes !== null && declaredBytes > bytesMax) {
    return refuse(request, failureToProblem(refused({ kind: "form-too-large", bytesMax })));
  }
  const boundary = multipartBoundary(request.headers.get("Content-Type"));
  if (boundary === null)
    return refuse(request, failureToProblem(refused({ kind: "not-multipart" })));
  const { body } = request;
  const answer = await atDesk(context, async (desk) => {
    try {
      const form = { bounds: { bytesMax, declaredBytes }, boundary };
      return await storeFrom(desk, form, body, request, query.value, caller.value, context);
    } finally {
      context.background(desk.clear().catch((error: unknown) => noteLeft(error, context)));
    }
  });
  allowance.value.settle(answer.ok ? answer.value.formBytes : bytesMax);
  return answer.ok ? answer.value.answer : refuse(request, failureToProblem(answer.failure));
}

/** Lays the form out on the desk and stores the quilt as it is made. */
async function storeFrom(
  desk: DeskRpc,
  form: Pick<FormJob, "bounds" | "boundary">,
  body: ReadableStream<Uint8Array> | null,
  request: Request,
  query: StoreQuery,
  caller: Caller,
  context: AppContext,
): Promise<Result<{ readonly answer: Answer; readonly formBytes: number }, PublisherFailure>> {
  const system = await context.chain.readSystem();
  if (!system.ok) return err(chainFailure(system.failure));
  const { shardCount } = system.value;
  const quiltBytesMax = form.bounds.bytesMax;
  const laidOut = await desk.takeForm({ ...form, shardCount, quiltBytesMax }, body);
  if (!laidOut.ok) return laidOut;
  const { formBytes, quiltBytes, patches } = laidOut.value;
  // The form is what a client can measure, so that is what its token speaks of.
  const allowed = caller.checkBody(formBytes);
  if (!allowed.ok) return err({ kind: "token-refused", refusal: allowed.failure });
  const bounds = { bytesMax: quiltBytes, declaredBytes: quiltBytes };
  const quilt = await desk.quilt();
  if (query.dryRun) {
    const estimate = await dryRun(bounds, quilt, query, context);
    return estimate.ok
      ? ok({ answer: jsonResponse(estimate.value), formBytes })
      : err(notTheClients(estimate.failure));
  }
  const source = { bounds, body: quilt, patches };
  const answer = await storeFor(request, "PUT /v1/quilts", query, caller, context, source);
  return ok({ answer, formBytes });
}

/** Its alarm clears the desk all the same. */
function noteLeft(error: unknown, { log, requestId }: AppContext): void {
  log.warn({ event: "desk.left", requestId, error: String(error) });
}

function refused(refusal: QuiltRefusal): PublisherFailure {
  return { kind: "quilt-refused", refusal };
}
