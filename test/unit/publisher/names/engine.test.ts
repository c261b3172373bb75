/** Changes of names over the real wallet, contract and ledger. */
import { beforeEach, describe, expect, test } from "vitest";
import {
  ATTRIBUTES_PER_BLOB_MAX,
  NAME_VERSIONS_MAX,
  NAME_VERSIONS_PAGE,
  NAMES_PER_ANCHOR_MAX,
} from "../../../../shared/limits.ts";
import type { NamesEngine } from "../../../../workers/publisher/names/engine.ts";
import { parseNameValue } from "../../../../workers/publisher/names/name.ts";
import type { NameRecord } from "../../../../workers/publisher/names/names.ts";
import { createNameRows } from "../../../../workers/publisher/names/rows.ts";
import { memorySql } from "../../../support/memory-sql.ts";
import { advance } from "../../devnet/walrus-contract/support.ts";
import { type NamesWorld, startNamesWorld, target, wish } from "./names-world.ts";

let world: NamesWorld;
let names: NamesEngine;

beforeEach(async () => {
  world = await startNamesWorld();
  names = world.open().make();
});

async function put(...args: Parameters<typeof wish>): Promise<NameRecord> {
  const changed = await names.change(await wish(...args));
  if (!changed.ok) throw new Error(`Cannot put: ${changed.failure.kind}`);
  return changed.value;
}

/** What stands on chain under the record's key. */
async function onChain({ anchor, key }: NameRecord) {
  const found = await world.readAnchor(anchor.objectId);
  if (!found.ok) throw new Error("no anchor");
  return parseNameValue(found.value.attributes.get(key) ?? "");
}

describe("a name", () => {
  test("is on chain when it is answered, with its transaction and its anchor", async () => {
    const first = await put("1", "logo", target("A"), { kind: "absent" });
    expect(first).toMatchObject({ name: "logo", version: 1, target: target("A") });
    expect(await onChain(first)).toEqual({ version: 1, ...target("A") });
    const second = await put("2", "logo", target("B"), { kind: "match", header: '"v1"' });
    expect(second).toMatchObject({ version: 2, anchor: first.anchor });
    expect(second.txDigest).not.toBe(first.txDigest);
    expect(await onChain(second)).toEqual({ version: 2, ...target("B") });
    expect(await names.resolve(first.key)).toEqual(second);
  });

  test("has a history that ends with its deletion and goes on after it", async () => {
    const { key } = await put("1", "logo", target("A"));
    const gone = await put("2", "logo", null, { kind: "match", header: '"v1"' });
    expect(gone).toMatchObject({ version: 2, target: null });
    expect(await onChain(gone)).toBeNull();
    expect(await names.resolve(key)).toBeNull();
    expect(await names.change(await wish("3", "logo", null))).toEqual({
      ok: false,
      failure: { kind: "name-unknown" },
    });
    await put("4", "logo", target("B"), { kind: "absent" });
    const page = await names.versions(key, null);
    expect(page?.versions.map(({ version, target: to }) => [version, to?.blobId[0]])).toEqual([
      [3, "B"],
      [2, undefined],
      [1, "A"],
    ]);
    expect(await names.versions("unknown/name", null)).toBeNull();
  });

  test.each([
    ["absent, where it is", { kind: "absent" } as const, 1],
    ["another version", { kind: "match", header: '"v9"' } as const, 1],
    ["a weak tag", { kind: "match", header: 'W/"v1"' } as const, 1],
  ])("is left alone where the precondition says %s", async (_, precondition, version) => {
    await put("1", "logo", target("A"));
    const refused = await names.change(await wish("2", "logo", target("B"), precondition));
    expect(refused).toEqual({ ok: false, failure: { kind: "name-precondition", version } });
  });

  test("that is not there matches nothing, not even *", async () => {
    const match = { kind: "match", header: "*" } as const;
    const refused = await names.change(await wish("1", "logo", target("A"), match));
    expect(refused).toEqual({ ok: false, failure: { kind: "name-precondition", version: null } });
    expect(world.commands).toEqual([]);
  });
});

