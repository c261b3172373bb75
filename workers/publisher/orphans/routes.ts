/**
 * The operator's routes for registrations nobody certified: `/edge/v1/orphans` and
 * `/edge/v1/orphans/{objectId}`.
 */
import { jsonResponse } from "../../../shared/http/respond.ts";
import { ORPHAN_PAGE_MAX } from "../../../shared/limits.ts";
import type { Answer } from "../answer.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { askWallet } from "../objects/ask-wallet.ts";
import { objectProblem } from "../objects/object-problem.ts";

/** `GET /edge/v1/orphans[?after=]`: by pages, ordered by object ID. */
export async function listOrphans(request: Request, context: AppContext): Promise<Answer> {
  const after = new URL(request.url).searchParams.get("after");
  const orphans = await context.leaseBook.orphans({ after });
  const next = orphans.length < ORPHAN_PAGE_MAX ? null : (orphans.at(-1)?.blobObjectId ?? null);
  return jsonResponse({ orphans, next });
}

/** `DELETE /edge/v1/orphans/{objectId}`: an expired one is burned, a deletable one deleted. */
export async function removeOrphan(objectId: string, context: AppContext): Promise<Answer> {
  const { leaseBook, clock } = context;
  const orphan = await leaseBook.orphan(objectId);
  if (orphan === null) return objectProblem({ kind: "object-unknown" });
  const { owner, deletable, endEpoch, state } = orphan;
  if (state !== "expired" && !deletable)
    return objectProblem({ kind: "object-permanent", endEpoch });
  const id = `orphan/${objectId}/remove/${clock.nowMs()}`;
  const command = { kind: "delete", id, blobObjectId: objectId, burnsExpired: true } as const;
  const done = await askWallet(context, owner, command);
  if (!done.ok) return failureToProblem(done.failure);
  await leaseBook.forgetOrphan(objectId);
  return jsonResponse({ removed: objectId, txDigest: done.value.txDigest });
}
