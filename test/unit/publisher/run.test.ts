import { beforeAll, describe, expect, test } from "vitest";
import type { Codec } from "../../../shared/codec/index.ts";
import {
  CERTIFY_GENERATIONS_MAX,
  RECORD_ASKS_MAX,
  WALLET_ASKS_MAX,
  ENCODED_TWICE_BYTES_MAX,
  ISOLATE_WORKING_SET_BYTES,
} from "../../../shared/limits.ts";
import type { BlobStatus } from "../../../shared/nodes/blob-status.ts";
import { createNodeClient } from "../../../shared/nodes/client.ts";
import { createPermit } from "../../../shared/nodes/permit.ts";
import type { LogRecord } from "../../../shared/ports.ts";
import { err, ok } from "../../../shared/result.ts";
import type { SystemState } from "../../../shared/sui/chain.ts";
import type { Lane } from "../../../workers/publisher/lane/lane.ts";
import { runLane } from "../../../workers/publisher/lane/run-lane.ts";
import type { Orphan } from "../../../shared/rpc/orphans.ts";
import type { Lease } from "../../../workers/publisher/lease-book/leases.ts";
import type { WalletDone, WalletReply } from "../../../workers/publisher/wallet/commands.ts";
import {
  type Journal,
  openJournal,
  settle,
  type UploadRequest,
} from "../../../workers/publisher/upload/journal.ts";
import { type RunPorts, runUpload } from "../../../workers/publisher/upload/run.ts";
import { WorkingMemory } from "../../../shared/working-memory.ts";
import { loadCodec } from "../../support/codec.ts";
import { seededBytes } from "../../support/contents.ts";
import { fixedRandom } from "../nodes/support.ts";
import { StubNetwork } from "./stub-network.ts";
import { StubWallet } from "./stub-wallet.ts";
import { VirtualTime } from "./virtual-time.ts";
import { uploadRequest } from "../../support/upload-request.ts";

const BLOB = seededBytes(5_000, 3);
const SHARD_COUNTS = [3, 2, 2, 2, 2, 1, 1];
const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };
const REQUEST = uploadRequest({ epochs: 2 });
let codec: Codec;

beforeAll(async () => {
  codec = await loadCodec();
});

function world() {
  const network = new StubNetwork(SHARD_COUNTS);
  const time = new VirtualTime();
  const wallet = new StubWallet();
  const leases: Lease[] = [];
  const orphans: Orphan[] = [];
  const memory = new WorkingMemory(ISOLATE_WORKING_SET_BYTES);
  const background: Promise<void>[] = [];
  let journal: Journal = openJournal(REQUEST, BLOB.length, 0);
  const lane: Lane = {
    push: (job, frames, report) => {
      const permit = createPermit(network.fetch);
      const client = createNodeClient({ permit, timer: time, lane: job.lane });
      const ports = { client, timer: time, random: fixedRandom(0) };
      return runLane(ports, job, frames, (each) => report([each]));
    },
  };
  const system = {
    epoch: 5,
    phase: { kind: "change-done", startMs: 0 },
    current: network.committee,
    previous: null,
    shardCount: 13,
    maxEpochsAhead: 53,
    prices: { storageFrostPerUnit: 1n, writeFrostPerUnit: 1n },
  } as unknown as SystemState;
  const ports: RunPorts = {
    clock: time,
    timer: time,
    random: fixedRandom(0),
    log: silentLog,
    codec,
    chain: { readSystem: () => Promise.resolve(ok(system)) },
    wallets: {
      addresses: ["0xa"],
      at: () => ({
        run: (command) => wallet.run(command),
        offer: () => Promise.resolve({ kind: "taken" as const }),
      }),
    },
    leaseBook: { record: (lease) => Promise.resolve(void leases.push(lease)) },
    recordOrphan: (orphan) => Promise.resolve(void orphans.push(orphan)),
    lane,
    laneCount: 4,
    memory,
    life: {},
    stagedRows: () => [BLOB.slice(0, 9), BLOB.slice(9)],
    save: (saved) => {
      // What is not JSON would be lost in the database.
      journal = JSON.parse(JSON.stringify(saved)) as Journal;
    },
    saveProgress: () => undefined,
    background: (work) => void background.push(work),
  };
  return {
    network,
    wallet,
    leases,
    orphans,
    memory,
    ports,
    journal: () => journal,
    setJournal: (next: Journal) => (journal = next),
    run: async (overrides: Partial<RunPorts> = {}) => {
      const outcome = await runUpload({ ...ports, ...overrides }, journal);
      await Promise.all(background);
      return outcome;
    },
  };
}

