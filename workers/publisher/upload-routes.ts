/**
 * `/edge/v1/uploads/{id}`: what becomes of an upload, as it stands or as it goes, and its end on
 * request while nothing has been paid. It is there for the subject that stored it, and for no other.
 */
import type { Problem } from "../../shared/http/problem.ts";
import { jsonResponse } from "../../shared/http/respond.ts";
import type { Answer } from "./answer.ts";
import type { AppContext } from "./context.ts";
import { failureToProblem } from "./failure-to-problem.ts";
import { parseFlag, queryValue } from "./query.ts";
import { uploadView } from "./upload-view.ts";
import type { UploadRecord } from "./upload/object.ts";
import { cancelUpload, viewUpload } from "./uploads.ts";
import { watchUpload } from "./watch-upload.ts";

/** One upload as one subject sees it. */
export interface AskedUpload {
  readonly uploadId: string;
  readonly sub: string | null;
}

/** GET: the state as JSON, or with `?watch` as a stream of events. */
export async function showUpload(
  request: Request,
  asked: AskedUpload,
  context: AppContext,
): Promise<Answer> {
  const watch = queryValue(request, "watch");
  if (!watch.ok) return failureToProblem(watch.failure);
  // `?watch` alone stands for `?watch=true`.
  const flag = parseFlag("watch", watch.value === "" ? "true" : watch.value);
  if (!flag.ok) return failureToProblem(flag.failure);
  const upload = await ownUpload(asked, context);
  if (upload === null) return unknown();
  if (!flag.value || request.method !== "GET") return jsonResponse(uploadView(upload));
  const look = () => viewUpload(context.uploads, asked.uploadId);
  return watchUpload(upload, look, context.timer, request.headers.get("Last-Event-ID"));
}

/** DELETE: 200 with the final state, or 409 when money has been spent or it is over. */
export async function endUpload(asked: AskedUpload, context: AppContext): Promise<Answer> {
  if ((await ownUpload(asked, context)) === null) return unknown();
  const ended = await cancelUpload(context.uploads, asked.uploadId);
  if (ended === null) return unknown();
  // Asked again, it is as it was asked for.
  const isEnded = ended.isCancelled || ended.record.journal.failure?.kind === "cancelled";
  return isEnded
    ? jsonResponse(uploadView(ended.record))
    : failureToProblem({ kind: "upload-not-cancellable" });
}

async function ownUpload(
  { uploadId, sub }: AskedUpload,
  { uploads }: AppContext,
): Promise<UploadRecord | null> {
  const upload = await viewUpload(uploads, uploadId);
  return upload !== null && (upload.journal.request.sub ?? null) === sub ? upload : null;
}

function unknown(): Problem {
  return failureToProblem({ kind: "upload-unknown" });
}
