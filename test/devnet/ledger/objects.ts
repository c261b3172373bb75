/** Objects as bytes: Sui's BCS `Object`, digests, gas size. */
import { bcs } from "@mysten/sui/bcs";
import { digestOf } from "./digests.ts";
import { STORAGE_MIST_PER_BYTE } from "./limits.ts";
import { canonicalType, parseType, SUI_TYPE, formatType } from "./move-types.ts";
import type { LedgerObject, Owner, Variant } from "./types.ts";

const COIN = canonicalType("0x2::coin::Coin<T0>").replace("<T0>", "");
/** `size_of::<Owner>() + size_of::<TransactionDigest>() + size_of::<u64>()` in sui `object.rs`. */
const METADATA_BYTES = 80;
/** `has_public_transfer` and `version` in `MoveObject::object_size_for_gas_metering`. */
const HEADER_BYTES = 9;

type ObjectInput = Parameters<typeof bcs.Object.serialize>[0];
type MoveObjectType = Variant<ObjectInput["data"], "Move">["type"];

/** `Coin<T>` of a coin type. */
export function coinTypeOf(type: string): string {
  return `${COIN}<${canonicalType(type)}>`;
}

/** The `T` of `Coin<T>`, or undefined for any other type. */
export function coinContentType(type: string): string | undefined {
  if (!type.startsWith(`${COIN}<`)) return undefined;
  const parsed = parseType(type);
  const [content] = parsed.kind === "datatype" ? parsed.typeArguments : [];
  return content === undefined ? undefined : formatType(content);
}

/** Balance of a coin's contents (`id`, then `u64`). */
export function coinBalance(object: LedgerObject): bigint {
  return new DataView(object.contents.buffer, object.contents.byteOffset).getBigUint64(32, true);
}

function moveObjectType(type: string): MoveObjectType {
  const content = coinContentType(type);
  if (content === SUI_TYPE) return { GasCoin: true };
  if (content !== undefined) return { Coin: content };
  const tag = bcs.TypeTag.serialize(type).toBytes();
  // A struct tag on the wire is its type tag without the leading variant byte.
  return { Other: bcs.StructTag.parse(tag.subarray(1)) };
}

export function ownerToBcs(owner: Owner): Parameters<typeof bcs.Owner.serialize>[0] {
  switch (owner.kind) {
    case "address":
      return { AddressOwner: owner.address };
    case "object":
      return { ObjectOwner: owner.parentId };
    case "shared":
      return { Shared: { initialSharedVersion: owner.initialVersion } };
    case "immutable":
      return { Immutable: true };
  }
}

/** BCS of the whole object. */
export function encodeObject(object: Omit<LedgerObject, "digest">): Uint8Array {
  return bcs.Object.serialize({
    data: {
      Move: {
        type: moveObjectType(object.type),
        hasPublicTransfer: object.hasPublicTransfer,
        version: object.version,
        contents: object.contents,
      },
    },
    owner: ownerToBcs(object.owner),
    previousTransaction: object.previousTransaction,
    storageRebate: object.storageRebate,
  }).toBytes();
}

/** Completes an object with its digest. */
export function sealObject(object: Omit<LedgerObject, "digest">): LedgerObject {
  return { ...object, digest: digestOf("Object", encodeObject(object)) };
}

/** MIST that storing such an object costs (sui `Object::object_size_for_gas_metering`). */
export function storageCost(type: string, contents: Uint8Array): bigint {
  const typeBytes = objectTypeBytes(type);
  return (
    BigInt(contents.length + typeBytes + HEADER_BYTES + METADATA_BYTES) * STORAGE_MIST_PER_BYTE
  );
}

const typeSizes = new Map<string, number>();

function objectTypeBytes(type: string): number {
  let size = typeSizes.get(type);
  if (size === undefined) {
    const content = coinContentType(type);
    if (content === SUI_TYPE) size = 1;
    // An `Other` is a variant byte and the struct tag; a `Coin` a variant byte and the inner tag.
    else size = bcs.TypeTag.serialize(content ?? type).toBytes().length + (content ? 1 : 0);
    typeSizes.set(type, size);
  }
  return size;
}

/** Whether both owners are the same. */
export function sameOwner(left: Owner, right: Owner): boolean {
  return (
    JSON.stringify(ownerToBcs(left), bigintText) === JSON.stringify(ownerToBcs(right), bigintText)
  );
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
