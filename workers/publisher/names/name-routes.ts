/**
 * `/edge/v1/names/{name}`: points a name at a blob, resolves it, tells its history, takes it away.
 *
 * Changes are compare-and-set: `If-Match` names the version they replace, `If-None-Match: *` that
 * there is none. A name belongs to the subject that made it; for another one it is not there.
 */
import * as v from "valibot";
import { toHex } from "../../../shared/bytes/text.ts";
import { formatBlobId, parseBlobId } from "../../../shared/codec/index.ts";
import { matchesNone, strongEtag } from "../../../shared/http/etag.ts";
import { type Problem, unreadableParameter } from "../../../shared/http/problem.ts";
import { jsonText, readJson } from "../../../shared/http/json-body.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import {
  NAME_ASKS_MAX,
  NAME_BODY_BYTES_MAX,
  NAME_CHANGE_ID_BYTES,
  WALLET_ASK_DELAY_MS,
  WALLET_ASKS_MAX,
} from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { ChainFailure } from "../../../shared/sui/chain.ts";
import { type Answer, refuse } from "../answer.ts";
import type { Subject } from "../auth/authorize.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { changeOnce } from "../keyed/change-once.ts";
import { parseFlag, queryValue } from "../query.ts";
import { mayBeUnseen, UNSEEN } from "../objects/find-object.ts";
import { readRequestBody } from "../request-body.ts";
import { bucketOf, isName, nameKey, type NameTarget } from "./name.ts";
import type { NameRefusal } from "./name-problem.ts";
import {
  etagOf,
  type NameChange,
  type NameFailure,
  type NameRecord,
  type NamesRpc,
  type Precondition,
} from "./names.ts";
import { readUrl, recordAnswer, versionView } from "./name-view.ts";

/** One name as one subject sees it. */
export interface AskedName {
  readonly name: string;
  readonly sub: string | null;
}

/** The same for a change. */
type ChangedName = AskedName & Subject;

/** PUT: 201 for a new name, else 200; with the transaction that wrote it. */
export async function putName(
  request: Request,
  asked: ChangedName,
  context: AppContext,
): Promise<Answer> {
  return changeName(request, asked, context, (body) => targetOf(body, context));
}

/** DELETE: 200 with the version that says so. */
export async function deleteName(
  request: Request,
  asked: ChangedName,
  context: AppContext,
): Promise<Answer> {
  // What is not there cannot be taken away.
  if (preconditionOf(request.headers)?.kind === "absent") {
    return refuse(request, refused({ kind: "name-condition-malformed" }));
  }
  return changeName(request, asked, context, () => Promise.resolve(ok(null)));
}

/**
 * One change, done once under its key.
 *
 * @param readTarget Reads from the body what the name shall point at; `null` takes it away.
 */
async function changeName(
  request: Request,
  asked: ChangedName,
  context: AppContext,
  readTarget: (body: Uint8Array) => Promise<Result<NameTarget | null, Problem>>,
): Promise<Answer> {
  const { name, sub } = asked;
  if (!isName(name)) return refuse(request, refused({ kind: "name-malformed" }));
  const precondition = preconditionOf(request.headers);
  if (precondition === null) {
    return refuse(request, refused({ kind: "name-condition-malformed" }));
  }
  const body = await readRequestBody(request, NAME_BODY_BYTES_MAX);
  if (!body.ok) return body.failure;
  return changeOnce<NameChange>({ ...asked, request, body: body.value }, context, {
    async plan() {
      const target = await readTarget(body.value);
      if (!target.ok) return target;
      const id = toHex(context.random.bytes(NAME_CHANGE_ID_BYTES));
      const key = await nameKey(sub, name);
      return ok({ id, key, name, sub, target: target.value, precondition });
    },
    async carryOut(wish) {
      const changed = await askBucket(wish, context);
      if (changed.ok) {
        const { version, target } = changed.value;
        const answer = recordAnswer(changed.value, context.config);
        const isNew = version === 1 && target !== null;
        return { kind: "done", answer: { ...answer, status: isNew ? 201 : 200 } };
      }
      const { failure } = changed;
      const isOpen = failure.kind === "name-unwritten" && failure.isOpen === true;
      return { kind: isOpen ? "open" : "refused", problem: problemOf(failure) };
    },
  });
}

/** GET: what the name points at; with `?redirect=true` the way to its bytes. */
export async function showName(
  request: Request,
  asked: AskedName,
  context: AppContext,
): Promise<Answer> {
  if (!isName(asked.name)) return refused({ kind: "name-malformed" });
  const text = queryValue(request, "redirect");
  if (!text.ok) return failureToProblem(text.failure);
  const redirects = parseFlag("redirect", text.value);
  if (!redirects.ok) return failureToProblem(redirects.failure);
  const { names, key } = await namesOf(asked, context);
  const record = await names.resolve(key);
  if (record === null) return refused({ kind: "name-unknown" });
  const etag = etagOf(record);
  if (redirects.value) {
    const url = readUrl(record.target, context.config);
    if (url === null) return refused({ kind: "name-unreadable" });
    const headers = { Location: url, ETag: strongEtag(etag), "Cache-Control": "no-cache" };
    return new Response(null, { status: 307, headers });
  }
  if (matchesNone(request.headers.get("If-None-Match"), etag)) {
    const headers = { ETag: strongEtag(etag), "Cache-Control": "no-cache" };
    return new Response(null, { status: 304, headers });
  }
  const { headers: told = {}, body } = recordAnswer(record, context.config);
  return jsonResponse(body, { headers: told });
}

