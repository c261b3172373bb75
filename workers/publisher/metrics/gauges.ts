/**
 * What wallets and leases look like at this moment, as samples. Pure.
 */
import type { Coin } from "../../../shared/sui/chain.ts";
import type { LeaseEnds } from "../lease-book/leases.ts";
import type { WalletStatus } from "../wallet/commands.ts";
import type { Sample } from "./exposition.ts";

/** Leases that end within so many epochs are told of: each count holds those before. */
const ENDING_WITHIN_EPOCHS = [0, 1, 2, 5, 10, 26, 53];

/** The coins of one address. */
export interface Balances {
  readonly wal: readonly Coin[];
  readonly sui: readonly Coin[];
}

/** What one wallet has done; what the official names count is summed over all by `walletTotals`. */
export function walletSamples(status: WalletStatus): readonly Sample[] {
  const labels = { address: status.address };
  return [
    {
      name: "walrus_edge_wallet_transactions_total",
      labels,
      value: status.transactionCount,
    },
    { name: "walrus_edge_wallet_spent_frost_total", labels, value: status.spentFrost },
    { name: "walrus_edge_wallet_gas_mist", labels, value: status.gasMist },
    { name: "walrus_edge_wallet_unresolved", labels, value: status.unresolved.length },
    { name: "walrus_edge_wallet_queue_length", labels, value: status.queueLength },
  ];
}

/** The official counts of transactions and refills, over all wallets. */
export function walletTotals(statuses: readonly WalletStatus[]): readonly Sample[] {
  const total = (of: (status: WalletStatus) => number) =>
    statuses.reduce((sum, status) => sum + of(status), 0);
  return [
    {
      name: "submitted",
      labels: { workload: "write" },
      value: total(({ transactionCount }) => transactionCount),
    },
    { name: "gas_refill", value: total(({ gasRefillCount }) => gasRefillCount) },
    { name: "wal_refill", value: total(({ walRefillCount }) => walRefillCount) },
  ];
}

/** What one address holds. */
export function balanceSamples(address: string, { wal, sui }: Balances): readonly Sample[] {
  const labels = { address };
  return [
    { name: "walrus_edge_wallet_balance_frost", labels, value: sumOf(wal) },
    { name: "walrus_edge_wallet_balance_mist", labels, value: sumOf(sui) },
  ];
}

/** Leases by how soon they end. */
export function leaseSamples(ends: readonly LeaseEnds[], epoch: number): readonly Sample[] {
  return [
    { name: "walrus_edge_epoch", value: epoch },
    { name: "walrus_edge_leases", value: count(ends) },
    {
      name: "walrus_edge_lease_storage_bytes",
      value: ends.reduce((sum, { storageBytes }) => sum + storageBytes, 0),
    },
    ...ENDING_WITHIN_EPOCHS.map((epochs): Sample => {
      const ending = ends.filter(({ endEpoch }) => endEpoch <= epoch + epochs);
      return {
        name: "walrus_edge_leases_ending",
        labels: { within_epochs: String(epochs) },
        value: count(ending),
      };
    }),
  ];
}

function count(ends: readonly LeaseEnds[]): number {
  return ends.reduce((sum, one) => sum + one.count, 0);
}

function sumOf(coins: readonly Coin[]): bigint {
  return coins.reduce((sum, { balance }) => sum + balance, 0n);
}
