/**
 * Free storage of one address that is promised to registrations which have not taken it yet: so that
 * many uploads at a time are not all sent to the one address that has room for one of them.
 *
 * Held in memory only, as a hint: what a registration is put into is decided when it is drafted.
 */
import { WALLET_OFFER_TTL_MS } from "../../../shared/limits.ts";
import type { Clock } from "../../../shared/ports.ts";
import type { Result } from "../../../shared/result.ts";
import type { ChainFailure, FreeStorage } from "../../../shared/sui/chain.ts";
import { FreeStoragePool, type SpaceNeed } from "./free-storage.ts";

interface Promised {
  readonly space: SpaceNeed;
  /** When the promise lapses unless its command comes; `null` once it has come. */
  readonly untilMs: number | null;
}

/** The promises of one wallet. */
export class PromisedStorage {
  readonly #clock: Clock;
  readonly #list: () => Promise<Result<readonly FreeStorage[], ChainFailure>>;
  readonly #promised = new Map<string, Promised>();

  constructor(clock: Clock, list: () => Promise<Result<readonly FreeStorage[], ChainFailure>>) {
    this.#clock = clock;
    this.#list = list;
  }

  /** Whether something fits that nobody else is promised; a chain that does not answer has none. */
  async promise(id: string, space: SpaceNeed): Promise<boolean> {
    const listed = await this.#list();
    if (!listed.ok) return false;
    const nowMs = this.#clock.nowMs();
    const pool = new FreeStoragePool(listed.value);
    for (const [other, { space: taken, untilMs }] of this.#promised) {
      if (untilMs !== null && untilMs <= nowMs) this.#promised.delete(other);
      else if (other !== id) pool.take(taken);
    }
    if (pool.take(space) === null) return false;
    this.#promised.set(id, { space, untilMs: nowMs + WALLET_OFFER_TTL_MS });
    return true;
  }

  /** The command has come: its promise holds until it is answered. */
  keep(id: string): void {
    const promised = this.#promised.get(id);
    if (promised !== undefined) this.#promised.set(id, { ...promised, untilMs: null });
  }

  /** The command has its answer, or its promise is given back. */
  release(id: string): void {
    this.#promised.delete(id);
  }
}
