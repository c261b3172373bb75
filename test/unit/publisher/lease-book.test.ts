/** What one subject has stored, over SQLite in memory. */
import { describe, expect, test } from "vitest";
import { LEASE_PAGE_MAX } from "../../../shared/limits.ts";
import type { Lease, LeaseEnd } from "../../../shared/rpc/leases.ts";
import { createLeaseBook } from "../../../workers/publisher/lease-book/book.ts";
import type { SubjectLeasesQuery } from "../../../workers/publisher/lease-book/leases.ts";
import { memorySql } from "../../support/memory-sql.ts";

const id = (n: number) => `0x${n.toString(16).padStart(64, "0")}`;

function lease(n: number, more: Partial<Lease> = {}): Lease {
  return {
    blobObjectId: id(n),
    blobId: "a".repeat(43),
    owner: id(0xaa),
    sub: "us",
    unencodedBytes: 1,
    storageBytes: 66_034_000,
    deletable: true,
    startEpoch: 1,
    endEpoch: n,
    recordedAtMs: 1_000 + Math.floor(n / 2),
    ...more,
  };
}

const EVERYTHING: SubjectLeasesQuery = {
  sub: "us",
  after: null,
  limit: LEASE_PAGE_MAX,
  endEpochMin: 0,
  endEpochMax: 2 ** 32,
  attributes: [],
  pointedAt: null,
};

function bookOf(leases: readonly Lease[]) {
  const book = createLeaseBook(memorySql());
  for (const one of leases) book.record(one);
  return {
    book,
    ids: (query: Partial<SubjectLeasesQuery>) =>
      book
        .ofSubject({ ...EVERYTHING, ...query })
        .leases.map(({ blobObjectId }) => Number(blobObjectId)),
  };
}

describe("the leases that end", () => {
  test("come with the soonest end first, by pages that neither repeat nor skip", () => {
    const ends = [3, 9, 3, 2, 5, 4, 3, 1];
    const { book } = bookOf(ends.map((endEpoch, n) => lease(n + 1, { endEpoch })));
    const seen: (readonly [endEpoch: number, object: number])[] = [];
    for (let after: LeaseEnd | null = null; ;) {
      const page = book.ending(5, { limit: 2, after, endingAfter: 1 });
      seen.push(...page.leases.map((one) => [one.endEpoch, Number(one.blobObjectId)] as const));
      if (page.next === null) break;
      after = page.next;
    }
    expect(seen).toEqual([
      [2, 4],
      [3, 1],
      [3, 3],
      [3, 7],
      [4, 6],
      [5, 5],
    ]);
  });
});

describe("the leases of a subject", () => {
  test("are its own, newest first, by pages that neither repeat nor skip", () => {
    const { book, ids } = bookOf([1, 2, 3, 4, 5, 6, 7].map((n) => lease(n)));
    book.record(lease(8, { sub: "them" }));
    book.record(lease(9, { sub: null }));
    expect(ids({})).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(ids({ sub: "them" })).toEqual([8]);
    expect(ids({ sub: null })).toEqual([9]);
    const seen: number[] = [];
    for (let after: SubjectLeasesQuery["after"] = null; ;) {
      const page = book.ofSubject({ ...EVERYTHING, limit: 2, after });
      seen.push(...page.leases.map(({ blobObjectId }) => Number(blobObjectId)));
      if (page.next === null) break;
      after = page.next;
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
  });

  test("are filtered by their end and by all attributes asked for", () => {
    const { ids, book } = bookOf([
      lease(1, { attributes: { name: "a.txt", author: "x" } }),
      lease(2, { attributes: { name: "a.png", author: "x" } }),
      lease(3, { attributes: { name: "b.txt", author: "y" } }),
      lease(4),
    ]);
    expect(ids({ endEpochMin: 2, endEpochMax: 3 })).toEqual([3, 2]);
    expect(ids({ attributes: [["author", "x"]] })).toEqual([2, 1]);
    expect(ids({ attributes: [["name", "a*"]] })).toEqual([2, 1]);
    expect(
      ids({
        attributes: [
          ["name", "a*"],
          ["name", "a.txt"],
          ["author", "x"],
        ],
      }),
    ).toEqual([1]);
    expect(ids({ attributes: [["name", "*"]] })).toEqual([3, 2, 1]);
    expect(ids({ attributes: [["author", "%"]] })).toEqual([]);
    book.setAttributes(id(1), { author: "y" });
    expect(ids({ attributes: [["author", "y"]] })).toEqual([3, 1]);
    expect(book.find(id(1))).toEqual(lease(1, { attributes: { author: "y" } }));
    book.forget([id(1)]);
    expect(ids({ attributes: [["author", "y"]] })).toEqual([3]);
  });

  test("are found by the SharedBlob, too", () => {
    const { book } = bookOf([lease(1, { sharedObjectId: id(0xf1) }), lease(2)]);
    expect(book.find(id(0xf1))?.blobObjectId).toBe(id(1));
    expect(book.find(id(1))?.sharedObjectId).toBe(id(0xf1));
    expect(book.find(id(3))).toBeNull();
  });
});

test("what a name points at is one object, or all of the subject's that hold the blob", () => {
  const other = { blobId: "b".repeat(43) };
  const { book } = bookOf([lease(1), lease(2), lease(3, other), lease(4, { sub: "them" })]);
  const pointed = (blobId: string, objectId: string | null) =>
    book
      .ofSubject({ ...EVERYTHING, pointedAt: { blobId, objectId } })
      .leases.map(({ blobObjectId }) => blobObjectId);
  expect(pointed("a".repeat(43), id(2))).toEqual([id(2)]);
  expect(pointed("a".repeat(43), null)).toEqual([id(2), id(1)]);
  expect(pointed("a".repeat(43), id(4))).toEqual([]);
  expect(pointed("", null)).toEqual([]);
});
