/**
 * What the relay does with a blob that has been staged: checks that it was paid for, encodes it,
 * spreads it and hands back the certificate.
 */
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { encodedBlobBytes, encodeMetadata, formatBlobId } from "../../../shared/codec/index.ts";
import { RELAY_TX_LOOKS_MAX, RELAY_TX_LOOK_PAUSE_MS } from "../../../shared/limits.ts";
import type { Clock, Log, Random } from "../../../shared/ports.ts";
import type { Certificate } from "../../../shared/protocol/certificate.ts";
import { writeCommittee } from "../../../shared/protocol/epoch.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Chain, SystemState } from "../../../shared/sui/chain.ts";
import type { Payment, ReadPayment } from "../../../shared/sui/read-payment.ts";
import type { PublisherFailure } from "../failure-to-problem.ts";
import type { Lane } from "../lane/lane.ts";
import type { BytePipe } from "../../../shared/platform-streams.ts";
import { type EncodePorts, encodeStaged, type StagedBlob } from "../upload/encode.ts";
import { epochReader } from "../upload/epoch-watch.ts";
import { chainFailure, sizeFailure } from "../upload/failure-of.ts";
import { type FanOut, registrationOf, startFanOut } from "../upload/fan-out.ts";
import type { RelayQuery } from "./query.ts";
import type { RelayFailure } from "./relay-problem.ts";
import { type Tip, verifyTip } from "./tip.ts";

/** What the relay needs of the world. */
export interface RelayPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly encode: EncodePorts;
  readonly chain: Pick<Chain, "readSystem">;
  readonly readPayment: ReadPayment;
  /** `null` where none is asked for. */
  readonly tip: Tip | null;
  readonly lane: Lane;
  readonly laneCount: number;
  readonly pipe: () => BytePipe;
}

/** The staged blob, and what was asked for it. */
export interface RelayJob {
  readonly query: RelayQuery;
  /** Names the run in lane headers and logs, and its holder of memory. */
  readonly runId: string;
  readonly byteCount: number;
  /** SHA-256 of the blob: what the payment speaks of. Asked for where there is a tip. */
  readonly digest: () => Promise<Uint8Array>;
}

/** The outcome, and when nothing reads the staged blob any more. */
export interface Relayed {
  readonly certificate: Result<Certificate, PublisherFailure>;
  readonly settled: Promise<unknown>;
}

/** Spreads the blob, once more when the epoch has changed meanwhile. */
export async function spreadForRelay(ports: RelayPorts, job: RelayJob): Promise<Relayed> {
  const system = await ports.chain.readSystem();
  if (!system.ok) return failed(err(chainFailure(system.failure)));
  const { shardCount } = system.value;
  const paid = await checkTip(ports, job, shardCount);
  if (!paid.ok) return failed(paid);
  const encoded = await encodeStaged(ports.encode, {
    uploadId: job.runId,
    unencodedBytes: job.byteCount,
    shardCount,
    checkpoint: null,
    note: () => undefined,
  });
  if (!encoded.ok) {
    const { failure } = encoded;
    return failed(err(failure.kind === "paused" ? INTERRUPTED : failure));
  }
  const { blobId } = encoded.value.metadata;
  if (!equalBytes(blobId, job.query.blobId)) {
    encoded.value.release();
    return failed(refused({ kind: "relay-blob-mismatch", blobId: formatBlobId(blobId) }));
  }
  return spread(ports, job, encoded.value, system.value);
}

const INTERRUPTED = { kind: "interrupted" } as const;

function failed(certificate: Result<never, PublisherFailure>): Relayed {
  return { certificate, settled: Promise.resolve() };
}

async function checkTip(
  ports: RelayPorts,
  { query: { txDigest, nonce }, byteCount, digest }: RelayJob,
  shardCount: number,
): Promise<Result<null, PublisherFailure>> {
  if (ports.tip === null) return ok(null);
  const missing = txDigest === null ? "tx_id" : "nonce";
  if (txDigest === null || nonce === null) {
    return refused({ kind: "tip-parameter-missing", parameter: missing });
  }
  const encodedBytes = encodedBlobBytes(byteCount, shardCount);
  if (!encodedBytes.ok) return err(sizeFailure(encodedBytes.failure));
  const payment = await findPayment(ports, txDigest);
  if (!payment.ok) return payment;
  const verified = await verifyTip(ports.tip, payment.value, {
    nonce,
    byteCount,
    digest: await digest(),
    encodedBytes: encodedBytes.value,
    nowMs: ports.clock.nowMs(),
  });
  return verified.ok ? verified : refused(verified.failure);
}

/** RPC nodes may be a moment behind the one that has run the transaction. */
async function findPayment(
  { readPayment, encode }: RelayPorts,
  txDigest: string,
): Promise<Result<Payment, PublisherFailure>> {
  for (let look = 1; ; look++) {
    const payment = await readPayment(txDigest);
    if (!payment.ok) return refused({ kind: "tip-transaction-unreadable" });
    const isLast = look >= RELAY_TX_LOOKS_MAX;
    // One that is in no checkpoint yet has no time.
    const isThere = payment.value !== null && (isLast || payment.value.timestampMs !== null);
    if (isThere) return ok(payment.value);
    if (isLast) return refused({ kind: "tip-transaction-unknown" });
    await encode.timer.sleep(RELAY_TX_LOOK_PAUSE_MS);
  }
}

async function spread(
  ports: RelayPorts,
  job: RelayJob,
  encoded: StagedBlob,
  system: SystemState,
): Promise<Relayed> {
  const runs: FanOut[] = [];
  const settledOf = () =>
    Promise.allSettled(runs.map(({ settled }) => settled)).then(() => encoded.release());
  const run = async (current: SystemState) => {
    const fanOut = startRun(ports, job, encoded, current);
    runs.push(fanOut);
    return fanOut.outcome;
  };
  await encoded.openSlivers();
  let outcome = await run(system);
  if (!outcome.ok && outcome.failure.kind === "epoch-moved") {
    const fresh = await ports.chain.readSystem({ fresh: true });
    if (!fresh.ok) return { certificate: err(chainFailure(fresh.failure)), settled: settledOf() };
    outcome = await run(fresh.value);
  }
  const settled = settledOf();
  if (outcome.ok) return { certificate: outcome, settled };
  const { failure } = outcome;
  const certificate = err(
    failure.kind === "epoch-moved" ? ({ kind: "epoch-unsettled" } as const) : failure,
  );
  return { certificate, settled };
}

function startRun(
  { clock, random, log, encode, chain, lane, laneCount, pipe }: RelayPorts,
  { query: { blobId, deletableObjectId }, runId, byteCount }: RelayJob,
  encoded: StagedBlob,
  system: SystemState,
): FanOut {
  const committee = writeCommittee(system);
  const encodedBytes = encodedBlobBytes(byteCount, committee.shardCount);
  const ports = { clock, timer: encode.timer, random, log, lane, pipe };
  return startFanOut(
    { ...ports, readEpoch: epochReader(chain), progress: () => undefined },
    {
      runId,
      blobId,
      metadata: encodeMetadata(encoded.metadata),
      // What can be encoded has such a size.
      encodedBytes: encodedBytes.ok ? encodedBytes.value : 0,
      slivers: (pairIndices) => encoded.slivers(pairIndices),
      committee,
      registered: registrationOf(committee.epoch, blobId, deletableObjectId),
      laneCount,
    },
  );
}

function refused(refusal: RelayFailure): Result<never, PublisherFailure> {
  return err({ kind: "relay-refused", refusal });
}