describe("concurrent changes", () => {
  test("of one name with one If-Match: exactly one wins, the other learns what it lost to", async () => {
    await put("1", "logo", target("A"));
    const match = { kind: "match", header: '"v1"' } as const;
    // Made first: the hash in a wish takes as long as it takes.
    const wishes = await Promise.all(
      ["B", "C", "D"].map((letter) => wish(letter, "logo", target(letter), match)),
    );
    const outcomes = await Promise.all(wishes.map((each) => names.change(each)));
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, false, false]);
    expect(outcomes[1]).toEqual({ ok: false, failure: { kind: "name-precondition", version: 2 } });
  });

  test("of many names share transactions", async () => {
    await put("first", "name-0", target("A"));
    const before = world.commands.length;
    const wishes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => wish(`${index}`, `name-${index}`, target("B"))),
    );
    const outcomes = await Promise.all(wishes.map((each) => names.change(each)));
    // All of them are waiting before the first is sent: as many go together as one change holds.
    const sizes = world.commands
      .slice(before)
      .map(({ command }) => (command.kind === "set-attributes" ? command.set.length : 0));
    expect(sizes).toEqual([ATTRIBUTES_PER_BLOB_MAX, 20 - ATTRIBUTES_PER_BLOB_MAX]);
    for (const outcome of outcomes) {
      if (!outcome.ok) throw new Error(outcome.failure.kind);
      expect(await onChain(outcome.value)).toMatchObject(target("B"));
    }
  });

  test("the same wish asked twice, at once and later, is one change", async () => {
    const change = await wish("1", "logo", target("A"));
    const [left, right] = await Promise.all([names.change(change), names.change(change)]);
    expect(left).toEqual(right);
    expect(await world.open().make().change(change)).toEqual(left);
    expect(world.commands).toHaveLength(1);
  });
});

describe("an anchor that has changed under its names", () => {
  test("by an extension: the change goes through, pinned to the new version", async () => {
    const { anchor } = await put("1", "logo", target("A"));
    await world.certify(1, anchor.objectId);
    const extensions = [{ blobObjectId: anchor.objectId, toEndEpoch: 40 }];
    expect(await world.wallet.run({ kind: "extend", id: "x", extensions })).toMatchObject({
      ok: true,
    });
    const record = await put("2", "logo", target("B"), { kind: "match", header: '"v1"' });
    expect(await onChain(record)).toMatchObject({ version: 2 });
    expect(world.commands.map(({ reply }) => reply.ok)).toEqual([true, false, true]);
    expect(world.commands[1]?.reply).toMatchObject({ failure: { kind: "object-moved" } });
  });

  test("by nobody, but its storage is over: names stay where they are and still change", async () => {
    const { anchor } = await put("1", "logo", target("A"));
    for (let change = 0; change < 6; change++) advance(world);
    const record = await put("2", "logo", target("B"), { kind: "match", header: '"v1"' });
    expect(record.anchor).toEqual(anchor);
    expect(await onChain(record)).toMatchObject({ version: 2, ...target("B") });
    // So is one that was not there before.
    expect((await put("3", "icon", target("C"))).anchor).toEqual(anchor);
  });

  test("in a name: what stands on chain is believed, and the If-Match of before fails", async () => {
    const { anchor, key } = await put("1", "logo", target("A"));
    const value = JSON.stringify({ version: 7, ...target("Z") });
    const command = { blobObjectId: anchor.objectId, set: [[key, value]], remove: [] } as const;
    await world.wallet.run({ kind: "set-attributes", id: "x", ...command });
    const match = { kind: "match", header: '"v1"' } as const;
    const refused = await names.change(await wish("2", "logo", target("B"), match));
    expect(refused).toEqual({ ok: false, failure: { kind: "name-precondition", version: 7 } });
    expect(await names.resolve(key)).toMatchObject({
      version: 7,
      target: target("Z"),
      txDigest: null,
    });
  });
});

describe("trouble", () => {
  test("a chain that is away refuses the change, and leaves nothing that would happen later", async () => {
    const { key } = await put("1", "logo", target("A"));
    world.faults.fault = "down";
    const refused = await names.change(await wish("2", "logo", target("B")));
    expect(refused).toMatchObject({ ok: false, failure: { kind: "name-unwritten" } });
    world.faults.fault = null;
    await names.alarm();
    expect(await names.resolve(key)).toMatchObject({ version: 1 });
    expect(await put("3", "logo", target("C"))).toMatchObject({ version: 2 });
  });

  test("a bucket killed at any step has made each change exactly once in the end", async () => {
    const scenario = async () => {
      const match = { kind: "match", header: '"v1"' } as const;
      return [
        [await wish("new", "logo", target("A"), { kind: "absent" })],
        [
          await wish("left", "logo", target("B"), match),
          await wish("right", "logo", target("C"), match),
          await wish("other", "icon", target("D")),
        ],
      ];
    };
    const recorded = world.open("recorded");
    const engine = recorded.make();
    for (const together of await scenario()) {
      await Promise.all(together.map((change) => engine.change(change)));
    }
    const { boundaries } = recorded.life;
    expect(boundaries).toBeGreaterThan(60);

    for (let killAt = 0; killAt < boundaries; killAt += 3) {
      const bucket = `killed ${killAt}`;
      const outcomes = await survive(bucket, killAt, await scenario());
      expect(outcomes, `killed at ${killAt}`).toEqual([
        ["new", "v1"],
        ["left", "v2"],
        ["right", "lost to v2"],
        ["other", "v1"],
      ]);
      expect(versionsWritten(bucket), `killed at ${killAt}`).toEqual([
        "icon 1",
        "logo 1",
        "logo 2",
      ]);
    }
  }, 120_000);
});

