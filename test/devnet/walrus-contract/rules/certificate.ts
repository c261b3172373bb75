/**
 * Aggregate BLS signatures of a committee (`system/bls_aggregate.move`). Pure.
 *
 * min-pk: keys in G1, signatures in G2, the message hashed to G2 with the standard tag.
 */
import { bls12381_min_pk_verify } from "@mysten/walrus-wasm";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { toHex } from "../../../../shared/bytes/text.ts";
import type { BlsCommittee, BlsCommitteeMember, CurvePoint } from "../values.ts";
import { at, ensure } from "./abort.ts";
import { newCertifiedMessage, type CertifiedMessage } from "./messages.ts";

const G1 = bls12_381.G1.Point;
const BITS_PER_BYTE = 8;
type G1Point = InstanceType<typeof G1>;

/** An aggregate signature as a transaction brings it. */
export interface Certificate {
  /** 96 bytes, compressed G2. */
  readonly signature: Uint8Array;
  /** Member i is bit i mod 8 (least significant first) of byte i/8. */
  readonly signersBitmap: Uint8Array;
  readonly message: Uint8Array;
}

/** `quorum`: 3w >= 2n + 1; `one-correct-node`: 3w >= n + 1, w = weight of the signers. */
export type RequiredWeight = "quorum" | "one-correct-node";

/** Builds a committee with its summed key (`bls_aggregate.move::new_bls_committee`). */
export function newBlsCommittee(
  epoch: number,
  members: readonly BlsCommitteeMember[],
): BlsCommittee {
  let shardCount = 0;
  for (const member of members) {
    ensure(member.weight > 0, at("bls_aggregate", "new_bls_committee"), "EIncorrectCommittee");
    shardCount += member.weight;
  }
  const sum = sumKeys(members.map((member) => member.public_key));
  return {
    members,
    n_shards: shardCount,
    epoch,
    total_aggregated_key: { bytes: sum.toBytes(true) },
  };
}

/** 96-byte form of a 48- or 96-byte G1 key. */
export function uncompressedKey(key: Uint8Array): Uint8Array {
  return parsedKey(key).toBytes(false);
}

/**
 * Verifies a certificate and its header
 * (`bls_aggregate.move::verify_quorum_in_epoch`, `verify_one_correct_node_in_epoch`).
 *
 * @throws {MoveAbort} `EInvalidBitmap`, `ENotEnoughStake`, `ESigVerification`, then those of the
 *   message header.
 */
export function verifyCertificate(
  committee: BlsCommittee,
  certificate: Certificate,
  required: RequiredWeight,
): CertifiedMessage {
  const place = at("bls_aggregate", "verify_certificate_and_weight");
  const signers = signersOf(committee, certificate.signersBitmap);
  const weight = signers.reduce((total, member) => total + member.weight, 0);
  ensure(hasWeight(weight, committee.n_shards, required), place, "ENotEnoughStake");
  const key = sumKeys(signers.map((member) => member.public_key));
  ensure(
    verifySignature(certificate.signature, certificate.message, key),
    place,
    "ESigVerification",
  );
  return newCertifiedMessage(certificate.message, committee.epoch);
}

/** Whether `weight` shards of `shardCount` suffice. */
export function hasWeight(weight: number, shardCount: number, required: RequiredWeight): boolean {
  const needed = required === "quorum" ? 2 * shardCount + 1 : shardCount + 1;
  return 3 * weight >= needed;
}

function signersOf(committee: BlsCommittee, bitmap: Uint8Array): readonly BlsCommitteeMember[] {
  const place = at("bls_aggregate", "verify_certificate_and_weight");
  const { members } = committee;
  ensure(bitmap.length <= Math.ceil(members.length / BITS_PER_BYTE), place, "EInvalidBitmap");
  const signers: BlsCommitteeMember[] = [];
  for (let index = 0; index < bitmap.length * BITS_PER_BYTE; index++) {
    const byte = bitmap[Math.floor(index / BITS_PER_BYTE)] ?? 0;
    if (((byte >> (index % BITS_PER_BYTE)) & 1) === 0) continue;
    const member = members[index];
    ensure(member !== undefined, place, "EInvalidBitmap");
    signers.push(member);
  }
  return signers;
}

/** `bls12381_min_pk_verify`, by the library Sui itself uses: false for anything malformed. */
function verifySignature(signature: Uint8Array, message: Uint8Array, key: G1Point): boolean {
  try {
    return bls12381_min_pk_verify(signature, key.toBytes(true), message);
  } catch {
    return false;
  }
}

function sumKeys(keys: readonly CurvePoint[]): G1Point {
  return keys.reduce((sum, key) => sum.add(parsedKey(key.bytes)), G1.ZERO);
}

/** Committees sum the same few keys again and again. */
const PARSED_KEYS_MAX = 4_096;
const parsedKeys = new Map<string, G1Point>();

function parsedKey(bytes: Uint8Array): G1Point {
  const text = toHex(bytes);
  const known = parsedKeys.get(text);
  if (known !== undefined) return known;
  const point = G1.fromBytes(bytes);
  if (parsedKeys.size >= PARSED_KEYS_MAX) parsedKeys.clear();
  parsedKeys.set(text, point);
  return point;
}
