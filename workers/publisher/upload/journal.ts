/**
 * The journal of one upload as a value, and every way it may change. Pure.
 *
 * Each step goes `pending → doing → done`; a paid step is marked `doing` before its command is
 * sent, and its command is named by upload, step and generation, so that whoever repeats it pays
 * once. What a step has produced is kept here and nowhere else.
 */
import {
  ORPHAN_KEPT_MS,
  UPLOAD_ATTEMPTS_MAX,
  UPLOAD_CHAIN_PATIENCE_MS,
  UPLOAD_RETRY_MAX_MS,
  UPLOAD_RETRY_MIN_MS,
  UPLOAD_STATE_TTL_MS,
} from "../../../shared/limits.ts";
import type { ExternalCheckpoint } from "../../../shared/codec/index.ts";
import type { StatusEvent } from "../../../shared/nodes/blob-status.ts";
import { isTransient, mustGoOn, type UploadFailure } from "./failure.ts";

/** The steps in their order. `stage` is done before the journal exists. */
export const STEPS = ["encode", "register", "fan-out", "certify", "record"] as const;
export type Step = (typeof STEPS)[number];

/** Where a patch lies in its quilt, as the answer of a store tells it. */
export interface StoredPatch {
  readonly identifier: string;
  /** First secondary sliver. */
  readonly startIndex: number;
  /** One past the last. */
  readonly endIndex: number;
}

/** What was asked for; it never changes. */
export interface UploadRequest {
  readonly uploadId: string;
  /** Where it came from: an HTTP client, or a webhook source. */
  readonly source: string;
  readonly epochs: number;
  readonly deletable: boolean;
  readonly sendObjectTo: string | null;
  /** Whether a client waits for the outcome: it learns of a failure and may ask again itself. */
  readonly waits: boolean;
  /** Hex digest of the bytes where the sender may send them again; `null` where it cannot. */
  readonly contentDigest: string | null;
  /** Subject of the token it was sent with; nobody unless given. */
  readonly sub?: string | null;
  /** Hash of that token: given back when nothing was registered. */
  readonly token?: string;
  /**
   * What the upload was asked for, where its name is a key of the client: who comes again with the
   * key must ask for the same. `contentDigest` is then made while the bytes are staged.
   */
  readonly binding?: string;
  /** Until when the state is kept at least: the key of the client must find it. */
  readonly keptUntilMs?: number;
  /** Stores even what the network has already. */
  readonly force?: boolean;
  /** Whether storage the paying address owns already may be used (`reuse_resources`). */
  readonly reuseStorage?: boolean;
  /** Wraps the Blob in a SharedBlob; excludes `sendObjectTo`. */
  readonly share?: boolean;
  /** Set on the Blob. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** The patches, where the blob is a quilt. */
  readonly patches?: readonly StoredPatch[];
}

/** Results by step; all of it JSON. Bytes are base64. */
export interface StepResults {
  readonly encode: {
    /** 43 characters of base64url. */
    readonly blobId: string;
    readonly rootHash: string;
    readonly shardCount: number;
    readonly encodedBytes: number;
    /** A permanent blob of the same content that lasts long enough: nothing is left to do. */
    readonly alreadyCertified?: {
      /** Exclusive. */
      readonly endEpoch: number;
      /** Event that certified it, or the Blob object where it is one of ours. */
      readonly proof: { readonly event: StatusEvent } | { readonly object: string };
    };
    /** How much of the step went to looking for such a blob; missing where nobody was asked. */
    readonly statusCheckMs?: number;
  };
  readonly register: {
    readonly blobObjectId: string;
    readonly registeredEpoch: number;
    readonly storageObjectId: string;
    readonly startEpoch: number;
    readonly endEpoch: number;
    readonly storageBytes: number;
    readonly costFrost: string;
    readonly gasMist: string;
    readonly txDigest: string;
    /** Whether it is in storage the gateway held already. */
    readonly reusesStorage?: boolean;
  };
  readonly "fan-out": {
    readonly epoch: number;
    readonly weight: number;
    readonly message: string;
    readonly signature: string;
    readonly signersBitmap: string;
  };
  readonly certify: {
    readonly certifiedEpoch: number;
    /** An address, or the SharedBlob. */
    readonly owner: string;
    readonly sharedObjectId?: string;
    readonly gasMist: string;
    /** `null` when another transaction had certified it before. */
    readonly txDigest: string | null;
  };
  readonly record: Record<string, never>;
}

