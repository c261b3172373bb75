/**
 * `Metrics`: the Durable Object that adds up what uploads report when they end.
 *
 * There are as many Upload objects as uploads, so nobody could ask them all; each tells this one
 * once, behind its answer. Sums are in memory and written some seconds later, so a crash of the
 * object loses those seconds, and an upload that dies before it has reported is not counted: these
 * are figures to watch by, the ledger keeps the books.
 */
import { DurableObject } from "cloudflare:workers";
import { METRICS_FLUSH_MS } from "../../../shared/limits.ts";
import { systemClock } from "../../../shared/system.ts";
import { type Counters, createCounters, type Increment } from "./counters.ts";
import type { HistogramSample, Sample } from "./exposition.ts";

/** RPC surface: `env.METRICS.getByName(METRICS_NAME)`. */
export interface MetricsRpc {
  add(increments: readonly Increment[]): Promise<void>;
  samples(): Promise<readonly (Sample | HistogramSample)[]>;
}

/** The gateway has one. */
export const METRICS_NAME = "gateway";

export class Metrics extends DurableObject implements MetricsRpc {
  readonly #counters: Counters;
  #isFlushDue = false;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#counters = createCounters(ctx.storage.sql);
  }

  async add(increments: readonly Increment[]): Promise<void> {
    this.#counters.add(increments);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    await this.ctx.storage.setAlarm(systemClock.nowMs() + METRICS_FLUSH_MS);
  }

  async samples(): Promise<readonly (Sample | HistogramSample)[]> {
    return this.#counters.samples();
  }

  override async alarm(): Promise<void> {
    this.#isFlushDue = false;
    this.#counters.flush();
  }
}
