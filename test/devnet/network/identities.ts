/** Keys and ids of a network, all derived from its seed: same seed, same network. */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { p256 } from "@noble/curves/nist.js";
import { Ed25519Keypair } from "@mysten/sui/keypairs/ed25519";
import { createHash } from "node:crypto";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toBase64, toHex } from "../../../shared/bytes/text.ts";

const SHORT_KEY_BYTES = 8;

/** Who a storage node is. */
export interface NodeIdentity {
  /** Object id of its staking pool. */
  readonly nodeId: string;
  readonly name: string;
  readonly secretKey: Uint8Array;
  /** BLS key, 48 bytes compressed. */
  readonly publicKey: Uint8Array;
  /** secp256r1 key, 33 bytes compressed. */
  readonly networkPublicKey: Uint8Array;
}

/** `nodeCount` identities in the order of their node ids, which is committee order. */
export function nodeIdentities(seed: string, nodeCount: number): NodeIdentity[] {
  const { longSignatures } = bls12_381;
  const identities = Array.from({ length: nodeCount }, (_, index) => {
    const name = `node-${String(index).padStart(2, "0")}`;
    const secretKey = shortSecretKey(seed, name);
    return {
      nodeId: `0x${toHex(seedBytes(seed, `${name}/id`, 32))}`,
      name,
      secretKey,
      publicKey: longSignatures.getPublicKey(secretKey).toBytes(),
      networkPublicKey: p256.getPublicKey(
        p256.utils.randomSecretKey(seedBytes(seed, `${name}/network`, 48)),
      ),
    };
  });
  return identities.sort((left, right) => (left.nodeId < right.nodeId ? -1 : 1));
}

/**
 * A BLS key that only differs from others: 64 bits of 255, which makes a signature several times
 * cheaper. There is nothing to guard: whoever knows the seed knows every key.
 */
function shortSecretKey(seed: string, name: string): Uint8Array {
  const secretKey = new Uint8Array(32);
  secretKey.set(seedBytes(seed, `${name}/bls`, SHORT_KEY_BYTES), 32 - SHORT_KEY_BYTES);
  return secretKey;
}

/** The funded wallet of the network. */
export function walletKeypair(seed: string): Ed25519Keypair {
  return Ed25519Keypair.fromSecretKey(seedBytes(seed, "wallet", 32));
}

/** Address that holds the WAL nobody uses. */
export function treasuryAddress(seed: string): string {
  return Ed25519Keypair.fromSecretKey(seedBytes(seed, "treasury", 32)).toSuiAddress();
}

/** A Standard Webhooks secret. */
export function hookSecret(seed: string): string {
  return `whsec_${toBase64(seedBytes(seed, "hook", 24))}`;
}

function seedBytes(seed: string, purpose: string, byteCount: number): Uint8Array {
  const digest = createHash("sha512")
    .update(utf8Bytes(`${seed}\0${purpose}`))
    .digest();
  return new Uint8Array(digest.subarray(0, byteCount));
}
