/** The live objects, indexed by owner, with an undo log for reads of the recent past. */
import { HISTORY_TRANSACTIONS } from "./limits.ts";
import type { LedgerObject } from "./types.ts";

/** What readers need of a state, present or past. */
export interface ObjectView {
  get(id: string): LedgerObject | undefined;
  /** Objects owned by an address or, for dynamic fields, by a parent id; ordered by id. */
  ownedBy(ownerId: string): LedgerObject[];
}

/** What one transaction does to the store: an object's new version, or `null` when it goes. */
export type Writes = ReadonlyMap<string, LedgerObject | null>;

export class ObjectStore implements ObjectView {
  readonly #objects = new Map<string, LedgerObject>();
  readonly #byOwner = new Map<string, Set<string>>();
  /** Per transaction, newest last: what each written id was before. */
  readonly #undo: Map<string, LedgerObject | null>[] = [];

  get(id: string): LedgerObject | undefined {
    return this.#objects.get(id);
  }

  ownedBy(ownerId: string): LedgerObject[] {
    return sortById([...(this.#byOwner.get(ownerId) ?? [])].flatMap((id) => this.get(id) ?? []));
  }

  all(): IterableIterator<LedgerObject> {
    return this.#objects.values();
  }

  /** Applies one transaction's writes. */
  apply(writes: Writes): void {
    const before = new Map<string, LedgerObject | null>();
    for (const [id, object] of writes) {
      before.set(id, this.#objects.get(id) ?? null);
      this.#put(id, object);
    }
    this.#undo.push(before);
    if (this.#undo.length > HISTORY_TRANSACTIONS) this.#undo.shift();
  }

  /** Adds objects without history (restoring a snapshot). */
  load(objects: Iterable<LedgerObject>): void {
    for (const object of objects) this.#put(object.id, object);
  }

  /** The state `transactionCount` transactions ago (at most the length of the history). */
  past(transactionCount: number): ObjectView {
    if (transactionCount <= 0) return this;
    const overlay = new Map<string, LedgerObject | null>();
    for (const before of this.#undo.slice(-transactionCount).reverse()) {
      for (const [id, object] of before) overlay.set(id, object);
    }
    return {
      get: (id) => (overlay.has(id) ? (overlay.get(id) ?? undefined) : this.get(id)),
      ownedBy: (ownerId) =>
        sortById([
          ...this.ownedBy(ownerId).filter(({ id }) => !overlay.has(id)),
          ...[...overlay.values()].filter(
            (object): object is LedgerObject => object !== null && ownerKey(object) === ownerId,
          ),
        ]),
    };
  }

  /** An older version of an object, as far as the history reaches. */
  version(id: string, version: bigint): LedgerObject | undefined {
    const live = this.get(id);
    if (live?.version === version) return live;
    for (const before of this.#undo) {
      const object = before.get(id);
      if (object?.version === version) return object;
    }
    return undefined;
  }

  #put(id: string, object: LedgerObject | null): void {
    const previous = this.#objects.get(id);
    const previousOwner = previous === undefined ? undefined : ownerKey(previous);
    if (previousOwner !== undefined) this.#byOwner.get(previousOwner)?.delete(id);
    if (object === null) {
      this.#objects.delete(id);
      return;
    }
    this.#objects.set(id, object);
    const owner = ownerKey(object);
    if (owner === undefined) return;
    const owned = this.#byOwner.get(owner);
    if (owned === undefined) this.#byOwner.set(owner, new Set([id]));
    else owned.add(id);
  }
}

function ownerKey(object: LedgerObject): string | undefined {
  if (object.owner.kind === "address") return object.owner.address;
  if (object.owner.kind === "object") return object.owner.parentId;
  return undefined;
}

function sortById(objects: LedgerObject[]): LedgerObject[] {
  return objects.sort((left, right) => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0));
}
