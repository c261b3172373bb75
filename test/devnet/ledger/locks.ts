/** Locks of owned objects: one transaction per object version, as Sui's validators keep them. */
import type { ResolvedTransaction } from "./check.ts";
import type { LedgerObject, Refusal } from "./types.ts";

export class ObjectLocks {
  /** `id version` → digest of the transaction that holds it. */
  readonly #holders = new Map<string, string>();

  /** Locks every owned object of a transaction, or says which other transaction holds one. */
  lock(digest: string, transaction: ResolvedTransaction): Refusal | null {
    const owned = ownedObjects(transaction);
    for (const object of owned) {
      const holder = this.#holders.get(keyOf(object));
      if (holder === undefined || holder === digest) continue;
      return {
        kind: "locked",
        reason: "object-locked",
        message: `Object (${object.id}, SequenceNumber(${object.version}), o#${object.digest}) already locked by a different transaction: TransactionDigest(${holder})`,
      };
    }
    for (const object of owned) this.#holders.set(keyOf(object), digest);
    return null;
  }

  /** Forgets the locks of a transaction that ran or was dropped. */
  release(digest: string): void {
    for (const [key, holder] of this.#holders) {
      if (holder === digest) this.#holders.delete(key);
    }
  }

  /** Locks end with Sui's epoch. */
  clear(): void {
    this.#holders.clear();
  }
}

function ownedObjects({ inputs, payment }: ResolvedTransaction): LedgerObject[] {
  const used = inputs.flatMap((input) => (input.kind === "object" ? [input.object] : []));
  return [...payment, ...used].filter(({ owner }) => owner.kind === "address");
}

function keyOf({ id, version }: LedgerObject): string {
  return `${id} ${version}`;
}
