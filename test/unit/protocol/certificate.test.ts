/** Confirmations, bitmaps and certificates against the vectors of the official tests. */
import { bls12_381 } from "@noble/curves/bls12-381.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "../../../shared/bytes/text.ts";
import { aggregateConfirmations, verifyShare } from "../../../shared/protocol/certificate.ts";
import type { Committee } from "../../../shared/protocol/committee.ts";
import { confirmationMessage, parseConfirmation } from "../../../shared/protocol/confirmation.ts";
import { parseSignaturePoint } from "../../../shared/protocol/signature-point.ts";
import { signersBitmap, signersOfBitmap } from "../../../shared/protocol/signers.ts";

const { longSignatures: bls } = bls12_381;

function scalar(n: number): Uint8Array {
  const key = new Uint8Array(32);
  key[31] = n;
  return key;
}

/** Members with secret scalars 1, 2, … and the given weights (`tests/system/bls_tests.move`). */
function committeeOf(weights: readonly number[], epoch = 5): Committee {
  let shard = 0;
  const members = weights.map((weight, index) => ({
    nodeId: `0x${(index + 1).toString(16).padStart(64, "0")}`,
    name: `node-${index}`,
    baseUrl: "https://node.example",
    publicKey: bls.getPublicKey(scalar(index + 1)).toBytes(false),
    shardIndices: Array.from({ length: weight }, () => shard++),
  }));
  return { epoch, shardCount: shard, members };
}

const TEN = committeeOf(Array.from({ length: 10 }, () => 1));
const MESSAGE = fromHex(`01000305000000bc0a${"00".repeat(30)}00`)!;
const HASHED = bls.hash(MESSAGE);

function share(memberIndex: number) {
  return { memberIndex, signature: bls.sign(HASHED, scalar(memberIndex + 1)).toBytes() };
}

describe("confirmation messages", () => {
  const blobId = new Uint8Array(32).fill(7);
  const objectId = `0x${"2a".repeat(32)}`;
  const permanent = `01000315000000${"07".repeat(32)}00`;
  const deletable = `01000315000000${"07".repeat(32)}01${"2a".repeat(32)}`;

  test("have the bytes of storage_confirmation.rs: 40 permanent, 72 deletable", () => {
    expect(toHex(confirmationMessage({ epoch: 21, blobId, deletableObjectId: null }))).toBe(
      permanent,
    );
    expect(toHex(confirmationMessage({ epoch: 21, blobId, deletableObjectId: objectId }))).toBe(
      deletable,
    );
  });

  test("are read back, and nothing else is", () => {
    expect(parseConfirmation(fromHex(permanent)!)).toEqual({
      epoch: 21,
      blobId,
      deletableObjectId: null,
    });
    expect(parseConfirmation(fromHex(deletable)!)).toEqual({
      epoch: 21,
      blobId,
      deletableObjectId: objectId,
    });
    for (const bad of [`${permanent}00`, permanent.slice(2), `02${permanent.slice(2)}`]) {
      expect(parseConfirmation(fromHex(bad)!)).toBeNull();
    }
    expect(parseConfirmation(fromHex(deletable.slice(0, -2))!)).toBeNull();
    expect(parseConfirmation(fromHex(`${permanent.slice(0, -2)}01`)!)).toBeNull();
  });

  test("round-trip for any epoch, blob ID and object ID", () => {
    const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const object = fc.option(bytes32.map((bytes) => `0x${toHex(bytes)}`));
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), bytes32, object, (epoch, id, deletableObjectId) => {
        const confirmation = { epoch, blobId: id, deletableObjectId };
        expect(parseConfirmation(confirmationMessage(confirmation))).toEqual(confirmation);
      }),
    );
  });

  test("malformed parts are a bug of the caller", () => {
    const good = { epoch: 1, blobId, deletableObjectId: null };
    expect(() => confirmationMessage({ ...good, epoch: 2 ** 32 })).toThrow(RangeError);
    expect(() => confirmationMessage({ ...good, blobId: new Uint8Array(31) })).toThrow(RangeError);
    expect(() => confirmationMessage({ ...good, deletableObjectId: "0x2a" })).toThrow(TypeError);
  });
});

