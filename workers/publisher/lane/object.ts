/**
 * `SliverLane`: one invocation of the fan-out, with six requests in flight of its own.
 *
 * The upload calls it through `ctx.exports`, so each call is an invocation of this same Worker. It
 * keeps nothing.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { callAfter } from "../../../shared/call-after.ts";
import { LANE_REPORT_PAUSE_MS } from "../../../shared/limits.ts";
import { createNodeClient } from "../../../shared/nodes/client.ts";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import type { Timer } from "../../../shared/ports.ts";
import { systemRandom, systemTimer } from "../../../shared/system.ts";
import type { Lane, LaneJob, LaneReport, Registration } from "./lane.ts";
import { platformBody } from "../../../shared/platform-streams.ts";
import { runLane } from "./run-lane.ts";

export class SliverLane extends WorkerEntrypoint implements Lane {
  /** See `Lane.push`. Reports travel in order. */
  async push(
    job: LaneJob,
    frames: ReadableStream<Uint8Array>,
    report: (reports: LaneReport[]) => void | Promise<void>,
    registered?: Registration,
  ): Promise<void> {
    const client = createNodeClient({
      permit: platformPermit(),
      timer: systemTimer,
      lane: job.lane,
      bodyOf: platformBody,
    });
    const mail = new ReportMail(report, systemTimer);
    const ports = { client, timer: systemTimer, random: systemRandom };
    await runLane(ports, job, frames, (each) => mail.post(each), registered);
    await mail.flushed();
  }
}

/**
 * Sends reports one message after the other. What comes in a moment travels together: 2,000 slivers
 * would otherwise make about as many messages, a sixteenth of the publisher's work for a store.
 */
class ReportMail {
  readonly #send: (reports: LaneReport[]) => void | Promise<void>;
  readonly #timer: Timer;
  #waiting: LaneReport[] = [];
  #hurry = Promise.withResolvers<void>();
  #sending: Promise<void> | null = null;
  #lost: unknown = null;

  constructor(send: (reports: LaneReport[]) => void | Promise<void>, timer: Timer) {
    this.#send = send;
    this.#timer = timer;
  }

  /** What moves a node on goes at once, and takes along what waits. */
  post(report: LaneReport): void {
    this.#waiting.push(report);
    if (report.kind !== "taken") this.#hurry.resolve();
    this.#sending ??= this.#drain();
  }

  async flushed(): Promise<void> {
    await this.#sending;
    if (this.#lost !== null) throw this.#lost;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const callOff = callAfter(this.#timer, LANE_REPORT_PAUSE_MS, this.#hurry.resolve);
      await this.#hurry.promise;
      callOff();
      this.#hurry = Promise.withResolvers();
      const reports = this.#waiting;
      this.#waiting = [];
      try {
        await this.#send(reports);
      } catch (error) {
        // The upload is gone; its stream of frames breaks too, and that ends the lane.
        this.#lost ??= error;
      }
    }
    this.#sending = null;
  }
}