/** One step. */
export interface StepRecord<S extends Step = Step> {
  readonly status: "pending" | "doing" | "done";
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  readonly result: StepResults[S] | null;
}

/** Everything that must survive of one upload besides its bytes. */
export interface Journal {
  readonly request: UploadRequest;
  /** `certified` and `failed` are final; a certified upload may still have `record` to do. */
  readonly state: "running" | "certified" | "failed";
  readonly unencodedBytes: number;
  readonly stagedAtMs: number;
  readonly finishedAtMs: number | null;
  /** Failed attempts so far. */
  readonly attemptCount: number;
  /**
   * Rises when a paid command has been refused for good, or its certificate is worthless: the next
   * one needs another name. Never while the fate of a command is open.
   */
  readonly generations: { readonly register: number; readonly certify: number };
  /** Address that pays, chosen before the first paid command and kept; `null`: nothing was paid. */
  readonly walletAddress: string | null;
  /** Why it failed, or what the last attempt stumbled over. */
  readonly failure: UploadFailure | null;
  readonly steps: { readonly [S in Step]: StepRecord<S> };
  /** How far the encoding of a blob larger than memory has come; its scratch says the same. */
  readonly encoding?: ExternalCheckpoint;
}

const PENDING = { status: "pending", startedAtMs: null, finishedAtMs: null, result: null } as const;

/** The journal of an upload whose bytes have just been staged. */
export function openJournal(
  request: UploadRequest,
  unencodedBytes: number,
  stagedAtMs: number,
): Journal {
  return {
    request,
    state: "running",
    unencodedBytes,
    stagedAtMs,
    finishedAtMs: null,
    attemptCount: 0,
    generations: { register: 0, certify: 0 },
    walletAddress: null,
    failure: null,
    steps: {
      encode: PENDING,
      register: PENDING,
      "fan-out": PENDING,
      certify: PENDING,
      record: PENDING,
    },
  };
}

/** What to do next; `null` when nothing is left, or nothing more will be tried. */
export function nextStep(journal: Journal): Step | null {
  const isGivenUp = journal.state === "certified" && journal.attemptCount >= UPLOAD_ATTEMPTS_MAX;
  if (journal.state === "failed" || isGivenUp) return null;
  if (journal.steps.encode.result?.alreadyCertified !== undefined) return null;
  return STEPS.find((step) => journal.steps[step].status !== "done") ?? null;
}

/** Binds the upload to the address that pays. */
export function withWallet(journal: Journal, walletAddress: string): Journal {
  return { ...journal, walletAddress };
}

/** Marks a step as begun; a repetition keeps its first start. */
export function startStep(journal: Journal, step: Step, nowMs: number): Journal {
  const startedAtMs = journal.steps[step].startedAtMs ?? nowMs;
  return withStep(journal, step, { ...journal.steps[step], status: "doing", startedAtMs });
}

/** Records what a step has produced. Certification, found or made, is final for the state. */
export function finishStep<S extends Step>(
  journal: Journal,
  step: S,
  result: StepResults[S],
  nowMs: number,
): Journal {
  const { startedAtMs } = journal.steps[step];
  const finished = withStep(journal, step, {
    status: "done",
    startedAtMs: startedAtMs ?? nowMs,
    finishedAtMs: nowMs,
    result,
  });
  const isCertified =
    step === "certify" || finished.steps.encode.result?.alreadyCertified !== undefined;
  return isCertified
    ? {
        ...finished,
        state: "certified",
        finishedAtMs: nowMs,
        failure: null,
        attemptCount: 0,
      }
    : finished;
}

/** What a finished step has produced. */
export function resultOf<S extends Step>(journal: Journal, step: S): StepResults[S] {
  const { result } = journal.steps[step];
  if (result === null) throw new TypeError(`Cannot read result: step ${step} is not done`);
  return result;
}

/** Confirmations must be collected again, in another epoch: the certificate is worthless. */
export function newGeneration(journal: Journal): Journal {
  return {
    ...journal,
    generations: { ...journal.generations, certify: journal.generations.certify + 1 },
    steps: { ...journal.steps, "fan-out": PENDING, certify: PENDING },
  };
}

