import { describe, expect, test } from "vitest";
import { type GateFacts, mayServe } from "../../../workers/aggregator/gate.ts";
import { type BlobEntry, decodeEntry, encodeEntry } from "../../../shared/cache/entry.ts";

const ENTRY: BlobEntry = {
  version: 1,
  unencodedBytes: 10,
  shardCount: 100,
  endEpoch: null,
  learnedEpoch: 5,
  expiresAtMs: 2_000,
  purgeGeneration: 3,
  contentType: null,
  recordedType: null,
  isStrict: false,
  sha256: null,
};
const FACTS: GateFacts = { epoch: 5, nowMs: 1_000, blocklist: new Set(), purgeGeneration: 3 };

describe("the gate", () => {
  test("serves what was learned in this epoch and has not run out", () => {
    expect(mayServe("id", ENTRY, FACTS)).toBe("serve");
  });

  test.each<[string, Partial<BlobEntry>, Partial<GateFacts>]>([
    ["has run out", {}, { nowMs: 2_000 }],
    ["was learned in an earlier epoch", {}, { epoch: 6 }],
    ["was learned before a purge", {}, { purgeGeneration: 4 }],
    ["has come to the end of its lease", { endEpoch: 6 }, { epoch: 6 }],
    ["is long past its lease", { endEpoch: 6, expiresAtMs: 1e15 }, { epoch: 9 }],
  ])("asks again about what %s", (_, entry, facts) => {
    expect(mayServe("id", { ...ENTRY, ...entry }, { ...FACTS, ...facts })).toBe("relearn");
  });

  test("serves a lease in its last epoch, and through later epochs before it", () => {
    expect(mayServe("id", { ...ENTRY, endEpoch: 9 }, { ...FACTS, epoch: 8 })).toBe("serve");
  });

  test("asks about what is not cached", () => {
    expect(mayServe("id", null, FACTS)).toBe("relearn");
  });

  test("a block wins over everything", () => {
    const facts = { ...FACTS, blocklist: new Set(["id"]) };
    expect(mayServe("id", ENTRY, facts)).toBe("blocked");
    expect(mayServe("id", null, facts)).toBe("blocked");
    expect(mayServe("other", ENTRY, facts)).toBe("serve");
  });
});

describe("a stored entry", () => {
  test("comes back as it was", () => {
    expect(decodeEntry(encodeEntry(ENTRY))).toEqual(ENTRY);
  });

  test.each(["", "null", "{}", '{"version":2}', "\u0000"])(
    "of another shape (%j) is none",
    (text) => {
      expect(decodeEntry(new TextEncoder().encode(text))).toBeNull();
    },
  );
});
