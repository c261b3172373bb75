import { bls12_381 } from "@noble/curves/bls12-381.js";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../../shared/bytes/text.ts";
import { MoveAbort } from "../../../devnet/ledger/move.ts";
import {
  type Certificate,
  hasWeight,
  newBlsCommittee,
  uncompressedKey,
  verifyCertificate,
} from "../../../devnet/walrus-contract/rules/certificate.ts";
import { certifiedBlob, invalidBlobId } from "../../../devnet/walrus-contract/rules/messages.ts";
import { confirmation, scalar, sign } from "./support.ts";

const EPOCH = 5;
const MESSAGE = confirmation(0xabcn, EPOCH);
const AGGREGATE_9F01 =
  "99c43ae152f3a090e35298c95afd2e686517a17dc4bbee35d3ab6e0aa0872624c1707e15ca534cf9413d61a89218e92208807c67b27230c8ae4fd4660d0feab4d56514a320a0c81e929c09a94e973eced440a1dcd4c5c6efcf2bc61e9fd44324";

function committee(weights: readonly number[] = Array.from({ length: 10 }, () => 1)) {
  const members = weights.map((weight, index) => ({
    public_key: {
      bytes: uncompressedKey(bls12_381.longSignatures.getPublicKey(scalar(index + 1)).toBytes()),
    },
    weight,
    node_id: `0x${index}`,
  }));
  return newBlsCommittee(EPOCH, members);
}

function certificate(changes: Partial<Certificate> = {}): Certificate {
  const [signature, signersBitmap, message] = sign(MESSAGE, [0, 1, 2, 3, 4, 7, 8]);
  return { signature, signersBitmap, message, ...changes };
}

function abortOfVerify(changes: Partial<Certificate>, members = committee()): string {
  try {
    verifyCertificate(members, certificate(changes), "quorum");
  } catch (error) {
    if (error instanceof MoveAbort) {
      return `${error.details.module}::${error.details.constantName} (${error.details.code})`;
    }
    throw error;
  }
  return "no abort";
}

