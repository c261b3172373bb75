/**
 * From what the RPC client returns to the words of the chain port. Pure.
 */
import type { SuiClientTypes } from "@mysten/sui/client";
import { Blob, SharedBlob, Storage } from "../protocol/onchain.ts";
import type { BlobObject } from "../protocol/blob-object.ts";
import { err, ok, type Result } from "../result.ts";
import type {
  ChainFailure,
  ExecutedTransaction,
  ExecutionFailure,
  FreeStorage,
  ObjectChange,
  ObjectOwner,
  ObjectView,
  RejectionReason,
} from "./chain.ts";

/** An object as listed or read, with what we may have asked for. */
export type RawObject = SuiClientTypes.Object<{ content: true; previousTransaction: true }>;
type RawTransaction = SuiClientTypes.TransactionResult<{ effects: true; objectTypes: true }>;

/** Parses BCS contents; `null` when they are not what the layout says. */
export function parseContents<T>(
  layout: { parse(bytes: Uint8Array): T },
  contents: Uint8Array | undefined,
): T | null {
  if (contents === undefined) return null;
  try {
    return layout.parse(contents);
  } catch {
    return null;
  }
}

/** `module::Name` of a struct type, without its package and type arguments. */
function structNameOf(type: string): string {
  return type.split("<")[0]?.split("::").slice(1).join("::") ?? "";
}

/** Package in a struct type. */
export function packageOfType(type: string): string {
  return type.split("::")[0] ?? "";
}

/** A `Blob`, or the one inside a `SharedBlob`. */
export function parseBlobObject(object: RawObject): Result<BlobObject, ChainFailure> {
  const { objectId, type, content } = object;
  const name = structNameOf(type);
  if (name !== "blob::Blob" && name !== "shared_blob::SharedBlob") {
    return err({ kind: "wrong-object-type", objectId, type });
  }
  if (name === "blob::Blob") {
    const blob = parseContents(Blob, content);
    return blob === null ? malformedContents(objectId) : ok(blobObject(objectId, blob, null));
  }
  const shared = parseContents(SharedBlob, content);
  return shared === null
    ? malformedContents(objectId)
    : ok(blobObject(objectId, shared.blob, shared.funds));
}

/** A `Storage` that is an object of its own. */
export function parseFreeStorage(object: RawObject): Result<FreeStorage, ChainFailure> {
  const { objectId, version, digest, content } = object;
  const storage = parseContents(Storage, content);
  if (storage === null) return malformedContents(objectId);
  const { startEpoch, endEpoch } = storage;
  const storageBytes = Number(storage.storageBytes);
  return ok({ objectId, version, digest, startEpoch, endEpoch, storageBytes });
}

/** An object that was read and is not what its layout says. */
export function malformedContents(objectId: string): Result<never, ChainFailure> {
  return err({ kind: "malformed-answer", call: "getObjects", detail: `contents of ${objectId}` });
}

function blobObject(
  objectId: string,
  blob: typeof Blob.$inferType,
  sharedFundsFrost: bigint | null,
): BlobObject {
  return {
    objectId,
    blobObjectId: blob.id,
    blobId: Uint8Array.from(blob.blobId),
    registeredEpoch: blob.registeredEpoch,
    certifiedEpoch: blob.certifiedEpoch,
    unencodedBytes: Number(blob.unencodedBytes),
    encodingType: blob.encodingType,
    deletable: blob.deletable,
    storage: {
      objectId: blob.storage.id,
      startEpoch: blob.storage.startEpoch,
      endEpoch: blob.storage.endEpoch,
      storageBytes: Number(blob.storage.storageBytes),
    },
    sharedFundsFrost,
  };
}

/** An object without its contents. */
export function objectView(object: RawObject): ObjectView {
  return {
    objectId: object.objectId,
    version: object.version,
    digest: object.digest,
    type: object.type,
    owner: objectOwner(object.owner),
    previousTransaction: object.previousTransaction ?? null,
  };
}

