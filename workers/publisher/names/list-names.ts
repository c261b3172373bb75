/**
 * `GET /edge/v1/names`: the names of a subject, in the order of their bytes.
 *
 * Names are spread over the buckets by their hash, so each of them is asked for its part of a page
 * and the parts are merged. A page shows each name as it stood when its bucket was asked.
 */
import { unreadableParameter } from "../../../shared/http/problem.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import { NAME_PAGE_DEFAULT, NAME_PAGE_MAX } from "../../../shared/limits.ts";
import type { Answer } from "../answer.ts";
import type { Subject } from "../auth/authorize.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { checkKeys, wholeNumber } from "../query.ts";
import { BUCKETS, isName, nameKey } from "./name.ts";
import { recordView } from "./name-view.ts";
import type { NameListQuery, NameRecord } from "./names.ts";

/** GET: `{"names": […], "next": …}`; `?prefix`, `?limit`, and `?after` with the `next` of a page. */
export async function listNames(
  request: Request,
  context: AppContext,
  { sub }: Subject,
): Promise<Answer> {
  const query = new URL(request.url).searchParams;
  const keys = checkKeys(query, ["prefix", "after", "limit"], null);
  if (!keys.ok) return failureToProblem(keys.failure);
  const prefix = query.get("prefix") ?? "";
  if (prefix !== "" && !isName(prefix)) {
    return unreadableParameter("prefix", prefix, "the beginning of a name");
  }
  const after = query.get("after");
  if (after !== null && !isName(after)) {
    return unreadableParameter("after", after, "the `next` of the page before");
  }
  const limit = wholeNumber(query, "limit", NAME_PAGE_DEFAULT, 1, NAME_PAGE_MAX);
  if (!limit.ok) return failureToProblem(limit.failure);
  const records = await namesFrom(context, {
    keyPrefix: await nameKey(sub, prefix),
    afterKey: after === null ? null : await nameKey(sub, after),
    limit: limit.value + 1,
  });
  const shown = records.slice(0, limit.value);
  const next = records.length > shown.length ? (shown.at(-1)?.name ?? null) : null;
  return jsonResponse({ names: shown.map((each) => recordView(each, context.config)), next });
}

async function namesFrom(
  { names }: AppContext,
  query: NameListQuery,
): Promise<readonly NameRecord[]> {
  const parts = await Promise.all(BUCKETS.map((bucket) => names.getByName(bucket).list(query)));
  return parts
    .flat()
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .slice(0, query.limit);
}
