/** `Recent`: the Durable Object over the rows of one shard of lately certified blobs. */
import { DurableObject } from "cloudflare:workers";
import { RECENT_TTL_MS } from "../../../shared/limits.ts";
import { systemClock } from "../../../shared/system.ts";
import { createRecentRows, type RecentRows, type RecentRpc } from "./recent.ts";

export class Recent extends DurableObject implements RecentRpc {
  readonly #rows: RecentRows;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#rows = createRecentRows(ctx.storage.sql);
  }

  async note(blobId: string): Promise<void> {
    const nowMs = systemClock.nowMs();
    this.#rows.note(blobId, nowMs);
    if ((await this.ctx.storage.getAlarm()) === null) {
      await this.ctx.storage.setAlarm(nowMs + RECENT_TTL_MS);
    }
  }

  async has(blobId: string): Promise<boolean> {
    return this.#rows.has(blobId, systemClock.nowMs());
  }

  async forget(blobId: string, untilMs: number): Promise<void> {
    this.#rows.forget(blobId, untilMs);
  }

  override async alarm(): Promise<void> {
    const nextMs = this.#rows.sweep(systemClock.nowMs());
    if (nextMs !== null) await this.ctx.storage.setAlarm(nextMs);
  }
}
