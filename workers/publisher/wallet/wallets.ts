/**
 * The gateway's wallets, one object for each address: how they are reached, and which one pays for
 * a new upload.
 */
import { err, ok, type Result } from "../../../shared/result.ts";
import { isPassing, type WalletFailure, type WalletRpc } from "./commands.ts";
import type { WalletKeys } from "./keys.ts";
import type { Need, Offer } from "./offer.ts";

/** Wallet objects by address. */
export interface Wallets {
  /** Addresses new uploads are spread over; the main one, which refills the others, is the first. */
  readonly addresses: readonly string[];
  /** Whether the gateway has the key of an address, also of one it no longer uploads from. */
  isOurs(address: string): boolean;
  /** The wallet of one of our addresses: whoever owns an object is asked to change it. */
  at(address: string): WalletRpc;
}

/** Whom the choice asks. */
interface Asked {
  readonly addresses: readonly string[];
  readonly at: (address: string) => Pick<WalletRpc, "offer">;
}

/**
 * The address that pays for an upload. Where it may use storage at hand: the first that holds some
 * that fits, though it be crowded, because that saves the price of storage. Else the first that has
 * money, room in its next transaction and no transaction of unknown fate; where none has room, the
 * one that fewest wait for. So few uploads share one transaction, many have several at a time, and
 * one that hangs holds nobody up.
 */
export async function chooseWallet(
  wallets: Asked,
  need: Need,
): Promise<Result<string, WalletFailure>> {
  const thrifty = need.space === undefined ? null : await ownerOfStorage(wallets, need);
  if (thrifty !== null) return ok(thrifty);
  const refusals: { readonly address: string; readonly offer: Exclude<Offer, Taken> }[] = [];
  for (const address of wallets.addresses) {
    const offer = await wallets.at(address).offer(need);
    if (offer.kind === "taken") return ok(address);
    refusals.push({ address, offer });
  }
  const crowded = refusals.flatMap(({ address, offer }) =>
    offer.kind === "full" ? [{ address, waiting: offer.waiting }] : [],
  );
  for (const { address } of crowded.sort((left, right) => left.waiting - right.waiting)) {
    const offer = await wallets.at(address).offer({ ...need, evenIfFull: true });
    if (offer.kind === "taken") return ok(address);
    refusals.push({ address, offer });
  }
  return err(worthTelling(refusals.map(({ offer }) => offer)));
}

/** The first address that need not buy storage; a gateway with one address need not look for it. */
async function ownerOfStorage(wallets: Asked, need: Need): Promise<string | null> {
  if (wallets.addresses.length < 2) return null;
  for (const address of wallets.addresses) {
    const wish = { ...need, onlyIntoFreeStorage: true, evenIfFull: true };
    const offer = await wallets.at(address).offer(wish);
    if (offer.kind === "taken") return address;
  }
  return null;
}

type Taken = Extract<Offer, { readonly kind: "taken" }>;

/** What passes by itself is told before what somebody has to do something about. */
function worthTelling(offers: readonly Exclude<Offer, Taken>[]): WalletFailure {
  const refusals = offers.flatMap((offer) => (offer.kind === "refused" ? [offer.failure] : []));
  const passing = refusals.find(isPassing);
  // The main address comes first and holds the most.
  const failure = passing ?? refusals[0];
  if (failure === undefined) throw new TypeError("Cannot choose wallet: expected an address");
  return failure;
}

/** Wallet objects over their namespace, for an address list and the keys behind it. */
export function walletDirectory(
  namespace: { getByName(address: string): unknown },
  addresses: readonly string[],
  keys: WalletKeys,
): Wallets {
  return {
    addresses,
    isOurs: (address) =>
      addresses.includes(address) || keys.find((known) => known === address) !== null,
    at: (address) => namespace.getByName(address) as WalletRpc,
  };
}
