/**
 * `PUT /v1/blobs`: takes a blob, answers when it is certified.
 *
 * With `Prefer: respond-async` it answers 202 as soon as the bytes are safe, and the upload is
 * followed at its `Location`. Source of query and answer: `walrus-service client/daemon/routes.rs`.
 */
import type { Compat } from "../../shared/http/compat.ts";
import { declaredLength } from "../../shared/http/body.ts";
import type { Problem } from "../../shared/http/problem.ts";
import { jsonResponse } from "../../shared/http/respond.ts";
import { ok, type Result } from "../../shared/result.ts";
import { type Answer, refuse } from "./answer.ts";
import { attributeProblem } from "./attribute-problem.ts";
import {
  type AttributeFailure,
  type Attributes,
  attributesOfStore,
  plainAttributes,
} from "./attributes.ts";
import { authorizeStore, type Caller } from "./auth/authorize.ts";
import { tokenProblem } from "./auth/token-problem.ts";
import type { TokenFailure } from "./auth/verify.ts";
import type { AppContext } from "./context.ts";
import { dryRun } from "./estimate.ts";
import { failureToProblem, type PublisherFailure } from "./failure-to-problem.ts";
import { nameUpload, type UploadName } from "./idempotency.ts";
import { limitWrite, type WriteAllowance } from "./quota/limit-write.ts";
import { parseStoreQuery, type StoreQuery } from "./store-query.ts";
import { exactFailureAnswer, markedInvalidAnswer, storeAnswer, uploadPath } from "./upload-view.ts";
import { type Journal, STEPS, type StoredPatch, type UploadRequest } from "./upload/journal.ts";
import type { UploadFailure } from "./upload/failure.ts";
import type { BodyBounds } from "./upload/stage.ts";
import { storeInUpload, viewUpload } from "./uploads.ts";

/** Handles one store. */
export async function storeBlob(request: Request, context: AppContext): Promise<Answer> {
  const query = parseStoreQuery(new URL(request.url).searchParams, context.config.compat);
  if (!query.ok) return refuse(request, failureToProblem(query.failure));
  const declaredBytes = declaredLength(request.headers);
  const caller = await authorizeStore(request, query.value, declaredBytes, context);
  if (!caller.ok) return refuse(request, tokenProblem(caller.failure));
  const { bytesAllowed } = caller.value;
  const bytesMax = Math.min(context.config.blobBytesMax, bytesAllowed?.count ?? Infinity);
  const bytesExact = bytesAllowed?.relation === "exactly" ? bytesAllowed.count : null;
  if (declaredBytes !== null && declaredBytes > bytesMax) {
    return refuse(request, failureToProblem({ kind: "body-too-large", bytesMax }));
  }
  const allowance = await limitWrite(request, caller.value.sub, declaredBytes, context);
  if (!allowance.ok) return refuse(request, failureToProblem(allowance.failure));
  const { body } = request;
  if (query.value.dryRun) {
    const estimate = await dryRun({ bytesMax, declaredBytes }, body, query.value, context);
    allowance.value.settle(estimate.ok ? estimate.value.dryRun.size : bytesMax);
    return estimate.ok
      ? jsonResponse(estimate.value)
      : unstoredProblem(estimate.failure, request.headers, caller.value);
  }
  return storeFor(request, "PUT /v1/blobs", query.value, caller.value, context, {
    bounds: { bytesMax, declaredBytes: declaredBytes ?? bytesExact },
    body,
    allowance: allowance.value,
  });
}

/** The bytes of a store, and what is known of them. */
export interface StoreSource {
  readonly bounds: BodyBounds;
  readonly body: ReadableStream<Uint8Array> | null;
  /** What the client may still send, where its bytes are yet to be counted. */
  readonly allowance?: WriteAllowance;
  /** The patches, where they are a quilt: then the body comes from a desk of ours. */
  readonly patches?: readonly StoredPatch[];
}

/** A body of our own that broke off says nothing of the client, who may send its request again. */
export function notTheClients<F extends PublisherFailure>(failure: F): F | UploadFailure {
  return failure.kind === "body-interrupted" ? { kind: "interrupted" } : failure;
}

/** Names the upload, takes the token for it, stores and answers. */
export async function storeFor(
  request: Request,
  route: string,
  query: StoreQuery,
  caller: Caller,
  context: AppContext,
  { bounds, body, allowance, patches }: StoreSource,
): Promise<Answer> {
  const { sub } = caller;
  const content = patches === undefined ? "blob" : "quilt";
  const named = attributesFor(request.headers, content, context.config.compat);
  if (!named.ok) return refuse(request, attributeProblem(named.failure));
  const attributes = named.value;
  const name = await nameUpload(request.headers, route, { query, attributes, sub }, context.random);
  if (!name.ok) return refuse(request, failureToProblem(name.failure));
  const token = await takeToken(name.value, caller, context);
  if (!token.ok) return refuse(request, tokenProblem(token.failure));
  const { dryRun: _, ...asked } = query;
  const waits = !prefersAsync(request.headers);
  const { keyKeptUntilMs } = caller;
  const upload: UploadRequest = {
    ...name.value,
    source: "http",
    sub,
    ...(token.value === null ? {} : { token: token.value }),
    ...(keyKeptUntilMs === null || name.value.binding === undefined
      ? {}
      : { keptUntilMs: keyKeptUntilMs }),
    ...asked,
    attributes,
    waits,
    contentDigest: null,
    ...(patches === undefined ? {} : { patches }),
  };
  const stored = await storeInUpload(context.uploads, context.log, upload, bounds, body);
  allowance?.settle(stored.ok ? stored.value.unencodedBytes : bounds.bytesMax);
  await giveBackUnused(token.value, upload, caller, context);
  if (!stored.ok) {
    const failure = patches === undefined ? stored.failure : notTheClients(stored.failure);
    const problem = unstoredProblem(failure, request.headers, caller);
    // It may have been accepted all the same: its state tells.
    const isUnsure = failure.kind === "interrupted";
    return refuse(request, isUnsure ? toldWhere(problem, upload.uploadId) : problem);
  }
  return waits ? finalAnswer(stored.value, context.config.compat) : acceptedAnswer(stored.value);
}

