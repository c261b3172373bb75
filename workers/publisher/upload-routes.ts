/**
 * `/edge/v1/uploads/{id}`: what becomes of an upload, as it stands or as it goes, and its end on
 * request while nothing has been paid.
 */
import { problemResponse } from "../../shared/http/problem.ts";
import { jsonResponse } from "../../shared/http/respond.ts";
import { authorizeFree } from "./auth/authorize.ts";
import { tokenProblem } from "./auth/token-problem.ts";
import type { AppContext } from "./context.ts";
import { failureToProblem } from "./failure-to-problem.ts";
import { uploadView } from "./upload-view.ts";
import { cancelUpload, viewUpload } from "./uploads.ts";
import { watchUpload } from "./watch-upload.ts";

/** GET: the state as JSON, or with `?watch` as a stream of events. */
export async function showUpload(
  request: Request,
  uploadId: string,
  context: AppContext,
): Promise<Response> {
  const upload = await viewUpload(context.uploads, uploadId);
  if (upload === null) return unknown(request);
  const watch = new URL(request.url).searchParams.get("watch");
  const isWatched = watch !== null && watch !== "false" && request.method === "GET";
  return isWatched
    ? watchUpload(upload, () => viewUpload(context.uploads, uploadId), context.timer)
    : jsonResponse(uploadView(upload));
}

/** DELETE: 200 with the final state, or 409 when money has been spent or it is over. */
export async function endUpload(
  request: Request,
  uploadId: string,
  context: AppContext,
): Promise<Response> {
  const caller = await authorizeFree(request, context);
  if (!caller.ok) return problemResponse(tokenProblem(caller.failure));
  const upload = await viewUpload(context.uploads, uploadId);
  if ((upload?.journal.request.sub ?? null) !== caller.value.sub) return unknown(request);
  const ended = await cancelUpload(context.uploads, uploadId);
  if (ended === null) return unknown(request);
  return ended.isCancelled
    ? jsonResponse(uploadView(ended.record))
    : problemResponse(failureToProblem({ kind: "upload-not-cancellable" }));
}

function unknown(request: Request): Response {
  return problemResponse(failureToProblem({ kind: "upload-unknown" }), request.method);
}
