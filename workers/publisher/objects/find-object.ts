/**
 * One object of a subject, in our book and on chain: what every route of a single object begins with.
 */
import {
  OBJECT_UNSEEN_MS_MAX,
  WALLET_ASK_DELAY_MS,
  WALLET_ASKS_MAX,
} from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Lease } from "../../../shared/rpc/leases.ts";
import type { AttributedBlob } from "../../../shared/sui/attributed-blob.ts";
import { parseSuiId } from "../../../shared/sui/sui-id.ts";
import type { Subject } from "../auth/authorize.ts";
import type { AppContext } from "../context.ts";
import type { UploadFailure } from "../upload/failure.ts";
import { chainFailure } from "../upload/failure-of.ts";
import { allowsChange, namesLater } from "./condition.ts";
import { type ObjectRefused, refusedObject } from "./object-problem.ts";

/** Which object, and who asks. */
export interface AskedObject extends Subject {
  /** Of the Blob, or of the SharedBlob around it. */
  readonly objectId: string;
}

/** An object this gateway has stored for whoever asks. */
export interface FoundObject {
  readonly lease: Lease;
  /** Address that owns it now; the SharedBlob's own ID where it is in one. */
  readonly owner: string;
  readonly onChain: AttributedBlob;
}

/** What may go wrong with one object. */
export type FindFailure = ObjectRefused | UploadFailure;

/** Finds it; what belongs to another subject is as unknown as what is not there. */
export async function findObject(
  asked: AskedObject,
  context: AppContext,
): Promise<Result<FoundObject, FindFailure>> {
  const objectId = parseSuiId(asked.objectId);
  const lease = objectId === null ? null : await context.leaseBook.find(objectId);
  if (lease === null || lease.sub !== asked.sub) return refusedObject({ kind: "object-unknown" });
  for (let ask = 1; ; ask++) {
    const found = await readObject(lease, context);
    if (!found.ok) return found;
    if (found.value !== null) return ok(found.value);
    // Deleted or burned by somebody else, unless it is only not seen yet.
    if (!mayBeUnseen(lease, context)) return refusedObject({ kind: "object-unknown" });
    if (ask >= WALLET_ASKS_MAX) return err(UNSEEN);
    await context.timer.sleep(WALLET_ASK_DELAY_MS);
  }
}

/** What is said of an object that an RPC node does not know yet. */
export const UNSEEN = { kind: "chain-unavailable", detail: "object-not-found" } as const;

/** Whether an RPC node that is behind may not know of the object, or of its certificate. */
export function mayBeUnseen(
  { recordedAtMs }: Pick<Lease, "recordedAtMs">,
  { clock }: Pick<AppContext, "clock">,
): boolean {
  return clock.nowMs() - recordedAtMs < OBJECT_UNSEEN_MS_MAX;
}

/** The object as the chain has it; `null` where the RPC node knows of none. */
async function readObject(
  lease: Lease,
  { chain, readAttributed }: AppContext,
): Promise<Result<FoundObject | null, FindFailure>> {
  const readId = lease.sharedObjectId ?? lease.blobObjectId;
  const [views, onChain] = await Promise.all([chain.readObjects([readId]), readAttributed(readId)]);
  if (!views.ok) return err(chainFailure(views.failure));
  if (!onChain.ok) {
    return onChain.failure.kind === "object-not-found"
      ? ok(null)
      : err(chainFailure(onChain.failure));
  }
  const view = views.value[0] ?? null;
  if (view === null) return ok(null);
  const owner = view.owner.kind === "address" ? view.owner.address : readId;
  return ok({ lease, owner, onChain: onChain.value });
}

/** Finds it for a change, in a version the request's conditions allow. */
export async function findForChange(
  headers: Headers,
  asked: AskedObject,
  context: AppContext,
): Promise<Result<FoundObject, FindFailure>> {
  for (let ask = 1; ; ask++) {
    const found = await findObject(asked, context);
    if (!found.ok) return found;
    const { version } = found.value.onChain;
    if (allowsChange(headers, version)) return found;
    // An RPC node that is behind does not know the version that is asked for yet.
    if (!namesLater(headers, version) || ask >= WALLET_ASKS_MAX) {
      return refusedObject({ kind: "object-changed", version });
    }
    await context.timer.sleep(WALLET_ASK_DELAY_MS);
  }
}
