/**
 * The gateway's key: an Ed25519 key in Sui's own text form.
 */
import { decodeSuiPrivateKey } from "@mysten/sui/cryptography";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { TransactionDataBuilder } from "@mysten/sui/transactions";
import { toHex } from "../bytes/text.ts";
import { err, ok, type Result } from "../result.ts";

/** Signs transactions for one address. */
export interface Signer {
  /** `0x` and 64 hex digits. */
  readonly address: string;
  /** Signs BCS transaction bytes; base64 of flag ‖ signature ‖ public key. */
  sign(transactionBytes: Uint8Array): Promise<string>;
}

/** The text is no Ed25519 key. Never carries the text. */
export interface KeyFailure {
  readonly kind: "bad-secret-key";
  readonly reason: "not-suiprivkey" | "not-ed25519";
}

/** Reads a `suiprivkey…` text. */
export function createSigner(secretKey: string): Result<Signer, KeyFailure> {
  let decoded: ReturnType<typeof decodeSuiPrivateKey>;
  try {
    decoded = decodeSuiPrivateKey(secretKey);
  } catch {
    return err({ kind: "bad-secret-key", reason: "not-suiprivkey" });
  }
  if (decoded.scheme !== "ED25519") return err({ kind: "bad-secret-key", reason: "not-ed25519" });
  const keypair = Ed25519Keypair.fromSecretKey(decoded.secretKey);
  return ok({
    address: keypair.toSuiAddress(),
    sign: async (bytes) => (await keypair.signTransaction(bytes)).signature,
  });
}

/** The digest a transaction will be known by, computed from its bytes alone. */
export function transactionDigest(transactionBytes: Uint8Array): string {
  return TransactionDataBuilder.getDigestFromBytes(transactionBytes);
}

/**
 * Derives the key of a further account from a key: SLIP-0010 over its 32 secret bytes, at Sui's own
 * path `m/44'/784'/account'/0'/0'`. The same key and account always give the same address.
 *
 * @param account From 1; 0 is taken for the key itself.
 * @throws {RangeError} When it is no such number.
 */
export function deriveSecretKey(secretKey: string, account: number): Result<string, KeyFailure> {
  if (!Number.isInteger(account) || account < 0) {
    throw new RangeError(`Cannot derive key: expected an account from 0, got ${account}`);
  }
  const signer = createSigner(secretKey);
  if (!signer.ok) return signer;
  if (account === 0) return ok(secretKey);
  const seed = decodeSuiPrivateKey(secretKey).secretKey;
  const path = `m/44'/784'/${account}'/0'/0'`;
  return ok(Ed25519Keypair.deriveKeypairFromSeed(toHex(seed), path).getSecretKey());
}
