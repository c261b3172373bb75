/**
 * What clients see of an upload: the official answer of a store, and the state of an upload. Pure.
 *
 * Source of the store's answer: `walrus-sdk node_client/client_types.rs::BlobStoreResult` as JSON
 * (camelCase, numbers as numbers). It leaves `certifiedEpoch` null even after success; here, but in
 * exact mode, it is the epoch of certification.
 */
import type { Compat } from "../../shared/http/compat.ts";
import {
  dataRowCount,
  type ExternalCheckpoint,
  formatPatchId,
  groupAt,
  parseBlobId,
} from "../../shared/codec/index.ts";
import { type PublisherFailure, failureToProblem } from "./failure-to-problem.ts";
import {
  type Journal,
  resultOf,
  type Step,
  type StepRecord,
  STEPS,
  type StoredPatch,
} from "./upload/journal.ts";
import type { UploadRecord } from "./upload/object.ts";
import { countProgress } from "./upload/progress.ts";

/** Where the state of an upload can be read. */
export function uploadPath(uploadId: string): string {
  return `/edge/v1/uploads/${uploadId}`;
}

/**
 * The answer of `PUT /v1/blobs`, or of `PUT /v1/quilts` where there are patches.
 *
 * @throws {TypeError} When the upload is not certified.
 */
export function storeAnswer(journal: Journal, compat: Compat = "default"): object {
  const { patches } = journal.request;
  const blobStoreResult = blobAnswer(journal, compat);
  if (patches === undefined) return blobStoreResult;
  const { blobId } = resultOf(journal, "encode");
  return { blobStoreResult, storedQuiltBlobs: patchViews(patches, blobId) };
}

/**
 * The 200 the official publisher gives where the blob alone is to blame: it cannot be encoded, or
 * nodes block it; `null` for any other failure. Source: `client_types.rs::fail_with`,
 * `should_fail_early`.
 */
export function exactFailureAnswer({ request, steps, failure }: Journal): object | null {
  if (failure?.kind !== "blob-exceeds-protocol" && failure?.kind !== "blob-blocked") return null;
  const blobId = steps.encode.result?.blobId ?? null;
  const failurePhase = blobId === null ? "encode" : "check_blob_is_blocked";
  const error = { blobId, failurePhase, errorMsg: failureToProblem(failure).message };
  return request.patches === undefined || blobId === null
    ? { error }
    : { blobStoreResult: { error }, storedQuiltBlobs: patchViews(request.patches, blobId) };
}

/**
 * The 200 of a quilt whose blob the network has marked invalid; `null` for any other failure. The
 * official publisher answers a blob store with 500 there.
 */
export function markedInvalidAnswer({ request, failure }: Journal): object | null {
  if (request.patches === undefined || failure?.kind !== "marked-invalid") return null;
  const { blobId, event } = failure;
  return {
    blobStoreResult: { markedInvalid: { blobId, event } },
    storedQuiltBlobs: patchViews(request.patches, blobId),
  };
}

function patchViews(patches: readonly StoredPatch[], blobId: string): readonly object[] {
  const quiltId = parseBlobId(blobId);
  if (quiltId === null) throw new TypeError(`Cannot read journal: ${blobId} is no blob ID`);
  return patches.map(({ identifier, startIndex, endIndex }) => ({
    identifier,
    quiltPatchId: formatPatchId({ quiltId, startIndex, endIndex }),
    range: [startIndex, endIndex],
  }));
}