/** Every version a bucket has had written, once for each transaction that wrote it. */
function versionsWritten(bucket: string): readonly string[] {
  const written = new Map<string, readonly string[]>();
  for (const { command, reply } of world.commands) {
    const isOwn = command.id.startsWith(`names/${bucket}/`);
    if (!reply.ok || !isOwn || command.kind !== "set-attributes") continue;
    const pairs = command.set.map(
      ([key, value]) => `${key.split("/")[1] ?? ""} ${parseNameValue(value)?.version ?? ""}`,
    );
    written.set(reply.value.txDigest ?? "", pairs);
  }
  return [...written.values()].flat().sort();
}

/** Runs the scenario in a bucket that dies, goes on in the next one, and tells what clients heard. */
async function survive(
  bucket: string,
  killAt: number,
  scenario: readonly (readonly Awaited<ReturnType<typeof wish>>[])[],
): Promise<readonly (readonly [string, string])[]> {
  const first = world.open(bucket, killAt);
  let engine: NamesEngine | null = null;
  let isDead = false;
  const alive = async (): Promise<NamesEngine> => {
    if (isDead || engine === null) {
      const next = isDead ? world.open(bucket) : first;
      try {
        engine = next.make();
      } catch {
        isDead = true;
        return alive();
      }
      if (isDead) await engine.alarm();
      isDead = false;
    }
    return engine;
  };
  const told: (readonly [string, string])[] = [];
  for (const together of scenario) {
    const outcomes = await Promise.all(
      together.map(async (change) => {
        for (;;) {
          const asked = await alive();
          try {
            return await Promise.race([asked.change(change), first.death]);
          } catch {
            if (asked === engine) isDead = true;
          }
        }
      }),
    );
    outcomes.forEach((outcome, index) => {
      const id = together[index]?.id ?? "";
      if (outcome.ok) told.push([id, `v${outcome.value.version}`]);
      else if (outcome.failure.kind === "name-precondition") {
        told.push([id, `lost to v${outcome.failure.version ?? ""}`]);
      } else told.push([id, outcome.failure.kind]);
    });
  }
  return told;
}

describe("the rows", () => {
  const version = (number: number) => ({
    version: number,
    target: target("A"),
    txDigest: null,
    changedAtMs: 0,
  });

  test(`keep ${NAME_VERSIONS_MAX} versions, ${NAME_VERSIONS_PAGE} a page`, () => {
    const rows = createNameRows(memorySql());
    for (let number = 1; number <= NAME_VERSIONS_MAX + 3; number++) {
      rows.putVersion("k", "n", 1, version(number));
    }
    const seen: number[] = [];
    for (let before: number | null = null; ;) {
      const page = rows.versions("k", before);
      seen.push(...(page?.versions.map((each) => each.version) ?? []));
      before = page?.next ?? null;
      if (before === null) break;
      expect(page?.versions).toHaveLength(NAME_VERSIONS_PAGE);
    }
    expect([seen[0], seen.at(-1), seen.length]).toEqual([
      NAME_VERSIONS_MAX + 3,
      4,
      NAME_VERSIONS_MAX,
    ]);
  });

  test(`put at most ${NAMES_PER_ANCHOR_MAX} names on one anchor; a deleted one makes room`, () => {
    const rows = createNameRows(memorySql());
    rows.addAnchor({ seq: 1, objectId: "0x1", owner: "0x2", objectVersion: "3" });
    for (let index = 0; index < NAMES_PER_ANCHOR_MAX; index++) {
      rows.putVersion(`k${index}`, "n", 1, version(1));
    }
    expect(rows.anchorBelow(NAMES_PER_ANCHOR_MAX)).toBeNull();
    rows.putVersion("k0", "n", 1, { ...version(2), target: null });
    expect(rows.anchorBelow(NAMES_PER_ANCHOR_MAX)).toMatchObject({ seq: 1 });
    rows.loseAnchor(1);
    expect([rows.anchorBelow(NAMES_PER_ANCHOR_MAX), rows.anchor(1)]).toEqual([null, null]);
    expect(rows.nextAnchorSeq()).toBe(2);
  });
});
