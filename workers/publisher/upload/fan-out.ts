/**
 * Spreads an encoded blob over the committee and collects the certificate.
 *
 * Rounds of lanes: nodes that failed are asked again in the next round. The outcome comes as soon
 * as confirmations of a quorum verify; the rest goes on for a bounded tail behind it. Nothing here
 * is paid, so nothing here is journalled: run again from the start it finds what nodes have already.
 */
import { callAfter } from "../../../shared/call-after.ts";
import type { SliverPair } from "../../../shared/codec/index.ts";
import { pairIndexOfShard } from "../../../shared/codec/index.ts";
import {
  FAN_OUT_BYTES_PER_SECOND_MIN,
  FAN_OUT_DEADLINE_MS,
  FAN_OUT_RETRY_LANES,
  FAN_OUT_ROUNDS_MAX,
  FAN_OUT_TAIL_BASE_MS,
  FAN_OUT_TAIL_MAX_MS,
  LANES_MAX,
  REGISTRATION_DELAY_MS,
} from "../../../shared/limits.ts";
import type { ConfirmationTarget } from "../../../shared/nodes/client.ts";
import { ConfirmationCollector } from "../../../shared/nodes/confirmations.ts";
import { isBlocked, isNotAssigned, type NodeFailure } from "../../../shared/nodes/failure.ts";
import { NODE_BEHIND_RETRY, retryDelayMs } from "../../../shared/nodes/retry.ts";
import type { Log, Random, Timer } from "../../../shared/ports.ts";
import {
  aggregateConfirmations,
  type Certificate,
  verifyShare,
} from "../../../shared/protocol/certificate.ts";
import { type Committee, weightOf } from "../../../shared/protocol/committee.ts";
import { confirmationMessage } from "../../../shared/protocol/confirmation.ts";
import { certificateWeightMin, isAboveValidity } from "../../../shared/protocol/quorum.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import { type Lane, type LaneNode, type LaneReport, splitByLag } from "../lane/lane.ts";
import type { BytePipe } from "../../../shared/platform-streams.ts";
import { EpochWatch, type EpochWatchPorts } from "./epoch-watch.ts";
import { SliverFeeder } from "./feeder.ts";

/** What is spread, and over whom. */
export interface FanOutJob {
  /** Names this run in the lane header and in logs. */
  readonly runId: string;
  /** 32 bytes. */
  readonly blobId: Uint8Array;
  /** BCS of BlobMetadata. */
  readonly metadata: Uint8Array<ArrayBuffer>;
  /** All slivers together, to the nearest megabyte or so: they get time by it. */
  readonly encodedBytes: number;
  /** `StagedBlob.slivers`. */
  readonly slivers: (
    pairIndices: readonly number[],
  ) => Iterable<SliverPair> | AsyncIterable<SliverPair>;
  readonly committee: Committee;
  /** A promise where slivers are to be buffered by the nodes meanwhile; it rejects to stop that. */
  readonly registered: Registered | Promise<Registered>;
  readonly laneCount: number;
  /** IDs of nodes that lately lagged: asked last. None unless given. */
  readonly laggards?: ReadonlySet<string>;
}

/** What is known once the blob is registered. */
export interface Registered {
  readonly target: ConfirmationTarget;
  /** Exactly what an honest node signs. */
  readonly message: Uint8Array;
}

/** What nodes are asked for, and what they sign, in `epoch`; `null` for a permanent blob. */
export function registrationOf(
  epoch: number,
  blobId: Uint8Array,
  deletableObjectId: string | null,
): Registered {
  return {
    target:
      deletableObjectId === null
        ? { kind: "permanent" }
        : { kind: "deletable", objectId: deletableObjectId },
    message: confirmationMessage({ epoch, blobId, deletableObjectId }),
  };
}

/** What a fan-out needs of the world. */
export interface FanOutPorts extends EpochWatchPorts {
  readonly timer: Timer;
  readonly random: Random;
  readonly log: Log;
  readonly lane: Lane;
  /** See `FeederPorts`. */
  readonly pipe?: (() => BytePipe) | undefined;
  /** Told of every node that has confirmed or failed. */
  readonly progress: (memberIndex: number, state: "confirmed" | "failed") => void;
}