function objectOwner(owner: SuiClientTypes.ObjectOwner): ObjectOwner {
  switch (owner.$kind) {
    case "AddressOwner":
      return { kind: "address", address: owner.AddressOwner };
    case "ConsensusAddressOwner":
      return { kind: "address", address: owner.ConsensusAddressOwner.owner };
    case "Shared":
      return { kind: "shared", initialSharedVersion: owner.Shared.initialSharedVersion };
    case "ObjectOwner":
      return { kind: "object", objectId: owner.ObjectOwner };
    case "Immutable":
    case "Unknown":
      return { kind: "immutable" };
  }
}

/** Effects in our words; `null` when the node left them out. */
export function executedTransaction(result: RawTransaction): ExecutedTransaction | null {
  const transaction = result.Transaction ?? result.FailedTransaction;
  const { effects, objectTypes } = transaction;
  // Types say otherwise, but the fields are absent when a node ignores the read mask.
  if (!effects?.gasUsed?.computationCost) return null;
  const { gasUsed, status } = effects;
  return {
    digest: transaction.digest,
    failure: status.success ? null : executionFailure(status.error),
    gasMist:
      BigInt(gasUsed.computationCost) + BigInt(gasUsed.storageCost) - BigInt(gasUsed.storageRebate),
    changes: effects.changedObjects.map((change) => objectChange(change, objectTypes)),
  };
}

function objectChange(
  change: SuiClientTypes.ChangedObject,
  types: Readonly<Record<string, string>> | undefined,
): ObjectChange {
  const { objectId, outputVersion: version, outputDigest: digest } = change;
  const exists = change.outputState !== "DoesNotExist" && version !== null && digest !== null;
  const output = exists ? { objectId, version, digest } : null;
  return {
    objectId,
    change: change.idOperation === "Created" ? "created" : exists ? "mutated" : "deleted",
    inputVersion: change.inputVersion,
    output,
    type: types?.[objectId] ?? null,
  };
}

const OUT_OF_GAS = /insufficient ?gas|out ?of ?gas/i;
const CONGESTED = /congestion|congested/i;

function executionFailure(error: SuiClientTypes.ExecutionError): ExecutionFailure {
  const commandIndex = error.command ?? null;
  if (error.$kind === "MoveAbort") {
    const { location, abortCode, cleverError } = error.MoveAbort;
    return {
      kind: "move-abort",
      module: location?.module ?? "",
      functionName: location?.functionName ?? null,
      abortCode: BigInt(abortCode),
      commandIndex,
      constantName: cleverError?.constantName ?? null,
    };
  }
  if (error.$kind === "CongestedObjects" || CONGESTED.test(error.message)) {
    return { kind: "congestion" };
  }
  if (OUT_OF_GAS.test(error.message)) return { kind: "out-of-gas" };
  return { kind: "other", detail: error.message, commandIndex };
}

/**
 * Validators' words for a refusal (sui `sui-types/src/error.rs`, `UserInputError` and `SuiError`).
 * The first match counts.
 */
const REJECTIONS: readonly (readonly [RegExp, RejectionReason])[] = [
  [/(un|not )available for consumption/i, "stale-object"],
  [/already locked|reserved for another transaction|lock conflict|equivocat/i, "locked-object"],
  [/transaction expired/i, "expired"],
  [/lower than the needed amount|balance of gas object/i, "insufficient-gas"],
  [/could not find the referenced object|object not found/i, "object-not-found"],
  [
    /invalid object digest|not signed by the correct sender|signature|size limit exceeded|gas (price|budget)|invalid transaction bcs|invalid user input|cannot appear more than one/i,
    "invalid",
  ],
];

/** Statuses by which a node refuses a transaction; any other leaves open whether it runs. */
const REFUSING = new Set([
  "INVALID_ARGUMENT",
  "FAILED_PRECONDITION",
  "NOT_FOUND",
  "ABORTED",
  "PERMISSION_DENIED",
  "UNAUTHENTICATED",
]);

/** Reads a refusal; `null` when it does not say that the transaction was refused. */
export function rejectionReason(code: string, detail: string): RejectionReason | null {
  if (!REFUSING.has(code)) return null;
  for (const [pattern, reason] of REJECTIONS) {
    if (pattern.test(detail)) return reason;
  }
  return code === "ABORTED" ? null : "other";
}