describe("a run of one upload", () => {
  test("stores, certifies and records, paying for two commands", async () => {
    const { run, wallet, leases, journal, memory } = world();
    expect(await run()).toMatchObject({ failure: null });
    expect([...wallet.paid.keys()]).toEqual(["u/register/0", "u/certify/0"]);
    expect(journal()).toMatchObject({ state: "certified" });
    expect(leases).toMatchObject([{ owner: "0xwallet", startEpoch: 5, endEpoch: 7 }]);
    expect(memory.bytesTaken).toBe(0);
  });

  test("tells of each step once, and of a repeated certificate under its generation", async () => {
    const { run, wallet, ports } = world();
    const steps: unknown[] = [];
    const log = {
      ...ports.log,
      info: ({ event, uploadId, step, outcome, generation }: LogRecord) =>
        void (event === "upload.step" && steps.push([uploadId, step, outcome, generation])),
    };
    wallet.script.push(null, () => err({ kind: "wrong-epoch", txDigest: null, gasMist: 0n }));
    await run({ log });
    expect(steps).toEqual([
      ["u", "encode", "done", 0],
      ["u", "register", "done", 0],
      ["u", "fan-out", "done", 0],
      ["u", "certify", "new-generation", 0],
      ["u", "fan-out", "done", 1],
      ["u", "certify", "done", 1],
      ["u", "record", "done", 1],
    ]);
  });

  describe("a registration that has ended before the blob was certified", () => {
    const ended = (done: WalletDone): WalletReply => {
      if (done.kind !== "registered") throw new Error(`unexpected ${done.kind}`);
      const storage = { ...done.blob.storage, endEpoch: 5 };
      return ok({ ...done, blob: { ...done.blob, storage } });
    };

    test("is bought again, under another name, and the one that has ended is listed", async () => {
      const { run, wallet, leases, orphans, journal, memory } = world();
      wallet.script.push(ended);
      expect(await run()).toMatchObject({ failure: null });
      expect(wallet.asked).toEqual(["u/register/0", "u/register/1", "u/certify/1"]);
      expect(journal()).toMatchObject({ state: "certified" });
      expect(leases).toMatchObject([{ startEpoch: 5, endEpoch: 7 }]);
      expect(orphans).toMatchObject([{ endEpoch: 5, txDigest: "tx u/register/0", owner: "0xa" }]);
      expect(memory.bytesTaken).toBe(0);
    });

    test("is bought again only so often", async () => {
      const { run, wallet } = world();
      wallet.script.push(...Array.from({ length: CERTIFY_GENERATIONS_MAX }, () => ended));
      expect(await run()).toMatchObject({ failure: { kind: "epoch-unsettled" } });
      expect(wallet.asked).toHaveLength(CERTIFY_GENERATIONS_MAX);
    });
  });

  test.each([false, true])(
    "a small blob holds memory until it is registered where some is to spare: %s",
    async (spare) => {
      const { run, wallet, memory } = world();
      expect(BLOB.length).toBeLessThanOrEqual(ENCODED_TWICE_BYTES_MAX);
      const taken: number[] = [];
      const pay = wallet.run.bind(wallet);
      wallet.run = (command) => {
        if (command.kind === "register") taken.push(memory.bytesTaken);
        return pay(command);
      };
      expect((await run({ hasSpareMemory: () => spare })).failure).toBeNull();
      expect(taken.map((bytes) => bytes > 0)).toEqual([spare]);
    },
  );

  test("sends the object where it was asked to", async () => {
    const { run, leases, setJournal } = world();
    setJournal(openJournal({ ...REQUEST, sendObjectTo: "0xfriend" }, BLOB.length, 0));
    await run();
    expect(leases).toMatchObject([{ owner: "0xfriend" }]);
  });

  test.each([0, 1])("a crash right after payment %d pays nothing twice", async (crashAt) => {
    const { run, wallet, journal } = world();
    for (let before = 0; before < crashAt; before++) wallet.script.push(null);
    wallet.script.push("crash-after-paying");
    await expect(run()).rejects.toThrow("connection lost");
    expect(journal().state).toBe("running");
    expect(await run()).toMatchObject({ failure: null });
    expect([...wallet.paid.keys()]).toEqual(["u/register/0", "u/certify/0"]);
  });

  test("a book that is lost once is told again before the run ends", async () => {
    const { run, ports, leases } = world();
    let askCount = 0;
    const record = (lease: Lease) =>
      ++askCount < RECORD_ASKS_MAX
        ? Promise.reject(new Error("lost"))
        : ports.leaseBook.record(lease);
    expect(await run({ leaseBook: { record } })).toMatchObject({ failure: null });
    expect(askCount).toBe(RECORD_ASKS_MAX);
    expect(leases).toHaveLength(1);
  });

  test("a lease that cannot be recorded is recorded by the next run, and nothing is paid", async () => {
    const { run, wallet, leases, journal } = world();
    let askCount = 0;
    const record = () => Promise.reject(new Error(`lost ${++askCount}`));
    await expect(run({ leaseBook: { record } })).rejects.toThrow(`lost ${RECORD_ASKS_MAX}`);
    expect(journal().state).toBe("certified");
    const asked = wallet.asked.length;
    expect(await run()).toMatchObject({ failure: null });
    expect(wallet.asked).toHaveLength(asked);
    expect(leases).toHaveLength(1);
  });

  test("a certificate of a past epoch is collected again under a new name", async () => {
    const { run, wallet } = world();
    wallet.script.push(null, () => err({ kind: "wrong-epoch", txDigest: null, gasMist: 0n }));
    expect(await run()).toMatchObject({ failure: null });
    expect([...wallet.paid.keys()]).toEqual(["u/register/0", "u/certify/1"]);
  });

  test("an epoch that never settles ends the attempt, not the journal", async () => {
    const { run, wallet } = world();
    const wrong = () => err({ kind: "wrong-epoch", txDigest: null, gasMist: 0n } as const);
    wallet.script.push(null, ...Array.from({ length: CERTIFY_GENERATIONS_MAX }, () => wrong));
    expect(await run()).toMatchObject({ failure: { kind: "epoch-unsettled" } });
    expect(wallet.asked.filter((id) => id.includes("certify"))).toHaveLength(
      CERTIFY_GENERATIONS_MAX,
    );
  });

  test("an open transaction is asked about again under the same name", async () => {
    const { run, wallet } = world();
    wallet.script.push(() => err({ kind: "fate-unknown", txDigest: "d" }));
    expect(await run()).toMatchObject({ failure: null });
    expect(wallet.asked.slice(0, 2)).toEqual(["u/register/0", "u/register/0"]);
  });

  test("a chain that does not answer once costs a moment; one that stays away is told", async () => {
    const { run, wallet } = world();
    const silent = { kind: "rpc-timeout", call: "getCoins", timeoutMs: 1 } as const;
    const away = () => err({ kind: "chain", failure: silent } as const);
    wallet.script.push(away);
    expect(await run()).toMatchObject({ failure: null });
    expect(wallet.asked.slice(0, 2)).toEqual(["u/register/0", "u/register/0"]);
    const other = world();
    other.wallet.script.push(...Array.from({ length: WALLET_ASKS_MAX }, () => away));
    expect(await other.run()).toMatchObject({ failure: { kind: "chain-unavailable" } });
    expect(other.wallet.asked).toHaveLength(WALLET_ASKS_MAX);
  });

  test("an empty purse is told and nothing is spread", async () => {
    const { run, wallet, network } = world();
    wallet.script.push(() => err({ kind: "insufficient-wal", neededFrost: 2n, heldFrost: 1n }));
    expect(await run()).toMatchObject({ failure: { kind: "insufficient-funds", coin: "WAL" } });
    expect(network.nodes.every((node) => node.requestCount === 0)).toBe(true);
  });

  test("too many epochs are refused before anything is paid", async () => {
    const { run, wallet, setJournal } = world();
    setJournal(openJournal({ ...REQUEST, epochs: 54 }, BLOB.length, 0));
    expect(await run()).toMatchObject({
      failure: { kind: "epochs-too-many", asked: 54, epochsMax: 53 },
    });
    expect(wallet.asked).toEqual([]);
  });

  test("zero epochs are refused before anything is paid", async () => {
    const { run, wallet, setJournal } = world();
    setJournal(openJournal({ ...REQUEST, epochs: 0 }, BLOB.length, 0));
    expect(await run()).toMatchObject({ failure: { kind: "epochs-none" } });
    expect(wallet.asked).toEqual([]);
  });

  test("too few confirmations cost one registration, which a later attempt uses", async () => {
    const { run, wallet, network, journal, setJournal, memory } = world();
    network.nodes[0]!.fault = "down";
    network.nodes[1]!.fault = "down";
    const { failure } = await run();
    expect(failure).toMatchObject({ kind: "insufficient-confirmations" });
    expect(memory.bytesTaken).toBe(0);
    if (failure?.kind !== "insufficient-confirmations") return;
    setJournal(settle({ ...journal(), request: { ...REQUEST, waits: false } }, failure, 1).journal);
    network.nodes[0]!.fault = null;
    expect(await run()).toMatchObject({ failure: null });
    expect([...wallet.paid.keys()]).toEqual(["u/register/0", "u/certify/0"]);
  });

  describe("of a permanent blob the network may have already", () => {
    const permanent = { ...REQUEST, deletable: false };
    const event = { txDigest: "tx", eventSeq: "0" };
    const certified: BlobStatus = {
      kind: "permanent",
      endEpoch: 7,
      isCertified: true,
      statusEvent: event,
      deletableCertifiedCount: 0,
      initialCertifiedEpoch: 5,
    };

    test("pays nothing when it lasts long enough, and is certified", async () => {
      const { run, wallet, journal, setJournal } = world();
      setJournal(openJournal(permanent, BLOB.length, 0));
      expect(await run({ blobStatus: () => Promise.resolve(certified) })).toMatchObject({
        failure: null,
      });
      expect(wallet.asked).toEqual([]);
      expect(journal()).toMatchObject({
        state: "certified",
        steps: { encode: { result: { alreadyCertified: { endEpoch: 7, proof: { event } } } } },
      });
      // A later run finds nothing to do.
      expect(await run()).toMatchObject({ failure: null });
      expect(wallet.asked).toEqual([]);
    });

    test("notes how long the network was asked for, where it was", async () => {
      const { run, ports, journal, setJournal } = world();
      const blobStatus = () => ports.timer.sleep(250).then(() => null);
      for (const request of [permanent, { ...permanent, force: true }]) {
        setJournal(openJournal(request, BLOB.length, 0));
        await run({ blobStatus });
        const { statusCheckMs } = journal().steps.encode.result ?? {};
        expect(statusCheckMs).toBe(request === permanent ? 250 : undefined);
      }
    });

    test("is answered even for no epochs at all, unless it is over", async () => {
      const { run, wallet, journal, setJournal } = world();
      const none = { ...permanent, epochs: 0 };
      setJournal(openJournal(none, BLOB.length, 0));
      await run({ blobStatus: () => Promise.resolve(certified) });
      expect(journal().steps.encode.result).toMatchObject({ alreadyCertified: { endEpoch: 7 } });
      const over = { ...certified, endEpoch: 5 };
      setJournal(openJournal({ ...none, uploadId: "v" }, BLOB.length, 0));
      const { failure } = await run({ blobStatus: () => Promise.resolve(over) });
      expect(failure).toEqual({ kind: "epochs-none" });
      expect(wallet.asked).toEqual([]);
    });

    test("asks nobody when the gateway has certified it itself", async () => {
      const { run, leases, wallet, journal, setJournal } = world();
      setJournal(openJournal(permanent, BLOB.length, 0));
      await run();
      const paid = wallet.asked.length;
      setJournal(openJournal({ ...permanent, uploadId: "v" }, BLOB.length, 0));
      await run({
        leasesOfBlob: () => Promise.resolve(leases),
        blobStatus: () => Promise.reject(new Error("not needed")),
      });
      expect(wallet.asked).toHaveLength(paid);
      const proof = { object: leases[0]?.blobObjectId };
      expect(journal()).toMatchObject({
        state: "certified",
        steps: { encode: { result: { alreadyCertified: { endEpoch: 7, proof } } } },
      });
    });

    test.each<[string, Partial<UploadRequest>, BlobStatus | null]>([
      ["it ends too early", {}, { ...certified, endEpoch: 6 }],
      ["it is registered only", {}, { ...certified, isCertified: false }],
      ["it is deletable", {}, { ...certified, kind: "deletable" } as unknown as BlobStatus],
      ["nodes do not agree", {}, null],
      ["force is asked for", { force: true }, certified],
      ["a deletable one is asked for", { deletable: true }, certified],
    ])("is stored anew when %s", async (_, change, status) => {
      const { run, wallet, setJournal } = world();
      setJournal(openJournal({ ...permanent, ...change }, BLOB.length, 0));
      await run({ blobStatus: () => Promise.resolve(status) });
      expect([...wallet.paid.keys()]).toEqual(["u/register/0", "u/certify/0"]);
    });

    test("fails for nothing when it is marked invalid", async () => {
      const { run, wallet, setJournal } = world();
      setJournal(openJournal(permanent, BLOB.length, 0));
      const invalid = { kind: "invalid", event } as const;
      expect(await run({ blobStatus: () => Promise.resolve(invalid) })).toMatchObject({
        failure: { kind: "marked-invalid", event },
      });
      expect(wallet.asked).toEqual([]);
    });
  });
});