describe("signer bitmaps", () => {
  test("are least significant bit first (bls_tests.move)", () => {
    expect(toHex(signersBitmap([0, 1, 2, 3, 4, 7, 8], 10))).toBe("9f01");
    expect(toHex(signersBitmap([0, 1, 2, 3, 4, 5, 6], 10))).toBe("7f00");
  });

  test("round-trip, and shorter ones are read", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(99), { maxLength: 100 }), (signers) => {
        const ascending = [...signers].sort((a, b) => a - b);
        expect(signersOfBitmap(signersBitmap(signers, 100), 100)).toEqual(ascending);
      }),
    );
    expect(signersOfBitmap(Uint8Array.of(0x7f), 10)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  test("too long or naming nobody is refused as the contract does (EInvalidBitmap)", () => {
    expect(signersOfBitmap(Uint8Array.of(0, 0, 0), 10)).toBeNull();
    expect(signersOfBitmap(Uint8Array.of(0, 0x04), 10)).toBeNull();
    expect(() => signersBitmap([10], 10)).toThrow(RangeError);
  });
});

describe("signatures", () => {
  const { Point } = bls12_381.G2;

  test("are read as the library reads them", () => {
    for (let n = 1; n <= 20; n++) {
      const signature = bls.sign(HASHED, scalar(n)).toBytes();
      const read = parseSignaturePoint(signature);
      expect(read?.equals(Point.fromBytes(signature))).toBe(true);
    }
  });

  test("damaged anywhere are read where the library finds a point of the curve, and only there", () => {
    const signature = bls.sign(HASHED, scalar(1)).toBytes();
    let pointCount = 0;
    for (let bit = 0; bit < 8 * signature.length; bit += 5) {
      const damaged = Uint8Array.from(signature);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const read = parseSignaturePoint(damaged);
      if (read === null) expect(() => Point.fromBytes(damaged)).toThrow();
      else {
        pointCount++;
        // Its only flaw: it is outside of the subgroup, unless merely the sign was changed.
        expect(read.isTorsionFree()).toBe(bit === 5);
      }
    }
    expect(pointCount).toBeGreaterThan(20);
  });

  test("of no bytes, of a length of its own, uncompressed, infinite or outside the field are refused", () => {
    const good = bls.sign(HASHED, scalar(1));
    const infinity = Point.ZERO.toBytes();
    const large = new Uint8Array(96).fill(0xff);
    large[0] = 0x9f;
    const uncompressed = Uint8Array.from(good.toBytes());
    uncompressed[0]! &= 0x7f;
    const bad = [
      new Uint8Array(),
      good.toBytes().subarray(1),
      good.toBytes(false),
      infinity,
      large,
    ];
    for (const bytes of [...bad, uncompressed]) expect(parseSignaturePoint(bytes)).toBeNull();
  });
});