/** Where the token's own bound was the tighter one, it is the token that does not allow the body. */
function unstoredProblem(
  failure: PublisherFailure,
  headers: Headers,
  { bytesAllowed }: Caller,
): Problem {
  const isTooLong = failure.kind === "body-too-large" && failure.bytesMax === bytesAllowed?.count;
  const isTooShort =
    failure.kind === "body-interrupted" &&
    bytesAllowed?.relation === "exactly" &&
    declaredLength(headers) === null;
  return bytesAllowed !== null && (isTooLong || isTooShort)
    ? tokenProblem({
        kind: "token-size",
        allowed: bytesAllowed,
        asked: isTooShort ? failure.receivedBytes : null,
      })
    : failureToProblem(failure);
}

/**
 * What is known under a key is looked up before a token is taken: a repetition, with the same token
 * or another one, buys nothing.
 */
async function takeToken(
  { uploadId, binding }: UploadName,
  caller: Caller,
  { uploads }: AppContext,
): Promise<Result<string | null, TokenFailure>> {
  const known = binding === undefined ? null : await viewUpload(uploads, uploadId);
  return known === null || known.journal.state === "failed" ? caller.consume(uploadId) : ok(null);
}

/** Of several requests with one key at a time one buys: the tokens of the others are given back. */
async function giveBackUnused(
  token: string | null,
  { uploadId, binding }: UploadRequest,
  caller: Caller,
  { uploads, log }: AppContext,
): Promise<void> {
  if (token === null || binding === undefined) return;
  const known = await viewUpload(uploads, uploadId);
  if (known === null || known.journal.request.token === token) return;
  try {
    await caller.release(token, uploadId);
  } catch (error) {
    // It stays used until it expires; the upload itself is decided all the same.
    log.warn({ event: "token.not-released", uploadId, error: String(error) });
  }
}

/** The official publisher takes none from the headers. */
function attributesFor(
  headers: Headers,
  content: "blob" | "quilt",
  compat: Compat,
): Result<Attributes, AttributeFailure> {
  return compat === "exact" ? ok(plainAttributes(content)) : attributesOfStore(headers, content);
}

/** 202: the bytes are safe, and what becomes of them is told at `Location`. */
export function acceptedAnswer(journal: Journal): Response {
  const { uploadId } = journal.request;
  const location = uploadPath(uploadId);
  return jsonResponse(
    { uploadId, state: journal.state, location },
    { status: 202, headers: { Location: location, "Preference-Applied": "respond-async" } },
  );
}

function finalAnswer(journal: Journal, compat: Compat): Answer {
  const location = uploadPath(journal.request.uploadId);
  const result =
    journal.state === "certified"
      ? storeAnswer(journal, compat)
      : (markedInvalidAnswer(journal) ?? (compat === "exact" ? exactFailureAnswer(journal) : null));
  if (result !== null) return jsonResponse(result, { headers: { "Content-Location": location } });
  const problem = failureToProblem(journal.failure ?? { kind: "interrupted" });
  const { message } = problem;
  return toldWhere(
    {
      ...problem,
      message: journal.state === "running" ? `${message}. ${howToGoOn(journal)}` : message,
      metadata: {
        ...problem.metadata,
        failurePhase: failingPhase(journal),
        state: journal.state,
      },
    },
    journal.request.uploadId,
  );
}

/** Whoever sends a body again without a key pays for it again. */
function howToGoOn({ request: { uploadId, binding } }: Journal): string {
  const ask = `The upload goes on by itself and is paid for once: ask ${uploadPath(uploadId)}`;
  return binding === undefined
    ? `${ask} before you send it again, which would be another upload`
    : `${ask}, or send it again with its Idempotency-Key`;
}

function toldWhere(problem: Problem, uploadId: string): Problem {
  const location = uploadPath(uploadId);
  return {
    ...problem,
    metadata: { ...problem.metadata, upload: location },
    headers: { ...problem.headers, "Content-Location": location },
  };
}

/** The step that has not been done: the failure is its own. */
function failingPhase({ steps }: Journal): string {
  return STEPS.find((step) => steps[step].status !== "done") ?? "record";
}

/** RFC 7240; parameters and other preferences are passed over. */
function prefersAsync(headers: Headers): boolean {
  const preferences = (headers.get("Prefer") ?? "").toLowerCase().split(/[,;]/);
  return preferences.some((preference) => preference.trim() === "respond-async");
}