/**
 * The registration ended before the blob was certified, so no node confirms it any more: another one
 * is paid for, under another name, by the same address.
 */
export function newRegistration(journal: Journal): Journal {
  const again = newGeneration(journal);
  return {
    ...again,
    generations: { ...again.generations, register: again.generations.register + 1 },
    steps: { ...again.steps, register: PENDING },
  };
}

/**
 * An upload again after it failed, with its bytes staged anew: what was paid for the same bytes is
 * kept, and what the contract refused gets another name.
 */
export function reopen(
  failed: Journal,
  request: UploadRequest,
  unencodedBytes: number,
  stagedAtMs: number,
): Journal {
  const { register, certify } = failed.generations;
  // What was registered long ago may have been swept up since.
  const isKept = stagedAtMs - (failed.finishedAtMs ?? stagedAtMs) < ORPHAN_KEPT_MS;
  const isSame =
    isKept &&
    request.contentDigest !== null &&
    request.contentDigest === failed.request.contentDigest;
  if (!isSame) {
    const fresh = openJournal(request, unencodedBytes, stagedAtMs);
    return { ...fresh, generations: { register: register + 1, certify: certify + 1 } };
  }
  // What was derived from the bytes went with them.
  const { encoding: _, ...again } = newGeneration(failed);
  const isRefused = failed.failure?.kind === "transaction-refused";
  return {
    ...again,
    state: "running",
    stagedAtMs,
    finishedAtMs: null,
    attemptCount: 0,
    failure: null,
    generations: { ...again.generations, register: register + (isRefused ? 1 : 0) },
  };
}

/** A journal after a run, and when to look at it again. */
export interface Settled {
  readonly journal: Journal;
  readonly wakeAfterMs: number;
}

/** Decides what a run that stopped with `failure` (or with nothing left) means. */
export function settle(journal: Journal, failure: UploadFailure | null, nowMs: number): Settled {
  const done = { wakeAfterMs: UPLOAD_STATE_TTL_MS };
  if (failure === null) return { journal, ...done };
  const noted = { ...journal, attemptCount: journal.attemptCount + 1, failure };
  const again = { journal: noted, wakeAfterMs: attemptDelayMs(noted.attemptCount) };
  const mayTryAgain = noted.attemptCount < UPLOAD_ATTEMPTS_MAX;
  if (journal.state === "certified") {
    // Only the lease is missing: what was promised to the client holds already.
    return mayTryAgain ? again : { journal: noted, ...done };
  }
  // The fate of a transaction always becomes definite, so that is waited for without end.
  if (failure.kind === "wallet-pending") return again;
  if (mayOutlast(journal, failure, nowMs)) return again;
  const goesOn = isTransient(failure) && (mustGoOn(failure) || !journal.request.waits);
  if (goesOn && mayTryAgain) return again;
  return { journal: { ...noted, state: "failed", finishedAtMs: nowMs }, ...done };
}

/**
 * An outage of the chain is waited out where money may be at stake or nobody else will ask again;
 * a restart, which says nothing of the upload, where money may be at stake, or where an outage took
 * the attempts before it.
 */
function mayOutlast(journal: Journal, failure: UploadFailure, nowMs: number): boolean {
  if (nowMs - journal.stagedAtMs >= UPLOAD_CHAIN_PATIENCE_MS) return false;
  const mayHavePaid = journal.walletAddress !== null;
  const isOutage = failure.kind === "chain-unavailable";
  const followsOutage =
    failure.kind === "interrupted" && journal.failure?.kind === "chain-unavailable";
  if (isOutage || followsOutage) return mayHavePaid || !journal.request.waits;
  return failure.kind === "interrupted" && mayHavePaid;
}

/** Names a paid command: the same text for the same payment, whoever sends it. */
export function commandId(journal: Journal, step: "register" | "certify"): string {
  return `${journal.request.uploadId}/${step}/${journal.generations[step]}`;
}

/** Milliseconds before attempt `attemptCount` + 1. */
export function attemptDelayMs(attemptCount: number): number {
  return Math.min(UPLOAD_RETRY_MAX_MS, UPLOAD_RETRY_MIN_MS * 2 ** Math.max(0, attemptCount - 1));
}

function withStep<S extends Step>(journal: Journal, step: S, record: StepRecord<S>): Journal {
  return { ...journal, steps: { ...journal.steps, [step]: record } };
}
