/**
 * What a wallet holds, and what of it is promised to commands that wait: so that what cannot be
 * paid is refused at the door, before anything is spent.
 *
 * Held in memory only, as a hint: what a transaction really pays is checked again when it is drafted.
 */
import {
  GAS_BUDGET_BASE_MIST,
  GAS_BUDGET_PER_BLOB_MIST,
  GAS_BUDGET_PER_REGISTRATION_MIST,
  WALLET_FUNDS_TTL_MS,
  WALLET_OFFER_TTL_MS,
} from "../../../shared/limits.ts";
import type { Clock } from "../../../shared/ports.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { Chain, ChainFailure } from "../../../shared/sui/chain.ts";
import { selectCoins } from "./coin-selection.ts";
import type { WalletFailure } from "./commands.ts";
import type { SpaceNeed } from "./free-storage.ts";
import type { PromisedStorage } from "./promised-storage.ts";

/** Amounts of both coins. */
export interface Holdings {
  readonly frost: bigint;
  readonly mist: bigint;
}

/** What an address can put into one transaction, as the chain says now. */
export async function readHoldings(
  chain: Pick<Chain, "readContract" | "listCoins">,
  address: string,
): Promise<Result<Holdings, ChainFailure>> {
  const state = await chain.readContract();
  if (!state.ok) return state;
  const [wal, sui] = await Promise.all([
    chain.listCoins(address, state.value.contract.walType),
    chain.listCoins(address, "0x2::sui::SUI"),
  ]);
  if (!wal.ok) return err(wal.failure);
  if (!sui.ok) return err(sui.failure);
  return ok({ frost: reachable(wal.value), mist: reachable(sui.value) });
}

function reachable(coins: Parameters<typeof selectCoins>[0]): bigint {
  const selected = selectCoins(coins, 0n);
  return selected.ok ? selected.value.total : 0n;
}

/** Gas that registering and certifying so many blobs may take. */
function gasFor(count: number): bigint {
  const each = GAS_BUDGET_PER_REGISTRATION_MIST + GAS_BUDGET_PER_BLOB_MIST;
  return 2n * GAS_BUDGET_BASE_MIST + BigInt(count) * each;
}

interface Promised {
  readonly costFrost: bigint;
  /** When the promise lapses unless its command comes; `null` once it has come. */
  readonly untilMs: number | null;
}

/** Holdings and promises of one wallet. */
export class Funds {
  readonly #clock: Clock;
  readonly #read: () => Promise<Result<Holdings, ChainFailure>>;
  readonly #storage: PromisedStorage;
  readonly #promised = new Map<string, Promised>();
  #held: (Holdings & { readonly readAtMs: number }) | null = null;
  #reading: Promise<Result<Holdings, ChainFailure>> | null = null;

  constructor(
    clock: Clock,
    read: () => Promise<Result<Holdings, ChainFailure>>,
    storage: PromisedStorage,
  ) {
    this.#clock = clock;
    this.#read = read;
    this.#storage = storage;
  }

  /** As last read; `null` where it has to be read again. */
  get held(): Holdings | null {
    return this.#held;
  }

  /** Promises whose command has not come yet. */
  get offeredCount(): number {
    this.#dropLapsed();
    return [...this.#promised.values()].filter(({ untilMs }) => untilMs !== null).length;
  }

  /** Promises `costFrost` and the gas that goes with it; why not, where it is not there. */
  async offer(id: string, costFrost: bigint): Promise<WalletFailure | null> {
    const isNew = !this.#promised.has(id);
    // Promised before anything is awaited: whoever asks meanwhile comes after this one.
    if (isNew) {
      const untilMs = this.#clock.nowMs() + WALLET_OFFER_TTL_MS;
      this.#promised.set(id, { costFrost, untilMs });
    }
    const isKnown = this.#isFresh();
    let failure = await this.#shortage(id, costFrost);
    if (failure !== null && isKnown) {
      // Money may have come in since it was read.
      this.forget();
      failure = await this.#shortage(id, costFrost);
    }
    if (failure !== null && isNew) this.release(id);
    return failure;
  }

  /** Promises storage that is there already; whether some fits. */
  offerStorage(id: string, space: SpaceNeed): Promise<boolean> {
    return this.#storage.promise(id, space);
  }

  /** The command has come: its promise holds until it is answered. */
  keep(id: string): void {
    this.#promised.set(id, { costFrost: this.#promised.get(id)?.costFrost ?? 0n, untilMs: null });
    this.#storage.keep(id);
  }

  /** The command has its answer. */
  release(id: string): void {
    this.#promised.delete(id);
    this.#storage.release(id);
  }

  /** A transaction has changed it: it is read before it is used again. */
  forget(): void {
    this.#held = null;
  }

  #isFresh(): boolean {
    return this.#held !== null && this.#clock.nowMs() - this.#held.readAtMs < WALLET_FUNDS_TTL_MS;
  }

  async #shortage(id: string, costFrost: bigint): Promise<WalletFailure | null> {
    if (!this.#isFresh()) {
      const read = await this.#readOnce();
      if (!read.ok) return { kind: "chain", failure: read.failure };
    }
    this.#dropLapsed();
    const ids = [...this.#promised.keys()];
    const earlier = ids.slice(0, Math.max(0, ids.indexOf(id)));
    const promised = earlier.reduce(
      (sum, other) => sum + (this.#promised.get(other)?.costFrost ?? 0n),
      0n,
    );
    const { frost: heldFrost = 0n, mist: heldMist = 0n } = this.#held ?? {};
    const neededFrost = promised + costFrost;
    if (neededFrost > heldFrost) return { kind: "insufficient-wal", neededFrost, heldFrost };
    const neededMist = gasFor(earlier.length + 1);
    return neededMist > heldMist ? { kind: "insufficient-sui", neededMist, heldMist } : null;
  }

  /** One look for all who ask at the same time. */
  #readOnce(): Promise<Result<Holdings, ChainFailure>> {
    this.#reading ??= this.#read()
      .then((read) => {
        if (read.ok) this.#held = { ...read.value, readAtMs: this.#clock.nowMs() };
        return read;
      })
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  #dropLapsed(): void {
    const nowMs = this.#clock.nowMs();
    for (const [id, { untilMs }] of this.#promised) {
      if (untilMs !== null && untilMs <= nowMs) this.#promised.delete(id);
    }
  }
}
