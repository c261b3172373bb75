/** Counts all WAL on a ledger, wherever it lies. */
import type { Ledger } from "../../../devnet/ledger/ledger.ts";
import { LOCAL_ADDRESSES } from "../../../devnet/walrus-contract/operations.ts";

/** FROST in coins, stakes, rewards, commissions, funds and the exchange. */
export function walInExistence(ledger: Ledger): bigint {
  let total = 0n;
  for (const id of touchedIds(ledger)) {
    const object = ledger.view.get(id);
    if (object === undefined) continue;
    total += walIn(ledger.registry.parse(object.type, object.contents), object.type);
  }
  return total;
}

function touchedIds(ledger: Ledger): ReadonlySet<string> {
  const ids = new Set<string>();
  for (let sequence = 0; sequence < ledger.transactionCount; sequence++) {
    const changed = ledger.transactionAt(sequence)?.effects.changedObjects ?? [];
    for (const [id] of changed) ids.add(id);
  }
  return ids;
}

/** Balances in one object, by what its type says they hold. */
function walIn(value: unknown, type: string): bigint {
  const { wal, walrusOriginal, walExchange } = LOCAL_ADDRESSES;
  if (type.endsWith(`::coin::Coin<${wal}::wal::WAL>`)) return balanceAt(value, "balance");
  if (type.startsWith(`${walExchange}::wal_exchange::Exchange`)) return balanceAt(value, "wal");
  if (type.startsWith(`${walrusOriginal}::staked_wal::`)) return balanceAt(value, "principal");
  if (type.startsWith(`${walrusOriginal}::shared_blob::`)) return balanceAt(value, "funds");
  if (type.startsWith(`${walrusOriginal}::staking_pool::StakingPool`)) {
    return balanceAt(value, "rewards_pool") + balanceAt(value, "commission");
  }
  if (!type.includes("system_state_inner::SystemStateInnerV1")) return 0n;
  const inner = at(value, "value");
  const ring = at(at(inner, "future_accounting"), "ring_buffer") as readonly unknown[];
  return ring.reduce<bigint>((sum, entry) => sum + balanceAt(entry, "rewards_to_distribute"), 0n);
}

function balanceAt(value: unknown, field: string): bigint {
  return at(at(value, field), "value") as bigint;
}

function at(value: unknown, field: string): unknown {
  return (value as Readonly<Record<string, unknown>>)[field];
}
