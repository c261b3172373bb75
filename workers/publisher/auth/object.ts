/**
 * `Token`: the Durable Object that keeps used tokens until they expire, and changes with an
 * `Idempotency-Key` as long as those of stores; one for each first byte of their hash. It survives
 * restarts and is the same for every isolate.
 */
import { DurableObject } from "cloudflare:workers";
import { systemClock } from "../../../shared/system.ts";
import {
  createKeptChanges,
  type KeptChange,
  type KeptChangeRows,
  type KeptChangesRpc,
} from "../keyed/kept-changes.ts";
import { createTokenRows, type TokenRows, type TokenRpc } from "./token-guard.ts";

export class Token extends DurableObject implements TokenRpc, KeptChangesRpc {
  readonly #rows: TokenRows;
  readonly #changes: KeptChangeRows;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#rows = createTokenRows(ctx.storage.sql);
    this.#changes = createKeptChanges(ctx.storage.sql);
  }

  async use(tokenHash: string, holder: string, keptUntilMs: number): Promise<boolean> {
    const isHeld = this.#rows.use(tokenHash, holder, keptUntilMs);
    await this.#wakeAt(keptUntilMs);
    // Nothing is bought with a token whose use could still be forgotten.
    await this.ctx.storage.sync();
    return isHeld;
  }

  async release(tokenHash: string, holder: string): Promise<void> {
    this.#rows.release(tokenHash, holder);
  }

  async keptChange(keyHash: string): Promise<KeptChange | null> {
    return this.#changes.get(keyHash);
  }

  async keepWish(
    keyHash: string,
    asked: Pick<KeptChange, "fingerprint" | "wish">,
    keptUntilMs: number,
  ): Promise<KeptChange> {
    this.#changes.keepWish(keyHash, asked, keptUntilMs);
    await this.#wakeAt(keptUntilMs);
    // Nothing is done about a wish that could still be forgotten.
    await this.ctx.storage.sync();
    return this.#changes.get(keyHash) ?? { ...asked, answer: null };
  }

  async keepAnswer(keyHash: string, wish: string, answer: string): Promise<void> {
    this.#changes.keepAnswer(keyHash, wish, answer);
  }

  async dropWish(keyHash: string, wish: string): Promise<void> {
    this.#changes.dropWish(keyHash, wish);
  }

  override async alarm(): Promise<void> {
    const nowMs = systemClock.nowMs();
    const nexts = [this.#rows.sweep(nowMs), this.#changes.sweep(nowMs)];
    const left = nexts.filter((next) => next !== null);
    if (left.length > 0) await this.ctx.storage.setAlarm(Math.min(...left));
  }

  async #wakeAt(atMs: number): Promise<void> {
    const set = await this.ctx.storage.getAlarm();
    // What is kept for years does not keep the sweep from what ends tomorrow.
    if (set === null || set > atMs) await this.ctx.storage.setAlarm(atMs);
  }
}
