/**
 * The gateway's key: an Ed25519 key in Sui's own text form.
 */
import { decodeSuiPrivateKey } from "@mysten/sui/cryptography";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { TransactionDataBuilder } from "@mysten/sui/transactions";
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