function blobAnswer(journal: Journal, compat: Compat): object {
  const encoded = resultOf(journal, "encode");
  if (encoded.alreadyCertified !== undefined) {
    const { endEpoch, proof } = encoded.alreadyCertified;
    return { alreadyCertified: { blobId: encoded.blobId, ...proof, endEpoch } };
  }
  const registered = resultOf(journal, "register");
  const certified = resultOf(journal, "certify");
  return {
    newlyCreated: {
      blobObject: {
        id: registered.blobObjectId,
        registeredEpoch: registered.registeredEpoch,
        blobId: encoded.blobId,
        size: journal.unencodedBytes,
        encodingType: "RS2",
        certifiedEpoch: compat === "exact" ? null : certified.certifiedEpoch,
        storage: {
          id: registered.storageObjectId,
          startEpoch: registered.startEpoch,
          endEpoch: registered.endEpoch,
          storageSize: registered.storageBytes,
        },
        deletable: journal.request.deletable,
      },
      resourceOperation:
        registered.reusesStorage === true
          ? { reuseStorage: { encodedLength: encoded.encodedBytes } }
          : {
              registerFromScratch: {
                encodedLength: encoded.encodedBytes,
                epochsAhead: journal.request.epochs,
              },
            },
      cost: Number(registered.costFrost),
      ...(certified.sharedObjectId === undefined
        ? {}
        : { sharedBlobObject: certified.sharedObjectId }),
    },
  };
}

/** The state of an upload as JSON. */
export function uploadView({ journal, progress }: UploadRecord): object {
  const { request, steps } = journal;
  const { encode, register, certify } = {
    encode: steps.encode.result,
    register: steps.register.result,
    certify: steps.certify.result,
  };
  return {
    uploadId: request.uploadId,
    source: request.source,
    state: journal.state,
    blobId: encode?.blobId ?? null,
    objectId: register?.blobObjectId ?? null,
    owner: certify?.owner ?? null,
    sharedObjectId: certify?.sharedObjectId ?? null,
    attributes: request.attributes ?? {},
    deletable: request.deletable,
    epochs: request.epochs,
    startEpoch: register?.startEpoch ?? null,
    endEpoch: register?.endEpoch ?? encode?.alreadyCertified?.endEpoch ?? null,
    alreadyCertified: encode?.alreadyCertified !== undefined,
    certifiedEpoch: certify?.certifiedEpoch ?? null,
    size: journal.unencodedBytes,
    encodedSize: encode?.encodedBytes ?? null,
    cost:
      register === null
        ? encode?.alreadyCertified === undefined
          ? null
          : 0
        : Number(register.costFrost),
    gas: register === null ? null : Number(register.gasMist) + Number(certify?.gasMist ?? 0),
    attempts: journal.attemptCount,
    failure: journal.failure === null ? null : failureView(journal.failure),
    stagedAt: isoTime(journal.stagedAtMs),
    finishedAt: isoTime(journal.finishedAtMs),
    steps: STEPS.map((step) => ({
      step,
      status: stepStatus(journal, step),
      startedAt: isoTime(steps[step].startedAtMs),
      finishedAt: isoTime(steps[step].finishedAtMs),
    })),
    passes: journal.encoding === undefined ? null : passesOf(journal.encoding),
    nodes: progress === null ? null : countProgress(progress),
    ...(request.patches === undefined
      ? {}
      : {
          storedQuiltBlobs: encode === null ? null : patchViews(request.patches, encode.blobId),
        }),
  };
}

/** A step that the end of its upload broke off is in nobody's hands any more. */
function stepStatus({ state, steps }: Journal, step: Step): "failed" | StepRecord["status"] {
  const { status } = steps[step];
  return state === "failed" && status === "doing" ? "failed" : status;
}

function failureView(failure: PublisherFailure): object {
  const { reason, message, metadata } = failureToProblem(failure);
  return { reason, message, metadata: metadata ?? {} };
}

/** How far the two passes over a blob larger than memory have come. */
function passesOf({ plan, ingestedRows, finishedGroups }: ExternalCheckpoint): object {
  return {
    rows: { done: ingestedRows, total: dataRowCount(plan) },
    columns: {
      done: finishedGroups.reduce((count, index) => count + groupAt(plan, index).columnCount, 0),
      total: plan.shardCount,
    },
  };
}

function isoTime(timeMs: number | null): string | null {
  return timeMs === null ? null : new Date(timeMs).toISOString();
}
