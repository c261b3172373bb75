/** User signatures over transaction bytes: exactly those of the sender and the gas owner. */
import { normalizeSuiAddress } from "@mysten/sui/utils";
import { verifyTransactionSignature } from "@mysten/sui/verify";
import type { Refusal, TransactionData } from "./types.ts";

/** Null when the signatures are right. Texts: sui-types `error.rs`. */
export async function checkSignatures(
  bytes: Uint8Array,
  data: TransactionData["V1"],
  signatures: readonly string[],
): Promise<Refusal | null> {
  const sender = normalizeSuiAddress(data.sender);
  const required = new Set([sender, normalizeSuiAddress(data.gasData.owner)]);
  if (signatures.length !== required.size) {
    return refusal(`Expect ${required.size} signer signatures but got ${signatures.length}`);
  }
  const signers = new Set<string>();
  for (const signature of signatures) {
    try {
      signers.add((await verifyTransactionSignature(bytes, signature)).toSuiAddress());
    } catch (error) {
      const reason = (error as Error).message;
      return refusal(`Invalid user signature: Signature is not valid: ${reason}`);
    }
  }
  for (const address of required) {
    if (!signers.has(address)) {
      return refusal(
        `Invalid user signature: Required Signature from ${address} is absent ${JSON.stringify([...signers])}`,
      );
    }
  }
  return null;
}

function refusal(message: string): Refusal {
  return { kind: "invalid", reason: "signature", message };
}
