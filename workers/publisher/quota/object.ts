/**
 * `Quota`: the Durable Object of one client's rate limits, named by the hash of its subject or
 * address. It deletes itself when its buckets are full again: then there is nothing to remember.
 */
import { DurableObject } from "cloudflare:workers";
import { systemClock } from "../../../shared/system.ts";
import type { QuotaPolicy } from "./bucket.ts";
import {
  createQuotaBuckets,
  type QuotaBuckets,
  type QuotaRpc,
  type QuotaUnits,
  type QuotaVerdict,
} from "./quota.ts";

export class Quota extends DurableObject implements QuotaRpc {
  #buckets: QuotaBuckets | null = null;

  async take(policies: readonly QuotaPolicy[], units: QuotaUnits): Promise<QuotaVerdict> {
    const verdict = this.#open().take(policies, units);
    await this.#forgetLater();
    return verdict;
  }

  async charge(policies: readonly QuotaPolicy[], units: QuotaUnits): Promise<void> {
    this.#open().charge(policies, units);
    await this.#forgetLater();
  }

  override async alarm(): Promise<void> {
    const fullAtMs = this.#open().fullAtMs();
    if (systemClock.nowMs() < fullAtMs) {
      await this.ctx.storage.setAlarm(fullAtMs);
      return;
    }
    this.#buckets = null;
    await this.ctx.storage.deleteAll();
  }

  #open(): QuotaBuckets {
    this.#buckets ??= createQuotaBuckets(this.ctx.storage.sql, systemClock);
    return this.#buckets;
  }

  async #forgetLater(): Promise<void> {
    if ((await this.ctx.storage.getAlarm()) !== null) return;
    await this.ctx.storage.setAlarm(this.#open().fullAtMs());
  }
}
