import { describe, expect, test } from "vitest";
import {
  UPLOAD_ATTEMPTS_MAX,
  UPLOAD_CHAIN_PATIENCE_MS,
  UPLOAD_RETRY_MAX_MS,
  UPLOAD_RETRY_MIN_MS,
  UPLOAD_STATE_TTL_MS,
} from "../../../shared/limits.ts";
import type { UploadFailure } from "../../../workers/publisher/upload/failure.ts";
import {
  attemptDelayMs,
  commandId,
  finishStep,
  type Journal,
  newGeneration,
  nextStep,
  openJournal,
  reopen,
  settle,
  startStep,
  withWallet,
  type UploadRequest,
} from "../../../workers/publisher/upload/journal.ts";

const REQUEST: UploadRequest = {
  uploadId: "upload",
  source: "hook:billing",
  epochs: 2,
  deletable: true,
  sendObjectTo: null,
  waits: false,
  contentDigest: "aa",
};
const TOO_FEW: UploadFailure = {
  kind: "insufficient-confirmations",
  weight: 1,
  requiredWeight: 2,
  failureCounts: {},
};
const REFUSED: UploadFailure = { kind: "transaction-refused", step: "register", detail: "x" };
const PENDING: UploadFailure = { kind: "wallet-pending", detail: "digest" };

function registered(request = REQUEST): Journal {
  let journal = openJournal(request, 10, 1_000);
  journal = finishStep(journal, "encode", ENCODED, 1_001);
  journal = withWallet(journal, "0xa");
  return finishStep(journal, "register", REGISTERED, 1_002);
}

const ENCODED = { blobId: "id", rootHash: "root", shardCount: 10, encodedBytes: 100 };
const REGISTERED = {
  blobObjectId: "0x1",
  registeredEpoch: 1,
  storageObjectId: "0x2",
  startEpoch: 1,
  endEpoch: 3,
  storageBytes: 100,
  costFrost: "5",
  gasMist: "6",
  txDigest: "d",
};
const FANNED = { epoch: 1, weight: 7, message: "", signature: "", signersBitmap: "" };
const CERTIFIED = { certifiedEpoch: 1, owner: "0x3", gasMist: "1", txDigest: null };

describe("the order of steps", () => {
  test("each step follows the one before, and the state is certified before it is recorded", () => {
    let journal = registered();
    expect(nextStep(openJournal(REQUEST, 10, 0))).toBe("encode");
    expect(nextStep(journal)).toBe("fan-out");
    journal = finishStep(journal, "fan-out", FANNED, 3);
    expect(nextStep(journal)).toBe("certify");
    journal = finishStep(journal, "certify", CERTIFIED, 4);
    expect(journal).toMatchObject({ state: "certified", finishedAtMs: 4 });
    expect(nextStep(journal)).toBe("record");
    expect(nextStep(finishStep(journal, "record", {}, 5))).toBeNull();
  });

  test("a step that is begun again keeps its first start and is still to be done", () => {
    const begun = startStep(registered(), "fan-out", 10);
    const again = startStep(begun, "fan-out", 99);
    expect(again.steps["fan-out"]).toMatchObject({ status: "doing", startedAtMs: 10 });
    expect(nextStep(again)).toBe("fan-out");
  });

  test("a journal survives being written as JSON", () => {
    const journal = startStep(registered(), "fan-out", 10);
    expect(JSON.parse(JSON.stringify(journal))).toEqual(journal);
  });
});

describe("names of paid commands", () => {
  test("a repeated step has the same name", () => {
    const journal = openJournal(REQUEST, 10, 0);
    expect(commandId(startStep(journal, "register", 1), "register")).toBe("upload/register/0");
    expect(commandId(startStep(journal, "register", 9), "register")).toBe("upload/register/0");
  });

  test("a new certificate has a new name, the registration keeps its own", () => {
    const journal = newGeneration(finishStep(registered(), "fan-out", FANNED, 3));
    expect(nextStep(journal)).toBe("fan-out");
    expect(commandId(journal, "certify")).toBe("upload/certify/1");
    expect(commandId(journal, "register")).toBe("upload/register/0");
  });
});

