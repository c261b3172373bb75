/**
 * `SliverLane`: one invocation of the fan-out, with six requests in flight of its own.
 *
 * The upload calls it through `ctx.exports`, so each call is an invocation of this same Worker. It
 * keeps nothing.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { createNodeClient } from "../../../shared/nodes/client.ts";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import { systemRandom, systemTimer } from "../../../shared/system.ts";
import type { Lane, LaneJob, LaneReport, Registration } from "./lane.ts";
import { platformBody } from "./streams.ts";
import { runLane } from "./run-lane.ts";

export class SliverLane extends WorkerEntrypoint implements Lane {
  /** See `Lane.push`. Reports made in one turn travel in one message, in order. */
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
    const mail = new ReportMail(report);
    const ports = { client, timer: systemTimer, random: systemRandom };
    await runLane(ports, job, frames, (each) => mail.post(each), registered);
    await mail.flushed();
  }
}

/** Sends reports one message after the other, batching what comes while one is on its way. */
class ReportMail {
  readonly #send: (reports: LaneReport[]) => void | Promise<void>;
  #waiting: LaneReport[] = [];
  #sending: Promise<void> | null = null;
  #lost: unknown = null;

  constructor(send: (reports: LaneReport[]) => void | Promise<void>) {
    this.#send = send;
  }

  post(report: LaneReport): void {
    this.#waiting.push(report);
    this.#sending ??= this.#drain();
  }

  async flushed(): Promise<void> {
    await this.#sending;
    if (this.#lost !== null) throw this.#lost;
  }

  async #drain(): Promise<void> {
    // Let the turn that posted finish first.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
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