/** Why there is no certificate. */
export type FanOutFailure =
  | {
      readonly kind: "insufficient-confirmations";
      /** Shards that confirmed, and that would have been enough. */
      readonly weight: number;
      readonly requiredWeight: number;
      /** How often each failure ended a node, by kind or reason. */
      readonly failureCounts: Readonly<Record<string, number>>;
    }
  /** More than f shards block the blob for legal reasons. */
  | { readonly kind: "blob-blocked" }
  /** The chain, or more than f shards, are in a later epoch: read the committee again. */
  | { readonly kind: "epoch-moved" };

/** A running fan-out. */
export interface FanOut {
  readonly outcome: Promise<Result<Certificate, FanOutFailure>>;
  /** Resolves when no lane runs any more; the slivers may then be released. */
  readonly settled: Promise<void>;
  /** Nodes that have confirmed so far, and those that have not, by ID. */
  served(): { readonly served: readonly string[]; readonly lagged: readonly string[] };
}

/** Starts the fan-out. */
export function startFanOut(ports: FanOutPorts, job: FanOutJob): FanOut {
  const run = new FanOutRun(ports, job);
  return { outcome: run.outcome.promise, settled: run.run(), served: () => run.served() };
}

const SLIVERS_PER_PAIR = 2;

class FanOutRun {
  readonly outcome = Promise.withResolvers<Result<Certificate, FanOutFailure>>();
  readonly #ports: FanOutPorts;
  readonly #job: FanOutJob;
  /** `null` until the blob is registered: nobody confirms before. */
  #collector: ConfirmationCollector | null = null;
  #registered: Registered | null = null;
  readonly #target = Promise.withResolvers<ConfirmationTarget>();
  readonly #failures = new Map<number, string>();
  readonly #blocked = new Set<number>();
  /** Nodes that the round under way found in an epoch before this one. */
  readonly #behind = new Set<number>();
  readonly #requiredWeight: number;
  readonly #stop = new AbortController();
  readonly #startedAtMs: number;
  readonly #epochWatch: EpochWatch;
  #callOffStop: () => void = () => undefined;
  #decided = false;
  /** Once one signature was wrong, the others are checked as they come: the sum would fail again. */
  #hasLiars = false;

