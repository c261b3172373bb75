/** Who is believed on how long a blob is paid for, and that nothing is waited for too long. */
import { describe, expect, test } from "vitest";
import { STANDING_DEADLINE_MS } from "../../../shared/limits.ts";
import type { BlobStatus } from "../../../shared/nodes/blob-status.ts";
import { err, ok } from "../../../shared/result.ts";
import type { CertifiedEvent } from "../../../shared/sui/read-certified-event.ts";
import { learnStanding } from "../../../workers/aggregator/learn-standing.ts";
import type { LeaseWord } from "../../../workers/aggregator/leases.ts";
import type { NetworkView } from "../../../workers/aggregator/network-view.ts";
import type { AggregatorServices } from "../../../workers/aggregator/services.ts";
import { fakeCommittee } from "../../support/fake-nodes.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { ManualTimer } from "../nodes/support.ts";

const BLOB_ID = new Uint8Array(32).fill(7);
const NO_LEASE: LeaseWord = {
  permanentEndEpoch: null,
  latestEndEpoch: null,
  contentType: null,
  certifyTxDigest: null,
  isAnswered: true,
};
const PERMANENT: BlobStatus = {
  kind: "permanent",
  endEpoch: 9,
  isCertified: true,
  statusEvent: { txDigest: "digest", eventSeq: "2" },
  deletableCertifiedCount: 0,
  initialCertifiedEpoch: 3,
};
const EVENT: CertifiedEvent = { blobId: BLOB_ID, endEpoch: 9, deletable: false };
const UNPROVEN = { endEpoch: null, source: null, recordedType: null };

function setUp(
  says: { leases?: LeaseWord; status?: BlobStatus | null; event?: CertifiedEvent | null } = {},
) {
  const { leases = NO_LEASE, status = PERMANENT, event = EVENT } = says;
  const timer = new ManualTimer();
  const asked: unknown[] = [];
  const services = {
    timer,
    random: seededRandom(1),
    log: { info() {}, warn() {}, error() {} },
    client: {
      getBlobStatus: () => {
        asked.push("status");
        const failure = { kind: "aborted", nodeId: "", route: "blob-status" } as const;
        return Promise.resolve(status === null ? err(failure) : ok(status));
      },
    },
    readCertifiedEvent: (ref: unknown) => {
      asked.push(ref);
      return Promise.resolve(ok(event));
    },
  } as unknown as AggregatorServices;
  const view = { epoch: 5, originalPackageId: "0x2", current: fakeCommittee(10, 10) };
  const learn = (word: Promise<LeaseWord> = Promise.resolve(leases)) =>
    learnStanding(services, view as unknown as NetworkView, BLOB_ID, word);
  return { learn, asked, timer };
}

describe("standing", () => {
  test("is the lease book's where it knows a permanent lease, and nobody else is asked", async () => {
    const { learn, asked } = setUp({
      leases: { ...NO_LEASE, permanentEndEpoch: 8, latestEndEpoch: 12, contentType: "image/png" },
    });
    expect(await learn()).toEqual({
      endEpoch: 8,
      source: "lease-book",
      recordedType: "image/png",
    });
    expect(asked).toEqual([]);
  });

  test("is a node's where the chain has the event that it points to: one read", async () => {
    const { learn, asked } = setUp();
    expect(await learn()).toEqual({ endEpoch: 9, source: "certified-event", recordedType: null });
    expect(asked).toEqual([
      "status",
      { txDigest: "digest", eventIndex: 2, originalPackageId: "0x2" },
    ]);
  });

  test("is the event's end, whatever end the node says", async () => {
    const { learn } = setUp({ status: { ...PERMANENT, endEpoch: 99 } });
    expect(await learn()).toEqual({ endEpoch: 9, source: "certified-event", recordedType: null });
  });

  test.each([
    ["the event is of another blob", { event: { ...EVENT, blobId: new Uint8Array(32) } }],
    ["the event is of a lease that can be taken back", { event: { ...EVENT, deletable: true } }],
    ["the event certifies nothing", { event: null }],
    ["the lease has ended", { event: { ...EVENT, endEpoch: 5 } }],
    ["the node does not answer", { status: null }],
    ["the node knows no permanent lease", { status: { kind: "nonexistent" as const } }],
    ["the blob is not certified", { status: { ...PERMANENT, isCertified: false } }],
    ["our own lease is deletable", { leases: { ...NO_LEASE, latestEndEpoch: 8 }, status: null }],
  ])("is unproven when %s", async (_, says) => {
    expect(await setUp(says).learn()).toEqual(UNPROVEN);
  });

  test("is unproven when it takes too long, or the lease book breaks", async () => {
    const { learn, timer } = setUp();
    const learning = learn(new Promise(() => undefined));
    timer.advance(STANDING_DEADLINE_MS);
    expect(await learning).toEqual(UNPROVEN);
    expect(await learn(Promise.reject(new Error("gone")))).toEqual(UNPROVEN);
  });
});
