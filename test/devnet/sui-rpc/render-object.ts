/** Ledger objects and values as protobuf messages. */
import { GrpcTypes } from "@mysten/sui/grpc";
import { coinBalance, coinContentType, encodeObject } from "../ledger/objects.ts";
import type { Registry } from "../ledger/registry.ts";
import type { LedgerObject, Owner } from "../ledger/types.ts";
import { toBase64 } from "../../../shared/bytes/text.ts";

const { Owner_OwnerKind: Kind } = GrpcTypes;

export function renderOwner(owner: Owner): GrpcTypes.Owner {
  switch (owner.kind) {
    case "address":
      return { kind: Kind.ADDRESS, address: owner.address };
    case "object":
      return { kind: Kind.OBJECT, address: owner.parentId };
    case "shared":
      return { kind: Kind.SHARED, version: owner.initialVersion };
    case "immutable":
      return { kind: Kind.IMMUTABLE };
  }
}

/** The JSON form is costly and rarely asked for: it is made only when `paths` name it. */
export function renderObject(
  object: LedgerObject,
  registry: Registry,
  paths: readonly string[],
): GrpcTypes.Object {
  const wantsJson = paths.some((path) => path === "*" || path.split(".").includes("json"));
  const isCoin = coinContentType(object.type) !== undefined;
  return {
    bcs: { name: "Object", value: encodeObject(object) },
    objectId: object.id,
    version: object.version,
    digest: object.digest,
    owner: renderOwner(object.owner),
    objectType: object.type,
    hasPublicTransfer: object.hasPublicTransfer,
    contents: { name: object.type, value: object.contents },
    previousTransaction: object.previousTransaction,
    storageRebate: object.storageRebate,
    ...(wantsJson ? { json: renderJson(registry.parse(object.type, object.contents)) } : {}),
    ...(isCoin ? { balance: coinBalance(object) } : {}),
  };
}

export function timestamp(milliseconds: number): { seconds: bigint; nanos: number } {
  return {
    seconds: BigInt(Math.floor(milliseconds / 1000)),
    nanos: (milliseconds % 1000) * 1_000_000,
  };
}

/** A Move value as JSON, the way Sui renders it: wide integers as text, bytes as base64. */
export function renderJson(value: unknown): NonNullable<GrpcTypes.Object["json"]> {
  return protoValue(plain(value));
}

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Uint8Array) return toBase64(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, plain(field)]));
}

function protoValue(value: unknown): NonNullable<GrpcTypes.Object["json"]> {
  if (value === null || value === undefined)
    return { kind: { oneofKind: "nullValue", nullValue: 0 } };
  if (typeof value === "boolean") return { kind: { oneofKind: "boolValue", boolValue: value } };
  if (typeof value === "number") return { kind: { oneofKind: "numberValue", numberValue: value } };
  if (typeof value === "string") return { kind: { oneofKind: "stringValue", stringValue: value } };
  if (Array.isArray(value)) {
    const values = value.map(protoValue);
    return { kind: { oneofKind: "listValue", listValue: { values } } };
  }
  const fields = Object.fromEntries(
    Object.entries(value).map(([key, field]: [string, unknown]) => [key, protoValue(field)]),
  );
  return { kind: { oneofKind: "structValue", structValue: { fields } } };
}
