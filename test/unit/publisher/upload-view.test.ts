/** The answers of a store, in both modes, from journals. */
import { describe, expect, test } from "vitest";
import {
  finishStep,
  type Journal,
  openJournal,
  settle,
  startStep,
  type UploadRequest,
} from "../../../workers/publisher/upload/journal.ts";
import type { UploadFailure } from "../../../workers/publisher/upload/failure.ts";
import {
  exactFailureAnswer,
  storeAnswer,
  uploadView,
} from "../../../workers/publisher/upload-view.ts";
import { uploadRequest } from "../../support/upload-request.ts";

const BLOB_ID = "A".repeat(43);
const SHARED_ID = `0x${"5".repeat(64)}`;
const QUILT = { patches: [{ identifier: "a", startIndex: 1, endIndex: 2 }] };

function journal(more: Partial<UploadRequest> = {}): Journal {
  return openJournal(uploadRequest({ epochs: 2, ...more }), 17, 0);
}

function encoded(opened: Journal): Journal {
  const result = { blobId: BLOB_ID, rootHash: "", shardCount: 1_000, encodedBytes: 66_034_000 };
  return finishStep(opened, "encode", result, 1);
}

function certified(opened: Journal, sharedObjectId?: string): Journal {
  const registered = finishStep(
    encoded(opened),
    "register",
    {
      blobObjectId: "0x1",
      registeredEpoch: 34,
      storageObjectId: "0x2",
      startEpoch: 34,
      endEpoch: 36,
      storageBytes: 66_034_000,
      costFrost: "132300",
      gasMist: "5",
      txDigest: "tx",
    },
    2,
  );
  const result = { certifiedEpoch: 34, owner: "0x3", gasMist: "5", txDigest: "tx" };
  const shared = sharedObjectId === undefined ? {} : { sharedObjectId };
  return finishStep(registered, "certify", { ...result, ...shared }, 3);
}

function failed(opened: Journal, failure: UploadFailure): Journal {
  return settle(opened, failure, 4).journal;
}

describe("the answer of a store", () => {
  test("tells the epoch of certification; the official publisher leaves it null", () => {
    const told = (compat: "default" | "exact") => storeAnswer(certified(journal()), compat);
    const blobObject = { id: "0x1", blobId: BLOB_ID, size: 17, deletable: true };
    expect(told("default")).toMatchObject({
      newlyCreated: { blobObject: { ...blobObject, certifiedEpoch: 34 }, cost: 132_300 },
    });
    expect(told("exact")).toMatchObject({
      newlyCreated: { blobObject: { ...blobObject, certifiedEpoch: null } },
    });
    expect(JSON.stringify(told("default"))).not.toContain("sharedBlobObject");
  });

  test("names the SharedBlob where there is one, and so does the state", () => {
    const shared = certified(journal({ share: true }), SHARED_ID);
    expect(storeAnswer(shared)).toMatchObject({ newlyCreated: { sharedBlobObject: SHARED_ID } });
    expect(uploadView({ journal: shared, progress: null })).toMatchObject({
      sharedObjectId: SHARED_ID,
      attributes: {},
    });
  });
});

describe("the state of an upload", () => {
  const statuses = (of: Journal) =>
    (uploadView({ journal: of, progress: null }) as { steps: { status: string }[] }).steps.map(
      ({ status }) => status,
    );
  const registering = startStep(encoded(journal()), "register", 2);

  test("tells a step that goes on, and one the upload has ended in", () => {
    expect(statuses(registering)).toEqual(["done", "doing", "pending", "pending", "pending"]);
    const rest = ["pending", "pending", "pending"];
    for (const failure of [
      { kind: "insufficient-funds", coin: "WAL" },
      { kind: "cancelled" },
    ] as const) {
      expect(statuses(failed(registering, failure))).toEqual(["done", "failed", ...rest]);
    }
    // An attempt that is made again is none that has ended.
    const pending = failed(registering, { kind: "wallet-pending", detail: "x" });
    expect(statuses(pending)).toEqual(["done", "doing", ...rest]);
  });
});

describe("the 200 of a failure in exact mode", () => {
  const tooLarge = { kind: "blob-exceeds-protocol", bytesMax: 5 } as const;

  test("is for what the blob alone is to blame for", () => {
    expect(exactFailureAnswer(failed(journal(), tooLarge))).toMatchObject({
      error: { blobId: null, failurePhase: "encode" },
    });
    expect(exactFailureAnswer(failed(encoded(journal()), { kind: "blob-blocked" }))).toMatchObject({
      error: { blobId: BLOB_ID, failurePhase: "check_blob_is_blocked" },
    });
    expect(
      exactFailureAnswer(failed(encoded(journal(QUILT)), { kind: "blob-blocked" })),
    ).toMatchObject({
      blobStoreResult: { error: { blobId: BLOB_ID } },
      storedQuiltBlobs: [{ identifier: "a" }],
    });
  });

  test("is for nothing else", () => {
    for (const failure of [
      { kind: "insufficient-confirmations", weight: 1, requiredWeight: 2, failureCounts: {} },
      { kind: "insufficient-funds", coin: "WAL" },
      { kind: "transaction-refused", step: "certify", detail: "x" },
    ] as const) {
      expect(exactFailureAnswer(failed(journal(), failure))).toBeNull();
    }
    expect(exactFailureAnswer(certified(journal()))).toBeNull();
  });
});
