/**
 * From the effects of a transaction to the next step of its commands: answers, or another attempt.
 */
import { WALLET_ATTEMPTS_MAX } from "../../../shared/limits.ts";
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import type { BlobObject } from "../../../shared/protocol/blob-object.ts";
import { err, type Err, ok, type Result } from "../../../shared/result.ts";
import type {
  Chain,
  ChainFailure,
  ExecutedTransaction,
  ExecutionFailure,
} from "../../../shared/sui/chain.ts";
import type { WalletDone, WalletFailure } from "./commands.ts";
import type { JournalEntry, Member, Outcome, SignedTransaction } from "./journal.ts";

/** What an executed transaction that failed means for its commands. */
export type AfterFailure =
  /** All of them may be sent again as they are; fewer at a time where that may help. */
  | { readonly kind: "try-again"; readonly fewer: boolean }
  /** One of them is to blame, or all; the others have lost nothing but gas. */
  | { readonly kind: "blame"; readonly failures: ReadonlyMap<string, WalletFailure> }
  /** Nobody knows who is to blame: send them in two halves. */
  | { readonly kind: "bisect" };

/** `messages.move::EIncorrectEpoch`: the certificate is not of the current committee. */
const INCORRECT_EPOCH = 1n;

/**
 * Decides after a failed execution. Gas is spent; nothing else has changed.
 *
 * A payment that no longer fits (prices moved between reading and running), congestion and too
 * little gas are tried again with what the chain says then. What the contract refuses is final for
 * the command it refused; a past epoch is final for every certificate of the batch.
 *
 * @param entries Of the members, in their order, this attempt and its gas included.
 */
export function afterFailure(
  signed: SignedTransaction,
  entries: readonly JournalEntry[],
  failure: ExecutionFailure,
): AfterFailure {
  const { digest: txDigest, members } = signed;
  if (isIncorrectEpoch(failure)) {
    const wrongEpoch = ({ id, gasMist }: JournalEntry) =>
      [id, { kind: "wrong-epoch", txDigest, gasMist } as const] as const;
    return { kind: "blame", failures: new Map(entries.map(wrongEpoch)) };
  }
  const final = ({ id, attempts, gasMist }: JournalEntry) =>
    [id, { kind: "execution-failed", txDigest, failure, attempts, gasMist } as const] as const;
  if (mayPassLater(failure)) {
    const tired = entries.filter(({ attempts }) => attempts >= WALLET_ATTEMPTS_MAX);
    if (tired.length > 0) return { kind: "blame", failures: new Map(tired.map(final)) };
    return { kind: "try-again", fewer: failure.kind !== "move-abort" && failure.kind !== "other" };
  }
  const culprit = members.length === 1 ? members[0] : memberAt(members, commandIndexOf(failure));
  const entry = entries.find(({ id }) => id === culprit?.id);
  return entry === undefined
    ? { kind: "bisect" }
    : { kind: "blame", failures: new Map([final(entry)]) };
}

function isIncorrectEpoch(failure: ExecutionFailure): boolean {
  return (
    failure.kind === "move-abort" &&
    failure.module === "messages" &&
    failure.abortCode === INCORRECT_EPOCH
  );
}

function commandIndexOf(failure: ExecutionFailure): number | null {
  return failure.kind === "move-abort" || failure.kind === "other" ? failure.commandIndex : null;
}

function memberAt(members: readonly Member[], commandIndex: number | null): Member | undefined {
  if (commandIndex === null) return undefined;
  return members.find(({ commands: [first, end] }) => first <= commandIndex && commandIndex < end);
}

function mayPassLater(failure: ExecutionFailure): boolean {
  switch (failure.kind) {
    case "congestion":
    case "out-of-gas":
      return true;
    case "move-abort":
      // `balance::split` of too little, or `destroy_zero` of a remainder: the price has changed.
      return failure.module === "balance" || failure.module === "coin";
    case "other":
      return /insufficient ?coin ?balance/i.test(failure.detail);
  }
}

/**
 * Phrases the answers after a success, in the order of the members.
 *
 * @param entries Of the members, in their order, this attempt's gas included.
 * @returns A chain failure when a created Blob cannot be read yet: ask again, it exists.
 */
