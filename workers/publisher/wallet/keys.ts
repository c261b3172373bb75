/**
 * The keys of the gateway's addresses: the main one, and those derived from it. Pure.
 *
 * Only the secret of the main key is configured. A derived key is found again from it alone, so an
 * address that is no longer used still signs for what it owns.
 */
import { WALLET_ADDRESSES_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import {
  createSigner,
  deriveSecretKey,
  type KeyFailure,
  type Signer,
} from "../../../shared/sui/signer.ts";

/** Keys by account: 0 is the main one. */
export interface WalletKeys {
  /** @throws {RangeError} When there is no such account. */
  signer(account: number): Signer;
  /** The signer `isWanted` says yes to, among all accounts there may ever have been; else `null`. */
  find(isWanted: (address: string) => boolean): Signer | null;
}

/** Keys over the `suiprivkey…` of the main address; derived when they are asked for. */
export function walletKeys(secretKey: string): Result<WalletKeys, KeyFailure> {
  const main = createSigner(secretKey);
  if (!main.ok) return err(main.failure);
  const signers = new Map([[0, main.value]]);
  function signer(account: number): Signer {
    if (!Number.isInteger(account) || account < 0 || account >= WALLET_ADDRESSES_MAX) {
      throw new RangeError(
        `Cannot derive key: expected account 0 to ${WALLET_ADDRESSES_MAX - 1}, got ${account}`,
      );
    }
    const known = signers.get(account);
    if (known !== undefined) return known;
    const derived = deriveSecretKey(secretKey, account);
    const made = derived.ok ? createSigner(derived.value) : derived;
    if (!made.ok) throw new TypeError(`Cannot derive key of account ${account}`);
    signers.set(account, made.value);
    return made.value;
  }
  return ok({
    signer,
    find(isWanted) {
      for (let account = 0; account < WALLET_ADDRESSES_MAX; account++) {
        if (isWanted(signer(account).address)) return signer(account);
      }
      return null;
    },
  });
}
