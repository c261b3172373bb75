/**
 * The objects of the publisher are killed while blobs are changed, extended, named and deleted: at a
 * sample of the boundaries of a recorded run, in real workerd. A client asks again with its key, and
 * the ledger shows what it shows of the run that nobody disturbed.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Boundary } from "../kill/boundaries.ts";
import { inEvery, type Killable, type Met, nameOf, startKillable } from "../kill/killable.ts";
import { storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";

/** Boundaries killed: one of so many. */
const STRIDE = 9;
/** A boundary that was not met is killed again, so often: timing decides how often some are passed. */
const PASSES_MAX = 4;
/** What is never met, because the machine is fast or slow that day, is less than one part in this many. */
const MISSED_PART_MAX = 4;
const TIMEOUT_MS = 10 * 60_000;
/** A client that has its answer by then, or never. */
const PATIENCE_MS = 60_000;

let killable: Killable;
let runCount = 0;

beforeAll(async () => {
  killable = await startKillable("kill changes");
}, TIMEOUT_MS);
afterAll(() => killable?.close());

/** A client that asks again with its key until its change is made. */
async function change(method: string, path: string, key: string, body?: object): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  const headers = { "idempotency-key": `${method} ${key}` };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  for (;;) {
    const response = await killable.gateway.operator(path, init);
    const text = await response.text();
    if (response.ok) return;
    expect(response.status, `${method} ${path}: ${text}`).toBeGreaterThanOrEqual(500);
    if (performance.now() > endMs) throw new Error(`no answer but ${response.status}: ${text}`);
  }
}

/** A quilt, whose form lies on a desk until it is stored. */
async function storeQuilt(key: string): Promise<void> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const body = new FormData();
    body.set("a.txt", new Blob([`the file of run ${key}`]), "a.txt");
    const headers = { "idempotency-key": `quilt ${key}` };
    const path = "/v1/quilts?epochs=2&deletable=true";
    const response = await killable.gateway.publisher(path, { method: "PUT", headers, body });
    const text = await response.text();
    if (response.ok) return;
    expect(response.status, text).toBeGreaterThanOrEqual(500);
    if (performance.now() > endMs) throw new Error(`no answer but ${response.status}: ${text}`);
  }
}

/** What the ledger counts. */
interface Counts {
  readonly calls: Readonly<Record<string, number>>;
  readonly frost: bigint;
  readonly refused: number;
}

async function counts(): Promise<Counts> {
  const { moveCalls, balances, refusedTransactions } = await killable.network.admin.state();
  return {
    calls: moveCalls,
    frost: BigInt(balances[killable.network.description.walType] ?? 0),
    refused: refusedTransactions,
  };
}

/** What it counts more than before. */
function madeSince(before: Counts, after: Counts): object {
  const calls = Object.entries(after.calls).flatMap(([name, count]) => {
    const made = count - (before.calls[name] ?? 0);
    return made === 0 ? [] : [[name, made] as const];
  });
  const frost = (before.frost - after.frost).toString();
  const refused = after.refused - before.refused;
  return { calls: Object.fromEntries(calls), frost, refused };
}

interface Run extends Met {
  /** What the ledger counts more than before. */
  readonly made: object;
}

/** Every change once, to a blob of its own, with whoever passes `boundary` killed. */
async function run(boundary: Boundary | null): Promise<Run> {
  const key = String(++runCount);
  const stored = await killable.gateway.publisher("/v1/blobs?epochs=2&deletable=true", {
    method: "PUT",
    body: seededBytes(300, runCount),
  });
  const { id, blobId } = await storedBlob(stored);
  const path = `/edge/v1/objects/${id}`;
  const shared = boundary === null ? [] : [boundary];
  await killable.arm({ uploads: [], shared });
  const before = await counts();
  await change("PATCH", path, key, { attributes: { run: key } });
  await change("POST", `${path}/extend`, key, { epochs: 1 });
  await change("PUT", "/edge/v1/names/killed", key, { blobId, objectId: id });
  await change("DELETE", "/edge/v1/names/killed", key);
  await change("DELETE", path, key);
  const after = await counts();
  const met = await killable.met();
  return { ...met, made: madeSince(before, after) };
}

test(
  "whoever passes a boundary of a change is killed, in workerd: each change is made and paid once",
  async () => {
    // The first one makes the anchor of the name, and finds nothing warm.
    await run(null);
    const recordings = [await run(null), await run(null)];
    const [recorded] = recordings;
    const passed = inEvery(recordings);
    expect(new Set(passed.map(({ kind }) => kind))).toEqual(
      new Set(["book", "names", "token", "wallet"]),
    );
    const boundaries = passed.filter((_, index) => index % STRIDE === 0);
    expect(boundaries.length).toBeGreaterThan(10);
    const missed: string[] = [];
    for (const boundary of boundaries) {
      const name = `killed ${nameOf(boundary)}`;
      let isMet = false;
      for (let pass = 0; pass < PASSES_MAX && !isMet; pass++) {
        const { killed, made } = await run(boundary);
        expect(made, name).toEqual(recorded?.made);
        isMet = killed.length > 0;
      }
      if (!isMet) missed.push(name);
    }
    expect(missed.length, missed.join(", ")).toBeLessThan(boundaries.length / MISSED_PART_MAX);
    process.stderr.write(
      `killed at ${boundaries.length - missed.length} of ${boundaries.length} boundaries of changes\n`,
    );
  },
  TIMEOUT_MS,
);

/** A quilt stored once, with its desk killed at `boundary`. */
async function runQuilt(boundary: Boundary | null): Promise<Run> {
  await killable.arm({ uploads: [], shared: boundary === null ? [] : [boundary] });
  const before = await counts();
  await storeQuilt(String(++runCount));
  return { ...(await killable.met()), made: madeSince(before, await counts()) };
}

test(
  "a desk is killed, in workerd, once at each of its boundaries: each quilt is stored and paid once",
  async () => {
    await runQuilt(null);
    const recordings = [await runQuilt(null), await runQuilt(null)];
    const [recorded] = recordings;
    // It is cleared behind the answer, where nobody here could tell when: that is for the simulator.
    const boundaries = inEvery(recordings).filter(
      ({ kind, label }) => kind === "desk" && !label.includes("deleteAll"),
    );
    expect(boundaries.length).toBeGreaterThan(6);
    const missed: string[] = [];
    for (const boundary of boundaries) {
      const { killed, made } = await runQuilt(boundary);
      if (killed.length === 0) missed.push(nameOf(boundary));
      expect(made, `killed ${nameOf(boundary)}`).toEqual(recorded?.made);
    }
    expect(missed.length, missed.join(", ")).toBeLessThan(boundaries.length / MISSED_PART_MAX);
  },
  TIMEOUT_MS,
);