/** GET …/versions: the latest first, by pages; `?before` goes on where a page ended. */
export async function showVersions(
  request: Request,
  asked: AskedName,
  context: AppContext,
): Promise<Answer> {
  if (!isName(asked.name)) return refused({ kind: "name-malformed" });
  const text = queryValue(request, "before");
  if (!text.ok) return failureToProblem(text.failure);
  const before = text.value;
  if (before !== null && !/^[1-9]\d{0,14}$/.test(before)) {
    return unreadableParameter("before", before, "the `next` of the page before");
  }
  const { names, key } = await namesOf(asked, context);
  const page = await names.versions(key, before === null ? null : Number(before));
  if (page === null) return refused({ kind: "name-unknown" });
  return jsonResponse({
    name: asked.name,
    versions: page.versions.map(versionView),
    next: page.next,
  });
}

/** Asks the bucket; a call that is lost (a deploy restarts it) is asked again under the same id. */
async function askBucket(
  wish: NameChange,
  { names, log, requestId }: AppContext,
): Promise<Result<NameRecord, NameFailure>> {
  const bucket = await bucketOf(wish.key);
  for (let ask = 1; ask <= NAME_ASKS_MAX; ask++) {
    try {
      return await names.getByName(bucket).change(wish);
    } catch (error) {
      log.warn({ event: "names.call-lost", requestId, resume: ask, error: String(error) });
    }
  }
  return err({ kind: "name-unwritten", cause: { kind: "interrupted" }, isOpen: true });
}

async function namesOf(
  asked: AskedName,
  { names }: AppContext,
): Promise<{ readonly names: NamesRpc; readonly key: string }> {
  const { bucket, key } = await placeOf(asked);
  return { names: names.getByName(bucket), key };
}

async function placeOf({ sub, name }: AskedName) {
  const key = await nameKey(sub, name);
  return { key, bucket: await bucketOf(key) };
}

/** RFC 9110 §13.1; `null` for a condition that cannot be asked of a change. */
function preconditionOf(headers: Headers): Precondition | null {
  const absent = headers.get("If-None-Match");
  const header = headers.get("If-Match");
  if (absent !== null) return absent.trim() === "*" && header === null ? { kind: "absent" } : null;
  return header === null ? { kind: "none" } : { kind: "match", header };
}

const targetSchema = v.object({
  blobId: v.string(),
  objectId: v.optional(v.nullable(v.pipe(v.string(), v.regex(/^0x[0-9a-fA-F]{64}$/))), null),
});

/** What a body points at; an object that is named must be a certified Blob of that ID. */
async function targetOf(
  body: Uint8Array,
  context: AppContext,
): Promise<Result<NameTarget, Problem>> {
  const asked = readJson(body, targetSchema);
  if (!asked.ok) return err(refused({ kind: "name-target-malformed", flaw: asked.failure }));
  const bytes = parseBlobId(asked.value.blobId);
  if (bytes === null) {
    const flaw = { parameter: "blobId", value: jsonText(asked.value.blobId) };
    return err(refused({ kind: "name-target-malformed", flaw }));
  }
  const blobId = formatBlobId(bytes);
  const objectId = asked.value.objectId?.toLowerCase() ?? null;
  if (objectId === null) return ok({ blobId, objectId });
  for (let ask = 1; ; ask++) {
    const blob = await context.chain.readBlobObject(objectId);
    if (
      blob.ok &&
      formatBlobId(blob.value.blobId) === blobId &&
      blob.value.certifiedEpoch !== null
    ) {
      return ok({ blobId, objectId });
    }
    if (!blob.ok && !isWrongObject(blob.failure)) {
      const { kind: detail } = blob.failure;
      return err(failureToProblem({ kind: "chain-unavailable", detail }));
    }
    // What we have just certified ourselves is only not seen yet.
    const lease = await context.leaseBook.find(objectId);
    if (lease?.blobId !== blobId || !mayBeUnseen(lease, context)) {
      return err(refused({ kind: "name-target-mismatch" }));
    }
    if (ask >= WALLET_ASKS_MAX) return err(failureToProblem(UNSEEN));
    await context.timer.sleep(WALLET_ASK_DELAY_MS);
  }
}

function isWrongObject({ kind }: ChainFailure): boolean {
  return kind === "object-not-found" || kind === "wrong-object-type";
}

function problemOf(failure: NameFailure): Problem {
  return failure.kind === "name-unwritten" ? failureToProblem(failure.cause) : refused(failure);
}

function refused(refusal: NameRefusal): Problem {
  return failureToProblem({ kind: "name-refused", refusal });
}
