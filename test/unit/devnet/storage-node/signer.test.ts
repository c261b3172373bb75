/** Signatures of nodes are those of the library, bit for bit, whatever the key. */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Signer, verifySignature } from "../../../devnet/storage-node/signer.ts";

const { longSignatures: bls, fields } = bls12_381;

function keyOf(scalar: bigint): Uint8Array {
  return fields.Fr.toBytes(scalar);
}

test("any key signs as the library does", () => {
  const scalar = fc.bigInt({ min: 1n, max: fields.Fr.ORDER - 1n });
  fc.assert(
    fc.property(scalar, fc.uint8Array({ maxLength: 80 }), (secret, message) => {
      const key = keyOf(secret);
      const signer = new Signer(key);
      const signature = signer.sign(message);
      expect(signature).toEqual(bls.sign(bls.hash(message), key).toBytes());
      expect(verifySignature(signer.publicKey, message, signature)).toBe(true);
    }),
    { numRuns: 8 },
  );
});

test.each([1n, 2n, 3n, fields.Fr.ORDER - 1n])("the key %d signs as the library does", (secret) => {
  const message = new TextEncoder().encode("a message");
  const signature = new Signer(keyOf(secret)).sign(message);
  expect(signature).toEqual(bls.sign(bls.hash(message), keyOf(secret)).toBytes());
});
