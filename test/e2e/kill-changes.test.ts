/**
 * The objects of the publisher are killed while blobs are changed, extended, named and deleted, a
 * quilt is put together and a blob is relayed: at boundaries of a recorded run, in real workerd. A
 * client asks again, and the ledger shows what it shows of the run that nobody disturbed.
 *
 * Of the changes a sample of the boundaries; with `WORKERD_KILLS=all` every one.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Boundary } from "../kill/boundaries.ts";
import { inEvery, type Killable, type Met, nameOf, startKillable } from "../kill/killable.ts";
import { storedBlob } from "../support/answers.ts";
import { seededBytes } from "../support/contents.ts";
import { type OfficialClient, officialClient } from "../support/sdk.ts";

const KILLS_ALL = process.env["WORKERD_KILLS"] === "all";
/** Boundaries of changes killed: one of so many. */
const STRIDE = KILLS_ALL ? 1 : 9;
/** A boundary that was not met is killed again, so often: timing decides how often some are passed. */
const PASSES_MAX = 4;
/** What is never met, because the machine is fast or slow that day, is less than one part in this many. */
const MISSED_PART_MAX = 4;
const TIMEOUT_MS = (KILLS_ALL ? 120 : 10) * 60_000;
/** A client that has its answer by then, or never. */
const PATIENCE_MS = 60_000;
/** What the official client takes the publisher's address for. */
const RELAY_HOST = "http://relay.invalid";

let killable: Killable;
let official: OfficialClient;
let runCount = 0;

beforeAll(async () => {
  killable = await startKillable("kill changes");
  official = await officialClient(killable.network.description, 8, {
    host: RELAY_HOST,
    fetch: (url, init) =>
      killable.gateway.publisher(new Request(url).url.slice(RELAY_HOST.length), init),
  });
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

/** Kills once at each boundary, again where one was not met; the names of those that never were. */
async function killAtEach(
  what: string,
  boundaries: readonly Boundary[],
  runWith: (boundary: Boundary) => Promise<Run>,
  undisturbed: object | undefined,
): Promise<readonly string[]> {
  const missed: string[] = [];
  for (const boundary of boundaries) {
    const name = nameOf(boundary);
    let isMet = false;
    for (let pass = 0; pass < PASSES_MAX && !isMet; pass++) {
      const { killed, made } = await runWith(boundary);
      expect(made, `killed ${name}`).toEqual(undisturbed);
      isMet = killed.length > 0;
    }
    if (!isMet) missed.push(name);
  }
  const { length } = boundaries;
  const notMet = missed.length === 0 ? "" : `; not met: ${missed.join(", ")}`;
  process.stderr.write(
    `${what}: killed at ${length - missed.length} of ${length} boundaries${notMet}\n`,
  );
  return missed;
}

test(
  "whoever passes a boundary of a change is killed, in workerd: each change is made and paid once",
  async () => {
    // The first one makes the anchor of the name, and finds nothing warm.
    await run(null);
    const recordings = [await run(null), await run(null)];
    const passed = inEvery(recordings);
    expect(new Set(passed.map(({ kind }) => kind))).toEqual(
      new Set(["book", "names", "token", "wallet"]),
    );
    const boundaries = passed.filter((_, index) => index % STRIDE === 0);
    expect(boundaries.length).toBeGreaterThan(10);
    const missed = await killAtEach("changes", boundaries, run, recordings[0]?.made);
    expect(missed.length).toBeLessThan(boundaries.length / MISSED_PART_MAX);
  },
  TIMEOUT_MS,
);

/**
 * Boundaries of a desk. It is cleared behind the answer, where nobody here could tell when: that is
 * for the simulator.
 */
function ofDesk(recordings: readonly Run[]): readonly Boundary[] {
  const boundaries = inEvery(recordings).filter(
    ({ kind, label }) => kind === "desk" && !label.includes("deleteAll"),
  );
  expect(boundaries.length).toBeGreaterThan(6);
  return boundaries;
}

/** A quilt stored once, with its desk killed at `boundary`. */
async function runQuilt(boundary: Boundary | null): Promise<Run> {
  await killable.arm({ uploads: [], shared: boundary === null ? [] : [boundary] });
  const before = await counts();
  await storeQuilt(String(++runCount));
  return { ...(await killable.met()), made: madeSince(before, await counts()) };
}

/** The official client's relay, asked again until it has a certificate. */
async function relayUntilCertified(
  wanted: Parameters<OfficialClient["walrus"]["writeBlobToUploadRelay"]>[0],
): ReturnType<OfficialClient["walrus"]["writeBlobToUploadRelay"]> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await official.walrus.writeBlobToUploadRelay(wanted);
    } catch (error) {
      const { status } = error as { readonly status?: number };
      expect(status, String(error)).toBeGreaterThanOrEqual(500);
      if (performance.now() > endMs) throw error;
    }
  }
}

/** A blob that the official client pays for and the gateway spreads, its desk killed at `boundary`. */
async function runRelay(boundary: Boundary | null): Promise<Run> {
  const { walrus, signer } = official;
  const blob = seededBytes(400, ++runCount);
  const { rootHash, blobId, nonce } = await walrus.computeBlobMetadata({ bytes: blob });
  const before = await counts();
  const registered = await walrus.executeRegisterBlobTransaction({
    blobId,
    rootHash,
    size: blob.length,
    deletable: true,
    epochs: 2,
    owner: signer.toSuiAddress(),
    signer,
  });
  await killable.arm({ uploads: [], shared: boundary === null ? [] : [boundary] });
  const { certificate } = await relayUntilCertified({
    blob,
    blobId,
    nonce,
    txDigest: registered.digest,
    deletable: true,
    blobObjectId: registered.blob.id,
  });
  const met = await killable.met();
  const blobObjectId = registered.blob.id;
  await walrus.executeCertifyBlobTransaction({
    signer,
    blobId,
    blobObjectId,
    deletable: true,
    certificate,
  });
  return { ...met, made: madeSince(before, await counts()) };
}

test.each([
  { what: "quilts", run: runQuilt, outcome: "each quilt is stored and paid once" },
  { what: "relay", run: runRelay, outcome: "each relayed blob is certified" },
])(
  "a desk is killed, in workerd, once at each of its boundaries: $outcome",
  async ({ what, run }) => {
    await run(null);
    const recordings = [await run(null), await run(null)];
    const boundaries = ofDesk(recordings);
    const missed = await killAtEach(what, boundaries, run, recordings[0]?.made);
    expect(missed.length).toBeLessThan(boundaries.length / MISSED_PART_MAX);
  },
  TIMEOUT_MS,
);
