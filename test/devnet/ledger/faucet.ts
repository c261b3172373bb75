/** The faucet: coins out of nothing, by system transactions. */
import type { Ledger } from "./ledger.ts";

export interface FaucetGrant {
  readonly coinType: string;
  readonly coinId: string;
  readonly amount: bigint;
}

/** Mints one coin per entry of `amounts` (coin type → smallest units) to `address`. */
export function fund(
  ledger: Ledger,
  address: string,
  amounts: Readonly<Record<string, bigint>>,
): { readonly digest: string; readonly grants: readonly FaucetGrant[] } {
  const grants: FaucetGrant[] = [];
  const { digest } = ledger.runSystem((context) => {
    for (const [coinType, amount] of Object.entries(amounts)) {
      grants.push({ coinType, coinId: context.mintCoin(coinType, amount, address), amount });
    }
  });
  return { digest, grants };
}
