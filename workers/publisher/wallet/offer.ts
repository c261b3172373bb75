/**
 * Room and money in a wallet, asked for before an upload binds itself to its address. Types only.
 */
import type { WalletFailure } from "./commands.ts";
import type { SpaceNeed } from "./free-storage.ts";

/** What a registration will need. */
export interface Need {
  /** Of the command that will follow. */
  readonly id: string;
  /** Storage and write price, in FROST. */
  readonly costFrost: bigint;
  /** Whether to wait for a later transaction where the next one is full. */
  readonly evenIfFull?: boolean;
  /** What it can be put into, and costs then, where it may use storage the address holds already. */
  readonly space?: SpaceNeed & { readonly writeFrost: bigint };
  /** Whether the address shall refuse unless it holds such storage: then it need not buy any. */
  readonly onlyIntoFreeStorage?: boolean;
}

/** What a wallet says to it. */
export type Offer =
  /** Room and money are kept for a moment, or the command is known already. */
  | { readonly kind: "taken" }
  /** Nothing it holds fits, but for what is promised to others. */
  | { readonly kind: "no-free-storage" }
  /** The next transaction is full; so many wait. */
  | { readonly kind: "full"; readonly waiting: number }
  /** Not now: money is short, a transaction has an unknown fate, or the chain does not answer. */
  | { readonly kind: "refused"; readonly failure: WalletFailure };
