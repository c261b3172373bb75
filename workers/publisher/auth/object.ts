/**
 * `Token`: the Durable Object that keeps used tokens until they expire, one for each first byte of
 * their hash. It survives restarts and is the same for every isolate.
 */
import { DurableObject } from "cloudflare:workers";
import { systemClock } from "../../../shared/system.ts";
import { createTokenRows, type TokenRows, type TokenRpc } from "./token-guard.ts";

export class Token extends DurableObject implements TokenRpc {
  readonly #rows: TokenRows;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#rows = createTokenRows(ctx.storage.sql);
  }

  async use(tokenHash: string, holder: string, keptUntilMs: number): Promise<boolean> {
    const isHeld = this.#rows.use(tokenHash, holder, keptUntilMs);
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(keptUntilMs);
    // Nothing is bought with a token whose use could still be forgotten.
    await this.ctx.storage.sync();
    return isHeld;
  }

  async release(tokenHash: string, holder: string): Promise<void> {
    this.#rows.release(tokenHash, holder);
  }

  override async alarm(): Promise<void> {
    const nextMs = this.#rows.sweep(systemClock.nowMs());
    if (nextMs !== null) await this.ctx.storage.setAlarm(nextMs);
  }
}