describe("after an attempt", () => {
  test("with nothing left the state is kept for some days", () => {
    expect(settle(registered(), null, 5).wakeAfterMs).toBe(UPLOAD_STATE_TTL_MS);
  });

  test("a client that waits is told of too few confirmations, and that is the end", () => {
    const journal = registered({ ...REQUEST, waits: true });
    expect(settle(journal, TOO_FEW, 5).journal).toMatchObject({
      state: "failed",
      failure: TOO_FEW,
    });
  });

  test("an accepted upload is tried again, so often and no more", () => {
    let journal = registered();
    for (let attempt = 1; attempt < UPLOAD_ATTEMPTS_MAX; attempt++) {
      const settled = settle(journal, TOO_FEW, 5);
      expect(settled.journal).toMatchObject({ state: "running", attemptCount: attempt });
      expect(settled.wakeAfterMs).toBe(attemptDelayMs(attempt));
      journal = settled.journal;
    }
    expect(settle(journal, TOO_FEW, 5).journal.state).toBe("failed");
  });

  test("an open transaction is waited for without end, whoever waits", () => {
    const journal = { ...registered({ ...REQUEST, waits: true }), attemptCount: 1_000 };
    const settled = settle(journal, PENDING, 5);
    expect(settled.journal.state).toBe("running");
    expect(settled.wakeAfterMs).toBe(UPLOAD_RETRY_MAX_MS);
  });

  test("an outage of the chain is waited out for a day, paid or accepted; a restart, paid", () => {
    const outage = { kind: "chain-unavailable", detail: "rpc-refused" } as const;
    const tired = { attemptCount: UPLOAD_ATTEMPTS_MAX };
    const accepted = { ...openJournal(REQUEST, 10, 1_000), ...tired };
    const waiting = { ...registered({ ...REQUEST, waits: true }), ...tired };
    for (const journal of [accepted, waiting]) {
      const endMs = 1_000 + UPLOAD_CHAIN_PATIENCE_MS;
      expect(settle(journal, outage, endMs - 1).journal.state).toBe("running");
      expect(settle(journal, outage, endMs).journal.state).toBe("failed");
    }
    const restart = { kind: "interrupted" } as const;
    expect(settle(waiting, restart, 1_001).journal.state).toBe("running");
    expect(settle(accepted, restart, 1_001).journal.state).toBe("failed");
    const afterOutage = settle(settle(accepted, outage, 1_001).journal, restart, 1_002);
    expect(afterOutage.journal.state).toBe("running");
    expect(settle(afterOutage.journal, restart, 1_003).journal.state).toBe("failed");
    const unpaid = { ...openJournal({ ...REQUEST, waits: true }, 10, 1_000), ...tired };
    expect(settle(unpaid, outage, 1_001).journal.state).toBe("failed");
  });

  test("what the contract refused is final at once", () => {
    expect(settle(registered(), REFUSED, 5).journal.state).toBe("failed");
  });

  test("a certified upload never fails for want of a lease", () => {
    let journal = finishStep(registered(), "fan-out", FANNED, 3);
    journal = finishStep(journal, "certify", CERTIFIED, 4);
    for (let attempt = 0; attempt < UPLOAD_ATTEMPTS_MAX + 2; attempt++) {
      journal = settle(journal, { kind: "interrupted" }, 5).journal;
      expect(journal.state).toBe("certified");
    }
    expect(nextStep(journal)).toBeNull();
  });

  test("delays double within their bounds", () => {
    expect([1, 2, 3].map(attemptDelayMs)).toEqual([1, 2, 4].map((by) => by * UPLOAD_RETRY_MIN_MS));
    expect(attemptDelayMs(50)).toBe(UPLOAD_RETRY_MAX_MS);
  });
});

describe("an upload that failed and comes again", () => {
  const failed = settle(registered({ ...REQUEST, waits: true }), TOO_FEW, 5).journal;

  test("keeps what was paid for the same bytes", () => {
    const again = reopen(failed, REQUEST, 10, 50);
    expect(again).toMatchObject({ state: "running", failure: null, attemptCount: 0 });
    expect(nextStep(again)).toBe("fan-out");
    expect(commandId(again, "register")).toBe("upload/register/0");
    expect(commandId(again, "certify")).toBe("upload/certify/1");
  });

  test("starts anew with other bytes, under other names", () => {
    const again = reopen(failed, { ...REQUEST, contentDigest: "bb" }, 11, 50);
    expect(nextStep(again)).toBe("encode");
    expect(again.unencodedBytes).toBe(11);
    expect(commandId(again, "register")).toBe("upload/register/1");
  });

  test("asks the contract again under another name where it refused", () => {
    const journal = settle(openJournal(REQUEST, 10, 0), REFUSED, 5).journal;
    expect(commandId(reopen(journal, REQUEST, 10, 50), "register")).toBe("upload/register/1");
  });
});