export async function conclude(
  chain: Chain,
  entries: readonly JournalEntry[],
  { members, digest: txDigest }: SignedTransaction,
  executed: ExecutedTransaction,
): Promise<Result<readonly WalletDone[], ChainFailure>> {
  const createdType = createdTypeOf(members);
  const created = createdType === null ? ok([]) : await createdBlobs(chain, executed, createdType);
  if (!created.ok) return created;
  const unclaimed = [...created.value];
  const answers: WalletDone[] = [];
  for (const [index, { id, costFrost, outcome }] of members.entries()) {
    const receipt = { txDigest, costFrost, gasMist: entries[index]?.gasMist ?? 0n };
    if (outcome.kind === "attributes-set") {
      const version = versionAfter(executed, outcome.blobObjectId);
      if (version === null)
        return unreadable(`no new version of ${outcome.blobObjectId}`, txDigest);
      answers.push({ ...outcome, version, ...receipt });
      continue;
    }
    if (outcome.kind === "extended") {
      const { kind, ends, sharedObjectId } = outcome;
      const told = ends.map((end) => {
        const version = versionAfter(executed, sharedObjectId ?? end.blobObjectId);
        return { ...end, version: version ?? end.version };
      });
      answers.push({ kind, ends: told, ...receipt });
      continue;
    }
    if (!isCreation(outcome)) {
      answers.push({ ...outcome, ...receipt });
      continue;
    }
    // Equal registrations differ in nothing but their object: any of them will do.
    const at = unclaimed.findIndex((blob) => fits(blob, outcome));
    const [blob] = at === -1 ? [] : unclaimed.splice(at, 1);
    if (blob === undefined) {
      return unreadable(`no Blob of ${id} among the created objects`, txDigest);
    }
    if (outcome.kind === "registered") {
      const { encodedBytes, epochs, reusesStorage = false } = outcome;
      answers.push({ kind: "registered", blob, encodedBytes, epochs, reusesStorage, ...receipt });
    } else {
      const { kind, blobObjectId } = outcome;
      const { objectId: owner } = blob;
      answers.push({ kind, blobObjectId, owner, sharedObjectId: owner, ...receipt });
    }
  }
  return ok(answers);
}

function versionAfter({ changes }: ExecutedTransaction, objectId: string): string | null {
  return changes.find((each) => each.objectId === objectId)?.output?.version ?? null;
}

function unreadable(what: string, txDigest: string): Err<ChainFailure> {
  const detail = `${what} of ${txDigest}`;
  return err({ kind: "malformed-answer", call: "getObjects", detail });
}

/** What made an object that the answer names: a Blob, or a SharedBlob around one. */
type Creation =
  | Extract<Outcome, { kind: "registered" }>
  | (Extract<Outcome, { kind: "certified" }> & { readonly sharedBlobType: string });

function isCreation(outcome: Outcome): outcome is Creation {
  return (
    outcome.kind === "registered" ||
    (outcome.kind === "certified" && outcome.sharedBlobType !== undefined)
  );
}

/** The type of what the members of one transaction create; `null` when that is nothing. */
function createdTypeOf(members: readonly Member[]): string | null {
  const outcome = members.map((member) => member.outcome).find(isCreation);
  if (outcome === undefined) return null;
  return outcome.kind === "registered" ? outcome.blobType : outcome.sharedBlobType;
}

function fits(blob: BlobObject, outcome: Creation): boolean {
  return outcome.kind === "registered"
    ? isRegistrationOf(blob, outcome)
    : blob.blobObjectId === outcome.blobObjectId;
}

function isRegistrationOf(
  blob: BlobObject,
  outcome: Extract<Outcome, { kind: "registered" }>,
): boolean {
  const { startEpoch, endEpoch } = blob.storage;
  return (
    equalBytes(blob.blobId, outcome.blobId) &&
    blob.deletable === outcome.deletable &&
    endEpoch - startEpoch === outcome.epochs
  );
}

/** The Blobs among the created objects; asks for the types where the effects do not tell them. */
async function createdBlobs(
  chain: Chain,
  executed: ExecutedTransaction,
  blobType: string,
): Promise<Result<readonly BlobObject[], ChainFailure>> {
  const created = executed.changes.filter(({ change }) => change === "created");
  const ids = await blobIds(chain, created, blobType);
  if (!ids.ok) return ids;
  const blobs = await chain.readBlobObjects(ids.value.toSorted());
  if (!blobs.ok) return blobs;
  // What is not there yet is looked for again.
  return ok(blobs.value.filter((blob) => blob !== null));
}

async function blobIds(
  chain: Chain,
  created: ExecutedTransaction["changes"],
  blobType: string,
): Promise<Result<readonly string[], ChainFailure>> {
  const told = created.filter(({ type }) => type === blobType);
  if (told.length > 0) return ok(told.map(({ objectId }) => objectId));
  const ids = created.map(({ objectId }) => objectId);
  const views = await chain.readObjects(ids);
  if (!views.ok) return views;
  return ok(ids.filter((_, index) => views.value[index]?.type === blobType));
}
