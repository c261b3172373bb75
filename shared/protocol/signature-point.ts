/**
 * From the 96 bytes of a BLS signature to a point of the curve, without the check that it lies in the
 * subgroup. Pure.
 *
 * A certificate is checked as one sum, and that check covers the subgroup; checking every share as
 * well, as `fromBytes` of the library does, costs two thirds of reading it. The format is ZCash's
 * (draft-irtf-cfrg-pairing-friendly-curves, appendix C): big-endian c1 and c0 of x, and three flags in
 * the first byte.
 */
import { bls12_381 } from "@noble/curves/bls12-381.js";

/** A point of the curve E'(Fp²); of the subgroup G2 only once that was checked. */
export type SignaturePoint = ReturnType<typeof bls12_381.longSignatures.hash>;

const { Fp, Fp2 } = bls12_381.fields;
const { G2 } = bls12_381;

/** Bytes of a compressed signature. */
const SIGNATURE_BYTES = 96;
const COORDINATE_BYTES = 48;
const IS_COMPRESSED = 0x80;
const IS_INFINITY = 0x40;
const IS_LARGER_ROOT = 0x20;
const FLAGS = IS_COMPRESSED | IS_INFINITY | IS_LARGER_ROOT;
const CURVE_B = G2.Point.CURVE().b;

/**
 * The point, or `null` for what no node may send: other lengths, uncompressed forms, infinity,
 * coordinates outside the field, points off the curve.
 */
export function parseSignaturePoint(signature: Uint8Array): SignaturePoint | null {
  const flags = (signature[0] ?? 0) & FLAGS;
  const isFinite = (flags & ~IS_LARGER_ROOT) === IS_COMPRESSED;
  if (signature.length !== SIGNATURE_BYTES || !isFinite) return null;
  const coordinates = Uint8Array.from(signature);
  coordinates[0] = (coordinates[0] ?? 0) & ~FLAGS;
  try {
    const x = Fp2.create({
      c0: Fp.fromBytes(coordinates.subarray(COORDINATE_BYTES)),
      c1: Fp.fromBytes(coordinates.subarray(0, COORDINATE_BYTES)),
    });
    const root = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), CURVE_B));
    const isWanted = isLargerRoot(root) === ((flags & IS_LARGER_ROOT) !== 0);
    return G2.Point.fromAffine({ x, y: isWanted ? root : Fp2.neg(root) });
  } catch {
    // The library throws for bytes outside the field and for numbers without a root.
    return null;
  }
}

/** Of both square roots, the one that is larger as (c1, c0). */
function isLargerRoot({ c0, c1 }: { readonly c0: bigint; readonly c1: bigint }): boolean {
  const deciding = c1 === 0n ? c0 : c1;
  return 2n * deciding > Fp.ORDER;
}
