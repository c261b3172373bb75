/** What nodes conclude from chain events. */
import { describe, expect, test } from "vitest";
import { type ChainEvent, ChainView } from "../../../devnet/storage-node/chain-view.ts";

const ref = (eventSeq: string) => ({ txDigest: "digest", eventSeq });
const event = (
  kind: "registered" | "certified",
  objectId: string,
  rest: { deletable?: boolean; epoch?: number; endEpoch?: number; eventSeq?: string } = {},
): ChainEvent => ({
  kind,
  blobKey: "blob",
  objectId,
  deletable: rest.deletable ?? false,
  epoch: rest.epoch ?? 1,
  endEpoch: rest.endEpoch ?? 5,
  ref: ref(rest.eventSeq ?? "0"),
});

function viewOf(...events: readonly ChainEvent[]): ChainView {
  const view = new ChainView();
  view.enterEpoch(1);
  for (const each of events) view.apply(each);
  return view;
}

describe("ChainView", () => {
  test("a blob is registered through the epoch before its end, and not in its end epoch", () => {
    const view = viewOf(event("registered", "a", { endEpoch: 5 }));
    view.enterEpoch(4);
    expect(view.isRegistered("blob")).toBe(true);
    view.enterEpoch(5);
    expect(view.isRegistered("blob")).toBe(false);
    expect(view.status("blob")).toBe("nonexistent");
  });

  test("a certified permanent object is preferred, then the later end", () => {
    const view = viewOf(
      event("registered", "a", { endEpoch: 50 }),
      event("registered", "b", { endEpoch: 10 }),
      event("certified", "b", { endEpoch: 10, epoch: 2, eventSeq: "7" }),
    );
    expect(view.status("blob")).toMatchObject({
      permanent: {
        endEpoch: 10,
        isCertified: true,
        statusEvent: ref("7"),
        initialCertifiedEpoch: 2,
      },
    });
    view.apply(event("certified", "a", { endEpoch: 50, epoch: 3, eventSeq: "8" }));
    expect(view.status("blob")).toMatchObject({
      permanent: { endEpoch: 50, statusEvent: ref("8"), initialCertifiedEpoch: 2 },
    });
  });

  test("deleting one of two objects leaves the blob registered", () => {
    const view = viewOf(
      event("registered", "a", { deletable: true }),
      event("registered", "b", { deletable: true }),
      { kind: "deleted", blobKey: "blob", objectId: "a" },
    );
    expect(view.isObjectRegistered("blob", "a")).toBe(false);
    expect(view.isObjectRegistered("blob", "b")).toBe(true);
    expect(view.status("blob")).toMatchObject({
      deletable: { deletableCounts: { count_deletable_total: 1 } },
    });
  });

  test("an invalid blob is neither registered nor certified", () => {
    const view = viewOf(event("registered", "a"), event("certified", "a"), {
      kind: "invalid",
      blobKey: "blob",
      ref: ref("3"),
    });
    expect(view.isRegistered("blob")).toBe(false);
    expect(view.certifiedBlobs()).toEqual([]);
    expect(view.status("blob")).toEqual({ invalid: { event: ref("3") } });
  });

  test("waiting ends with the registration, and other blobs' events do not end it", async () => {
    const view = viewOf();
    let ended = false;
    const waiting = view.waitForRegistration("blob", 60_000).then(() => {
      ended = true;
    });
    view.apply({ ...event("registered", "x"), blobKey: "other" });
    await Promise.resolve();
    expect(ended).toBe(false);
    view.apply(event("registered", "a"));
    await waiting;
    expect(ended).toBe(true);
  });
});