describe("certificates (bls_tests.move)", () => {
  test("members 0 to 4, 7 and 8 of ten have bitmap 9f01 and the known aggregate", () => {
    const made = certificate();
    expect(toHex(made.signersBitmap)).toBe("9f01");
    expect(toHex(made.signature)).toBe(AGGREGATE_9F01);
    expect(toHex(MESSAGE)).toBe(`01000305000000bc0a${"00".repeat(30)}00`);
    const message = verifyCertificate(committee(), made, "quorum");
    expect(certifiedBlob(message)).toEqual({ blobId: 0xabcn, deletableObjectId: null });
  });

  test("a bitmap may leave out trailing zero bytes", () => {
    const [signature] = sign(MESSAGE, [0, 1, 2, 3, 4, 5, 6]);
    for (const hex of ["7f", "7f00"]) {
      const signersBitmap = fromHex(hex) ?? new Uint8Array();
      const message = verifyCertificate(
        committee(),
        certificate({ signature, signersBitmap }),
        "quorum",
      );
      expect(message.epoch).toBe(EPOCH);
    }
  });

  test("EInvalidBitmap: a byte too many (bls_aggregate.move)", () => {
    const signersBitmap = Uint8Array.of(0x9f, 1, 0);
    expect(abortOfVerify({ signersBitmap })).toBe("bls_aggregate::EInvalidBitmap (0)");
  });

  test("EInvalidBitmap: a bit beyond the members (bls_aggregate.move)", () => {
    const signersBitmap = Uint8Array.of(0x9f, 0b101);
    expect(abortOfVerify({ signersBitmap })).toBe("bls_aggregate::EInvalidBitmap (0)");
  });

  test("ESigVerification: a signer too many in the bitmap (bls_aggregate.move)", () => {
    const signersBitmap = Uint8Array.of(0x9f | 0x40, 1);
    expect(abortOfVerify({ signersBitmap })).toBe("bls_aggregate::ESigVerification (1)");
  });

  test("ESigVerification: two bytes of the signature swapped (bls_aggregate.move)", () => {
    const signature = certificate().signature.slice();
    [signature[0], signature[1]] = [signature[1] ?? 0, signature[0] ?? 0];
    expect(abortOfVerify({ signature })).toBe("bls_aggregate::ESigVerification (1)");
  });

  test("ESigVerification: no signature at all (bls_aggregate.move)", () => {
    expect(abortOfVerify({ signature: new Uint8Array() })).toBe(
      "bls_aggregate::ESigVerification (1)",
    );
  });

  test("ENotEnoughStake: seven of ten members with seven of eleven shards (bls_aggregate.move)", () => {
    const uneven = committee([1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    expect(abortOfVerify({}, uneven)).toBe("bls_aggregate::ENotEnoughStake (2)");
  });

  test("EIncorrectCommittee: a member without shards (bls_aggregate.move)", () => {
    expect(() => committee([1, 0])).toThrow("EIncorrectCommittee");
  });

  test("EIncorrectEpoch: a message of another epoch (messages.move)", () => {
    expect(abortOfVerify({}, { ...committee(), epoch: EPOCH + 1 })).toBe(
      "messages::EIncorrectEpoch (1)",
    );
  });

  test.each([
    ["EIncorrectIntentVersion (3)", 1, 9],
    ["EIncorrectAppId (0)", 2, 9],
  ])("%s: a wrong header byte (messages.move)", (name, offset, value) => {
    const changed = MESSAGE.slice();
    changed[offset] = value;
    const [signature, , message] = sign(changed, [0, 1, 2, 3, 4, 7, 8]);
    expect(abortOfVerify({ signature, message })).toBe(`messages::${name}`);
  });

  test("EOutOfRange: a message one byte short (bcs.move)", () => {
    const short = { intentType: 1, epoch: EPOCH, body: MESSAGE.slice(7, -1) };
    expect(() => certifiedBlob(short)).toThrow("EOutOfRange");
  });

  test("EInvalidMsgType: a confirmation is no invalid-blob message (messages.move)", () => {
    const message = { intentType: 1, epoch: EPOCH, body: MESSAGE.slice(7) };
    expect(() => invalidBlobId(message)).toThrow("EInvalidMsgType");
    expect(() => certifiedBlob({ ...message, intentType: 2 })).toThrow("EInvalidMsgType");
  });

  test("EInvalidBlobPersistenceType: a third persistence tag (messages.move)", () => {
    const body = MESSAGE.slice(7);
    body[32] = 2;
    expect(() => certifiedBlob({ intentType: 1, epoch: EPOCH, body })).toThrow(
      "EInvalidBlobPersistenceType",
    );
  });

  test("a quorum is 667 of 1000 shards, one correct node 334 (bls_aggregate.move)", () => {
    expect([hasWeight(666, 1000, "quorum"), hasWeight(667, 1000, "quorum")]).toEqual([false, true]);
    const one = "one-correct-node";
    expect([hasWeight(333, 1000, one), hasWeight(334, 1000, one)]).toEqual([false, true]);
  });

  test("key 117 is the one of the Move tests, in both forms (test_utils.move)", () => {
    const compressed = bls12_381.longSignatures.getPublicKey(scalar(117)).toBytes();
    expect(toHex(compressed)).toBe(
      "95eacc3adc09c827593f581e8e2de068bf4cf5d0c0eb29e5372f0d23364788ee0f9beb112c8a7e9c2f0c720433705cf0",
    );
    expect(toHex(uncompressedKey(compressed))).toBe(
      "15eacc3adc09c827593f581e8e2de068bf4cf5d0c0eb29e5372f0d23364788ee0f9beb112c8a7e9c2f0c720433705cf00373c0f2154b6415a5d3b2dd01d333e2fbeeda6b9fc5f2a87bd06b85319643196c2d2e6af3843c262053473f5ab22b5f",
    );
  });
});