describe("certificates", () => {
  test("aggregate to the official bytes", () => {
    const first = aggregateConfirmations(TEN, MESSAGE, [0, 1, 2, 3, 4, 7, 8].map(share));
    expect(first.ok && toHex(first.value.certificate.signature)).toBe(
      "99c43ae152f3a090e35298c95afd2e686517a17dc4bbee35d3ab6e0aa0872624c1707e15ca534cf9413d61a89218e92208807c67b27230c8ae4fd4660d0feab4d56514a320a0c81e929c09a94e973eced440a1dcd4c5c6efcf2bc61e9fd44324",
    );
    expect(first.ok && toHex(first.value.certificate.signersBitmap)).toBe("9f01");
    const second = aggregateConfirmations(TEN, MESSAGE, [0, 1, 2, 3, 4, 5, 6].map(share));
    expect(second.ok && toHex(second.value.certificate.signature)).toBe(
      "81d780e1af225bb767db7f5301735d8e1244ff1b101ba8ffb657ec90bc1f94edb72252f482d11f2504091cb6749816ea1855bc5a638af817e993ded29c72ce231d7d69a4e03149a249cfc3b89f8b63bf8dd0cb46669b597956419a3a994155f0",
    );
  });

  test("leave out a signature that is no point of the subgroup", () => {
    const honest = [0, 1, 3, 4, 7, 8, 9].map(share);
    const outside = Uint8Array.from(share(2).signature);
    for (let byte = 95; parseSignaturePoint(outside)?.isTorsionFree() !== false; byte--) {
      outside[byte]! ^= 1;
    }
    const made = aggregateConfirmations(TEN, MESSAGE, [
      ...honest,
      { memberIndex: 2, signature: outside },
    ]);
    expect(made).toMatchObject({ ok: true, value: { liars: [2], certificate: { weight: 7 } } });
  });

  test("leave out and name those who lie, however they do it", () => {
    const foreign = { memberIndex: 2, signature: share(3).signature };
    const garbage = { memberIndex: 5, signature: new Uint8Array(96).fill(3) };
    const short = { memberIndex: 6, signature: new Uint8Array(95) };
    const infinity = { memberIndex: 7, signature: bls12_381.G2.Point.ZERO.toBytes() };
    const honest = [0, 1, 3, 4, 8, 9].map(share);
    const lied = aggregateConfirmations(TEN, MESSAGE, [
      foreign,
      garbage,
      short,
      infinity,
      ...honest,
    ]);
    expect(lied).toEqual({
      ok: false,
      failure: { kind: "not-enough-weight", weight: 6, weightNeeded: 7, liars: [2, 5, 6, 7] },
    });
    const enough = aggregateConfirmations(TEN, MESSAGE, [foreign, garbage, ...honest, share(7)]);
    expect(enough).toMatchObject({
      ok: true,
      value: { liars: [2, 5], certificate: { memberIndices: [0, 1, 3, 4, 7, 8, 9], weight: 7 } },
    });
  });

  test("count weight, not members: seven of weight one are not enough of eleven", () => {
    const committee = committeeOf([1, 1, 1, 1, 1, 1, 1, 1, 1, 2]);
    const result = aggregateConfirmations(committee, MESSAGE, [0, 1, 2, 3, 4, 7, 8].map(share));
    expect(result).toMatchObject({
      failure: { kind: "not-enough-weight", weight: 7, weightNeeded: 8 },
    });
  });

  test("count a member once", () => {
    const twice = aggregateConfirmations(TEN, MESSAGE, [0, 0, 0, 1, 2, 3, 4].map(share));
    expect(twice).toMatchObject({ failure: { kind: "not-enough-weight", weight: 5 } });
    expect(aggregateConfirmations(TEN, MESSAGE, [])).toMatchObject({ failure: { weight: 0 } });
  });

  test("one share is verified alone", () => {
    expect(verifyShare(TEN, MESSAGE, share(4))).toBe(true);
    expect(verifyShare(TEN, MESSAGE, { ...share(4), memberIndex: 5 })).toBe(false);
    expect(() => verifyShare(TEN, MESSAGE, { ...share(4), memberIndex: 10 })).toThrow(RangeError);
  });

  test("key 117 signs as in the official vectors", () => {
    const committee: Committee = {
      ...TEN,
      members: [{ ...TEN.members[0]!, publicKey: bls.getPublicKey(scalar(117)).toBytes(false) }],
    };
    const signature = fromHex(
      "995191f911d22d9d0aadf3f1cf43b436dfc9d231171d2ece1e312d760d3abaebb22f308a68206b7bedd64af2e30b151301305fc1e2b68083b1674e9ed79296ff7c2d866db9d969f63659963369f50e13dc49b8c67741b5f868e9181a69c5dee7",
    )!;
    const blobId = new Uint8Array(32).fill(7);
    const message = confirmationMessage({ epoch: 21, blobId, deletableObjectId: null });
    expect(verifyShare(committee, message, { memberIndex: 0, signature })).toBe(true);
    message[3] = 22;
    expect(verifyShare(committee, message, { memberIndex: 0, signature })).toBe(false);
  });
});
