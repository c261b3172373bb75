/**
 * From storage confirmations to a certificate the contract accepts. Pure.
 *
 * BLS12-381 with keys in G1 and signatures in G2. All confirmations are over the same bytes, so the
 * aggregate is one sum and one pairing check against the summed key; only if that fails are the
 * signatures checked one by one, to learn who lied. Summing keys is safe here because the contract
 * admits no key without a proof of possession. Sources: Move
 * `bls_aggregate.move::verify_certificate_and_weight`; walrus-core `messages/certificate.rs`.
 */
import { COMMITTEE_KEYS_KEPT_MAX } from "../limits.ts";
import { remember } from "../remember.ts";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { toHex } from "../bytes/text.ts";
import { err, ok, type Result } from "../result.ts";
import { memberAt, type Committee, weightOf } from "./committee.ts";
import { certificateWeightMin } from "./quorum.ts";
import { parseSignaturePoint, type SignaturePoint } from "./signature-point.ts";
import { signersBitmap } from "./signers.ts";

const bls = bls12_381.longSignatures;
type G1Point = ReturnType<typeof bls.getPublicKey>;

/** A node's signature over the message the certificate is about. */
export interface SignatureShare {
  /** Position in the committee. */
  readonly memberIndex: number;
  /** 96 bytes if honest: compressed G2. */
  readonly signature: Uint8Array;
}

/** What `certify_blob` takes. */
export interface Certificate {
  /** Exactly what was signed. */
  readonly message: Uint8Array;
  /** 96 bytes: the aggregate, compressed G2. */
  readonly signature: Uint8Array;
  /** ceil(members / 8) bytes. */
  readonly signersBitmap: Uint8Array;
  /** Members in the aggregate, ascending. */
  readonly memberIndices: readonly number[];
  /** Shards they own. */
  readonly weight: number;
}

/** A certificate and who was left out of it for lying. */
export interface Aggregation {
  readonly certificate: Certificate;
  /** Members whose signature does not verify, ascending. */
  readonly liars: readonly number[];
}

/** Why there is no certificate (yet). */
export interface WeightFailure {
  readonly kind: "not-enough-weight";
  readonly weight: number;
  readonly weightNeeded: number;
  /** Members whose signature does not verify, ascending. */
  readonly liars: readonly number[];
}

/**
 * Aggregates shares into a verified certificate.
 *
 * @param shares At most one for each member; of several, the first counts.
 * @throws {RangeError} When a share names a member the committee does not have.
 */
export function aggregateConfirmations(
  committee: Committee,
  message: Uint8Array,
  shares: readonly SignatureShare[],
): Result<Aggregation, WeightFailure> {
  const liars = new Set<number>();
  const parsed = parseShares(committee, shares, liars);
  const hashed = bls.hash(message);
  let honest = parsed;
  let sum = sumSignatures(parsed);
  if (parsed.length > 0 && !verifies(sum, hashed, sumKeys(parsed))) {
    honest = parsed.filter((share) => {
      const honestShare = verifies(share.point, hashed, share.key);
      if (!honestShare) liars.add(share.memberIndex);
      return honestShare;
    });
    sum = sumSignatures(honest);
  }
  const memberIndices = ascending(honest.map((share) => share.memberIndex));
  const weight = weightOf(committee, memberIndices);
  const weightNeeded = certificateWeightMin(committee.shardCount);
  const liarIndices = ascending([...liars]);
  if (weight < weightNeeded) {
    return err({ kind: "not-enough-weight", weight, weightNeeded, liars: liarIndices });
  }
  const certificate = {
    message,
    signature: sum.toBytes(true),
    signersBitmap: signersBitmap(memberIndices, committee.members.length),
    memberIndices,
    weight,
  };
  return ok({ certificate, liars: liarIndices });
}

/** Whether one node's signature over `message` verifies with its committee key. */
export function verifyShare(
  committee: Committee,
  message: Uint8Array,
  share: SignatureShare,
): boolean {
  const [parsed] = parseShares(committee, [share], new Set());
  return parsed !== undefined && verifies(parsed.point, bls.hash(message), parsed.key);
}

interface ParsedShare {
  readonly memberIndex: number;
  readonly key: G1Point;
  readonly point: SignaturePoint;
}

function parseShares(
  committee: Committee,
  shares: readonly SignatureShare[],
  liars: Set<number>,
): ParsedShare[] {
  const parsed = new Map<number, ParsedShare>();
  for (const { memberIndex, signature } of shares) {
    const member = memberAt(committee, memberIndex);
    if (parsed.has(memberIndex) || liars.has(memberIndex)) continue;
    const point = parseSignaturePoint(signature);
    if (point === null) liars.add(memberIndex);
    else parsed.set(memberIndex, { memberIndex, key: keyOf(member.publicKey), point });
  }
  return [...parsed.values()];
}

const parsedKeys = new Map<string, G1Point>();

/**
 * Committee keys were checked by the contract; one that does not parse is a bug of the reader. Each
 * takes a square root, and every upload needs the same ones.
 */
function keyOf(publicKey: Uint8Array): G1Point {
  const text = toHex(publicKey);
  const known = parsedKeys.get(text);
  if (known !== undefined) return known;
  const point = bls12_381.G1.Point.fromBytes(publicKey);
  remember(parsedKeys, text, point, COMMITTEE_KEYS_KEPT_MAX);
  return point;
}

function sumSignatures(shares: readonly ParsedShare[]): SignaturePoint {
  return shares.reduce((sum, share) => sum.add(share.point), bls12_381.G2.Point.ZERO);
}

function sumKeys(shares: readonly ParsedShare[]): G1Point {
  return shares.reduce((sum, share) => sum.add(share.key), bls12_381.G1.Point.ZERO);
}

/**
 * Checks the subgroup, too. A sum that happens to be the point at infinity cannot be verified, so it
 * is not valid.
 */
function verifies(signature: SignaturePoint, hashed: SignaturePoint, key: G1Point): boolean {
  if (signature.is0() || key.is0()) return false;
  return bls.verify(signature, hashed, key);
}

function ascending(numbers: readonly number[]): number[] {
  return [...numbers].sort((left, right) => left - right);
}
