/**
 * `GET /edge/v1/objects` and `GET /edge/v1/objects/{objectId}`: what this gateway has stored for its
 * caller, as a page of JSON, as JSON Lines from end to end, or one object as the chain has it.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { matchesNone, strongEtag } from "../../../shared/http/etag.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import { LEASE_PAGE_MAX } from "../../../shared/limits.ts";
import type { Answer } from "../answer.ts";
import type { Subject } from "../auth/authorize.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import type { LeaseBookRpc, SubjectLeases, SubjectLeasesQuery } from "../lease-book/leases.ts";
import { bucketOf, nameKey } from "../names/name.ts";
import type { AskedName } from "../names/name-routes.ts";
import { type AskedObject, findObject } from "./find-object.ts";
import { formatCursor, parseObjectsQuery } from "./query.ts";
import { leaseView, objectView } from "./view.ts";

const JSON_LINES = "application/jsonl";

/** GET of the list: `{"objects": […], "next": cursor or null}`. */
export async function listObjects(
  request: Request,
  context: AppContext,
  { sub }: Subject,
): Promise<Answer> {
  const { searchParams } = new URL(request.url);
  const asked = parseObjectsQuery(searchParams);
  if (!asked.ok) return failureToProblem(asked.failure);
  const wantsLines = (request.headers.get("Accept") ?? "").includes(JSON_LINES);
  const { name, format, ...filters } = asked.value;
  const pointedAt = name === null ? null : await targetOfName({ name, sub }, context);
  const query: SubjectLeasesQuery = { ...filters, sub, pointedAt };
  if (format === "jsonl" || (format === null && wantsLines)) {
    return linesResponse(context.leaseBook, { ...query, limit: LEASE_PAGE_MAX });
  }
  const { leases, next } = await context.leaseBook.ofSubject(query);
  return jsonResponse(
    { objects: leases.map(leaseView), next: next === null ? null : formatCursor(next) },
    { headers: { Vary: "Accept" } },
  );
}

/** What a name points at now; an ID that no blob has where there is no such name. */
async function targetOfName(
  asked: AskedName,
  { names }: AppContext,
): Promise<Exclude<SubjectLeasesQuery["pointedAt"], null>> {
  const key = await nameKey(asked.sub, asked.name);
  const record = await names.getByName(await bucketOf(key)).resolve(key);
  return record?.target ?? { blobId: "", objectId: null };
}

/** Every object from the cursor on, one a line; the next page is asked for when the last is read. */
function linesResponse(leaseBook: LeaseBookRpc, query: SubjectLeasesQuery): Response {
  let after: SubjectLeases["next"] = query.after;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const page = await leaseBook.ofSubject({ ...query, after });
      const lines = page.leases.map((lease) => `${JSON.stringify(leaseView(lease))}\n`).join("");
      if (lines !== "") controller.enqueue(utf8Bytes(lines));
      after = page.next;
      if (after === null) controller.close();
    },
  });
  return new Response(body, {
    headers: {
      "Content-Type": JSON_LINES,
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
      Vary: "Accept",
    },
  });
}

/** GET of one object, with its version as the entity tag. */
export async function showObject(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const found = await findObject(asked, context);
  if (!found.ok) return failureToProblem(found.failure);
  const { lease, owner, onChain } = found.value;
  const { version } = onChain;
  const headers = { ETag: strongEtag(version), "Cache-Control": "no-cache" };
  return matchesNone(request.headers.get("If-None-Match"), version)
    ? new Response(null, { status: 304, headers })
    : jsonResponse(objectView(lease, owner, onChain), { headers });
}
