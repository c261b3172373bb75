/**
 * Which free storage a registration is put into. Pure.
 */
import type { FreeStorage } from "../../../shared/sui/chain.ts";

/** What a registration needs. */
export interface SpaceNeed {
  readonly encodedBytes: number;
  /** Last epoch it must reach, exclusive. */
  readonly endEpoch: number;
  /** Now. */
  readonly epoch: number;
}

/** Free storage, handed out once each. */
export class FreeStoragePool {
  #free: readonly FreeStorage[];

  constructor(free: readonly FreeStorage[]) {
    this.#free = free;
  }

  /** Takes the smallest that fits, of equal ones the one that ends first; `null` where none does. */
  take({ encodedBytes, endEpoch, epoch }: SpaceNeed): FreeStorage | null {
    const [best] = this.#free
      .filter(
        (each) =>
          each.storageBytes >= encodedBytes &&
          each.startEpoch <= epoch &&
          each.endEpoch >= endEpoch,
      )
      .sort(smallestFirst);
    if (best === undefined) return null;
    this.#free = this.#free.filter((each) => each !== best);
    return best;
  }
}

function smallestFirst(left: FreeStorage, right: FreeStorage): number {
  if (left.storageBytes !== right.storageBytes) return left.storageBytes - right.storageBytes;
  if (left.endEpoch !== right.endEpoch) return left.endEpoch - right.endEpoch;
  return left.objectId < right.objectId ? -1 : 1;
}
