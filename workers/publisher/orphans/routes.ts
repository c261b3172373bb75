/**
 * The operator's routes for registrations nobody certified: `/edge/v1/orphans` and
 * `/edge/v1/orphans/{objectId}`.
 */
import { unreadableParameter } from "../../../shared/http/problem.ts";
import { jsonResponse } from "../../../shared/http/respond.ts";
import { OBJECT_BODY_BYTES_MAX, ORPHAN_PAGE_MAX } from "../../../shared/limits.ts";
import { err, ok } from "../../../shared/result.ts";
import { parseSuiId } from "../../../shared/sui/sui-id.ts";
import type { Answer } from "../answer.ts";
import type { AppContext } from "../context.ts";
import { failureToProblem } from "../failure-to-problem.ts";
import { changeOnce } from "../keyed/change-once.ts";
import { carryOutByWallet, type WalletWish } from "../objects/ask-wallet.ts";
import type { AskedObject } from "../objects/find-object.ts";
import { objectProblem } from "../objects/object-problem.ts";
import { queryValue } from "../query.ts";
import { readRequestBody } from "../request-body.ts";
import { randomUploadId } from "../uploads.ts";

/** `GET /edge/v1/orphans[?after=]`: by pages, ordered by object ID. */
export async function listOrphans(request: Request, context: AppContext): Promise<Answer> {
  const text = queryValue(request, "after");
  if (!text.ok) return failureToProblem(text.failure);
  const after = text.value === null ? null : parseSuiId(text.value);
  if (text.value !== null && after === null) {
    return unreadableParameter("after", text.value, "the `next` of the page before");
  }
  const orphans = await context.leaseBook.orphans({ after });
  const next = orphans.length < ORPHAN_PAGE_MAX ? null : (orphans.at(-1)?.blobObjectId ?? null);
  return jsonResponse({ orphans, next });
}

interface OrphanWish extends WalletWish {
  readonly objectId: string;
  /** When the orphan was written down. */
  readonly recordedAtMs: number;
}

/** `DELETE /edge/v1/orphans/{objectId}`: an expired one is burned, a deletable one deleted. */
export async function removeOrphan(
  request: Request,
  asked: AskedObject,
  context: AppContext,
): Promise<Answer> {
  const { leaseBook } = context;
  const body = await readRequestBody(request, OBJECT_BODY_BYTES_MAX);
  if (!body.ok) return body.failure;
  return changeOnce<OrphanWish>({ ...asked, request, body: body.value }, context, {
    async plan() {
      const objectId = parseSuiId(asked.objectId);
      const orphan = objectId === null ? null : await leaseBook.orphan(objectId);
      if (objectId === null || orphan === null)
        return err(objectProblem({ kind: "orphan-unknown" }));
      const { owner: payer, deletable, endEpoch, state, recordedAtMs } = orphan;
      if (state !== "expired" && !deletable) {
        return err(objectProblem({ kind: "object-permanent", endEpoch }));
      }
      const id = `orphan/${objectId}/remove/${randomUploadId(context.random)}`;
      const command = { kind: "delete", id, blobObjectId: objectId, burnsExpired: true } as const;
      return ok({ payer, command, isConditional: false, objectId, recordedAtMs });
    },
    carryOut: (wish) =>
      carryOutByWallet(
        wish,
        context,
        async ({ txDigest }) => {
          await leaseBook.forgetOrphan(wish.objectId);
          return { body: { removed: wish.objectId, txDigest } };
        },
        wish,
      ),
  });
}