  constructor(ports: FanOutPorts, job: FanOutJob) {
    this.#ports = ports;
    this.#job = job;
    this.#requiredWeight = certificateWeightMin(job.committee.shardCount);
    this.#startedAtMs = ports.clock.nowMs();
    this.#epochWatch = new EpochWatch(ports, job.committee.epoch, () => {
      this.#decide(err({ kind: "epoch-moved" }));
    });
    this.#target.promise.catch(() => undefined);
    const giveUp = (reason: unknown) => {
      this.#callOffStop();
      this.#target.reject(reason);
      this.#stop.abort(reason);
    };
    this.#stop.signal.addEventListener("abort", () => giveUp(this.#stop.signal.reason));
    const { registered } = job;
    if (registered instanceof Promise) registered.then((known) => this.#register(known), giveUp);
    else this.#register(registered);
  }

  #register(registered: Registered): void {
    this.#registered = registered;
    this.#collector = new ConfirmationCollector(this.#job.committee, registered.message);
    this.#target.resolve(registered.target);
  }

  async run(): Promise<void> {
    const transferMs = (1_000 * this.#job.encodedBytes) / FAN_OUT_BYTES_PER_SECOND_MIN;
    this.#stopAfter(FAN_OUT_DEADLINE_MS + transferMs);
    let lanesLeft = LANES_MAX;
    for (let round = 0; round < FAN_OUT_ROUNDS_MAX; round++) {
      const nodes = this.#openNodes();
      const wanted = round === 0 ? this.#job.laneCount : FAN_OUT_RETRY_LANES;
      const laneCount = Math.min(wanted, lanesLeft, nodes.length);
      if (laneCount === 0 || this.#decided || this.#stop.signal.aborted) break;
      if (round > 0 && !(await this.#waitForThoseBehind(round))) break;
      lanesLeft -= laneCount;
      this.#behind.clear();
      await this.#round(round, nodes, laneCount);
      // Whatever made nodes fail: nobody is asked again for an epoch that is over.
      if (!this.#decided) await this.#epochWatch.look();
    }
    this.#decide(
      err({
        kind: "insufficient-confirmations",
        weight: this.#collector?.weight ?? 0,
        requiredWeight: this.#requiredWeight,
        failureCounts: countValues(this.#failures),
      }),
    );
    this.#stop.abort(new Error("the fan-out has ended"));
  }

  /** See `FanOut`. Who refuses this blob for legal reasons does not lag. */
  served(): ReturnType<FanOut["served"]> {
    const open = new Set(this.#openNodes().map(({ memberIndex }) => memberIndex));
    const { members } = this.#job.committee;
    const idsOf = (isIn: (index: number) => boolean) =>
      members.flatMap(({ nodeId }, index) => (isIn(index) ? [nodeId] : []));
    return {
      served: idsOf((index) => !open.has(index)),
      lagged: idsOf((index) => open.has(index) && !this.#blocked.has(index)),
    };
  }

  /** Members that own shards and have not confirmed. */
  #openNodes(): LaneNode[] {
    const signatures = this.#collector?.signatures ?? [];
    const confirmed = new Set(signatures.map(({ memberIndex }) => memberIndex));
    return this.#job.committee.members.flatMap((member, memberIndex) =>
      confirmed.has(memberIndex) || member.shardIndices.length === 0
        ? []
        : [
            {
              memberIndex,
              nodeId: member.nodeId,
              baseUrl: member.baseUrl,
              sliverCount: member.shardIndices.length * SLIVERS_PER_PAIR,
            },
          ],
    );
  }

  /**
   * Lanes repeat at once what passes in a moment; a node that follows the chain more slowly than we
   * gets longer, within the deadline. Resolves to `false` when the fan-out has ended meanwhile.
   */
  async #waitForThoseBehind(round: number): Promise<boolean> {
    if (this.#behind.size === 0) return true;
    const { timer, random } = this.#ports;
    const delayMs = retryDelayMs(NODE_BEHIND_RETRY, round - 1, random);
    return timer.sleep(delayMs, this.#stop.signal).then(
      () => true,
      () => false,
    );
  }

  async #round(round: number, nodes: readonly LaneNode[], laneCount: number): Promise<void> {
    const { laggards } = this.#job;
    // In later rounds all that are left have failed once.
    const isLaggard = ({ nodeId }: LaneNode) => round === 0 && laggards?.has(nodeId) === true;
    const lanes = splitByLag(nodes, laneCount, isLaggard);
    const { clock, timer, pipe } = this.#ports;
    const { blobId, committee } = this.#job;
    const fed = lanes.flatMap((laneNodes, laneIndex) =>
      laneNodes.map((node) => ({
        memberIndex: node.memberIndex,
        laneIndex,
        isLaggard: isLaggard(node),
        pairIndices: (committee.members[node.memberIndex]?.shardIndices ?? []).map((shardIndex) =>
          pairIndexOfShard(shardIndex, blobId, committee.shardCount),
        ),
      })),
    );
    const feeder = new SliverFeeder(
      { clock, timer, slivers: this.#job.slivers, ...(pipe === undefined ? {} : { pipe }) },
      fed,
      lanes.length,
      this.#requiredWeight,
    );
    const onStop = () => feeder.stop();
    this.#stop.signal.addEventListener("abort", onStop, { once: true });
    if (this.#stop.signal.aborted) feeder.stop();
    try {
      await Promise.all([
        feeder.run(),
        ...lanes.map((laneNodes, laneIndex) => this.#lane(round, laneIndex, laneNodes, feeder)),
      ]);
    } finally {
      this.#stop.signal.removeEventListener("abort", onStop);
    }
  }

  async #lane(
    round: number,
    laneIndex: number,
    nodes: readonly LaneNode[],
    feeder: SliverFeeder,
  ): Promise<void> {
    const { runId, blobId, metadata } = this.#job;
    const target = this.#registered?.target ?? null;
    const lane = `${runId}/${round}/${laneIndex}`;
    const registrationDelayMs = round === 0 ? REGISTRATION_DELAY_MS : 0;
    try {
      await this.#ports.lane.push(
        { lane, blobId, target, metadata, nodes, registrationDelayMs },
        feeder.stream(laneIndex),
        (reports) => {
          for (const report of reports) this.#take(report, feeder);
        },
        () => this.#target.promise,
      );
    } catch (error) {
      this.#ports.log.warn({ event: "lane.lost", lane, error: String(error) });
      const detail = "the lane was lost";
      for (const { memberIndex } of nodes) {
        if (!this.#failures.has(memberIndex)) this.#failures.set(memberIndex, detail);
      }
    } finally {
      // Whatever ended the lane, its nodes want nothing more in this round.
      for (const { memberIndex } of nodes) feeder.settle(memberIndex);
    }
  }

  #take(report: LaneReport, feeder: SliverFeeder): void {
    switch (report.kind) {
      case "ready":
        feeder.ready(report.memberIndex);
        return;
      case "taken":
        feeder.taken(report.memberIndex, report.bodyBytes);
        return;
      case "failed":
        this.#fail(report.memberIndex, report.failure);
        feeder.settle(report.memberIndex);
        return;
      case "confirmed":
        this.#confirm(report.memberIndex, report.message, report.signature);
        feeder.settle(report.memberIndex);
    }
  }

  #fail(memberIndex: number, failure: NodeFailure): void {
    // What we aborted ourselves says nothing about the node.
    if (failure.kind === "aborted") return;
    this.#failures.set(
      memberIndex,
      failure.kind === "refused" ? (failure.reason ?? `status ${failure.status}`) : failure.kind,
    );
    this.#ports.progress(memberIndex, "failed");
    if (isNotAssigned(failure)) this.#behind.add(memberIndex);
    if (!this.#decided) this.#epochWatch.doubt(failure);
    if (!isBlocked(failure)) return;
    this.#blocked.add(memberIndex);
    if (this.#isAboveValidity(weightOf(this.#job.committee, this.#blocked))) {
      this.#decide(err({ kind: "blob-blocked" }));
    }
  }

  #confirm(memberIndex: number, message: Uint8Array, signature: Uint8Array): void {
    const collector = this.#collector;
    if (collector === null) return;
    const verdict = collector.add(memberIndex, { message, signature });
    if (verdict === "counted") {
      if (
        this.#hasLiars &&
        !verifyShare(this.#job.committee, message, { memberIndex, signature })
      ) {
        this.#dropLiars([memberIndex]);
        return;
      }
      this.#failures.delete(memberIndex);
      this.#ports.progress(memberIndex, "confirmed");
      if (!this.#decided && collector.weight >= this.#requiredWeight) {
        this.#tryCertificate(message, collector);
      }
      return;
    }
    if (verdict === "repeated") return;
    this.#failures.set(memberIndex, verdict);
    this.#ports.progress(memberIndex, "failed");
    if (verdict === "earlier-epoch") this.#behind.add(memberIndex);
    if (this.#isAboveValidity(collector.laterEpochWeight)) {
      this.#decide(err({ kind: "epoch-moved" }));
    }
  }

  #tryCertificate(message: Uint8Array, { signatures }: ConfirmationCollector): void {
    const built = aggregateConfirmations(this.#job.committee, message, signatures);
    this.#dropLiars(built.ok ? built.value.liars : built.failure.liars);
    if (built.ok) this.#decide(ok(built.value.certificate));
  }

  #dropLiars(liars: readonly number[]): void {
    if (liars.length === 0) return;
    this.#hasLiars = true;
    this.#collector?.drop(liars);
    for (const memberIndex of liars) {
      this.#failures.set(memberIndex, "wrong-signature");
      this.#ports.progress(memberIndex, "failed");
    }
  }

  /** Decides once; what goes on behind a success is bounded by the tail. */
  #decide(outcome: Result<Certificate, FanOutFailure>): void {
    if (this.#decided) return;
    this.#decided = true;
    this.outcome.resolve(outcome);
    const elapsedMs = this.#ports.clock.nowMs() - this.#startedAtMs;
    const tailMs = Math.min(FAN_OUT_TAIL_MAX_MS, elapsedMs / 2 + FAN_OUT_TAIL_BASE_MS);
    this.#stopAfter(outcome.ok ? tailMs : 0);
  }

  /** In place of the deadline before. */
  #stopAfter(delayMs: number): void {
    this.#callOffStop();
    if (this.#stop.signal.aborted) return;
    this.#callOffStop = callAfter(this.#ports.timer, delayMs, () =>
      this.#stop.abort(new Error("out of time")),
    );
  }

  #isAboveValidity(weight: number): boolean {
    return isAboveValidity(weight, this.#job.committee.shardCount);
  }
}

function countValues(values: ReadonlyMap<number, string>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values.values()) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
