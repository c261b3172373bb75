/** `StateService`: what an address owns, balances, dynamic fields, coins. */
import { GrpcTypes } from "@mysten/sui/grpc";
import { normalizeSuiAddress } from "@mysten/sui/utils";
import { canonicalType, formatType, parseType, SUI_TYPE } from "../ledger/move-types.ts";
import { coinBalance, coinContentType, coinTypeOf } from "../ledger/objects.ts";
import type { LedgerObject } from "../ledger/types.ts";
import { invalidArgument, notFound } from "./failure.ts";
import { method, page, type RpcMethod, type RpcNode } from "./node.ts";
import { applyReadMask } from "./read-mask.ts";
import { renderObject } from "./render-object.ts";

const Service = GrpcTypes.StateService;
const OBJECT_MASK = ["object_id", "version", "object_type"];
const FIELD_MASK = ["parent", "field_id"];
/** Page sizes of sui-rpc-api `list_owned_objects.rs`. */
const PAGE = { usual: 50, most: 1_000 };
const Field = GrpcTypes.DynamicField_DynamicFieldKind;

export const stateMethods: readonly RpcMethod[] = [
  method(Service, "ListOwnedObjects", listOwnedObjects),
  method(Service, "GetBalance", getBalance),
  method(Service, "ListBalances", listBalances),
  method(Service, "ListDynamicFields", listDynamicFields),
  method(Service, "GetCoinInfo", getCoinInfo),
];

function listOwnedObjects(
  request: GrpcTypes.ListOwnedObjectsRequest,
  node: RpcNode,
): GrpcTypes.ListOwnedObjectsResponse {
  const { registry } = node.ledger;
  const owned = node.view().ownedBy(ownerOf(request.owner));
  const matches = typeFilter(request.objectType);
  const found = page(owned.filter(matches), ({ id }) => id, request, PAGE);
  const paths = request.readMask?.paths ?? OBJECT_MASK;
  return {
    objects: found.items.map((object) =>
      applyReadMask(GrpcTypes.Object, renderObject(object, registry, paths), paths),
    ),
    ...(found.nextPageToken === undefined ? {} : { nextPageToken: found.nextPageToken }),
  };
}

function ownerOf(owner: string | undefined): string {
  if (owner === undefined) throw invalidArgument("missing owner");
  return normalizeSuiAddress(owner);
}

/** A type without arguments matches every instantiation. */
function typeFilter(text: string | undefined): (object: LedgerObject) => boolean {
  if (text === undefined || text === "") return () => true;
  const wanted = typeOf(text);
  return ({ type }) => type === wanted || type.startsWith(`${wanted}<`);
}

function typeOf(text: string | undefined): string {
  if (text === undefined) throw invalidArgument("missing type");
  try {
    return canonicalType(text);
  } catch (error) {
    throw invalidArgument(`invalid type: ${(error as Error).message}`);
  }
}

function getBalance(
  request: GrpcTypes.GetBalanceRequest,
  node: RpcNode,
): GrpcTypes.GetBalanceResponse {
  const coinType = typeOf(request.coinType);
  const type = coinTypeOf(coinType);
  const coins = node.view().ownedBy(ownerOf(request.owner));
  const total = coins
    .filter((object) => object.type === type)
    .reduce((sum, coin) => sum + coinBalance(coin), 0n);
  return { balance: balanceOf(coinType, total) };
}

function balanceOf(coinType: string, total: bigint): GrpcTypes.Balance {
  return { coinType, balance: total, addressBalance: 0n, coinBalance: total };
}

function listBalances(
  request: GrpcTypes.ListBalancesRequest,
  node: RpcNode,
): GrpcTypes.ListBalancesResponse {
  const totals = new Map<string, bigint>();
  for (const object of node.view().ownedBy(ownerOf(request.owner))) {
    const coinType = coinContentType(object.type);
    if (coinType === undefined) continue;
    totals.set(coinType, (totals.get(coinType) ?? 0n) + coinBalance(object));
  }
  const balances = [...totals].sort(([left], [right]) => (left < right ? -1 : 1));
  const found = page(balances, ([coinType]) => coinType, request, PAGE);
  return {
    balances: found.items.map(([coinType, total]) => balanceOf(coinType, total)),
    ...(found.nextPageToken === undefined ? {} : { nextPageToken: found.nextPageToken }),
  };
}

function listDynamicFields(
  request: GrpcTypes.ListDynamicFieldsRequest,
  node: RpcNode,
): GrpcTypes.ListDynamicFieldsResponse {
  if (request.parent === undefined) throw invalidArgument("missing parent");
  const parent = normalizeSuiAddress(request.parent);
  const fields = node.view().ownedBy(parent);
  const found = page(fields, ({ id }) => id, request, PAGE);
  const paths = request.readMask?.paths ?? FIELD_MASK;
  return {
    dynamicFields: found.items.flatMap((object) => {
      const field = renderField(object, parent, node, paths);
      return field === null ? [] : [applyReadMask(GrpcTypes.DynamicField, field, paths)];
    }),
    ...(found.nextPageToken === undefined ? {} : { nextPageToken: found.nextPageToken }),
  };
}

function renderField(
  object: LedgerObject,
  parent: string,
  node: RpcNode,
  paths: readonly string[],
): GrpcTypes.DynamicField | null {
  const { registry } = node.ledger;
  const type = parseType(object.type);
  if (type.kind !== "datatype" || type.name !== "Field") return null;
  const [keyType, valueType] = type.typeArguments.map(formatType);
  if (keyType === undefined || valueType === undefined) return null;
  const { name, value } = registry.parse(object.type, object.contents) as {
    readonly name: unknown;
    readonly value: unknown;
  };
  const base = {
    parent,
    fieldId: object.id,
    fieldObject: renderObject(object, registry, paths),
    value: { name: valueType, value: registry.serialize(valueType, value) },
  };
  const isObject = keyType.includes("::dynamic_object_field::Wrapper<");
  if (!isObject) {
    const rendered = { name: keyType, value: registry.serialize(keyType, name) };
    return { ...base, kind: Field.FIELD, name: rendered, valueType };
  }
  return { ...base, ...renderObjectField(node, paths, keyType, name, value as string) };
}

function renderObjectField(
  node: RpcNode,
  paths: readonly string[],
  wrapperType: string,
  wrapper: unknown,
  childId: string,
): GrpcTypes.DynamicField {
  const { registry } = node.ledger;
  const wrapped = parseType(wrapperType);
  const [key] = wrapped.kind === "datatype" ? wrapped.typeArguments : [];
  const keyType = key === undefined ? wrapperType : formatType(key);
  const { name } = wrapper as { readonly name: unknown };
  const child = node.view().get(childId);
  return {
    kind: Field.OBJECT,
    name: { name: keyType, value: registry.serialize(keyType, name) },
    childId,
    ...(child === undefined
      ? {}
      : { valueType: child.type, childObject: renderObject(child, registry, paths) }),
  };
}

/** Names of the coins this network knows; any other declared type answers without metadata. */
const COINS: Readonly<Record<string, { readonly symbol: string; readonly name: string }>> = {
  sui: { symbol: "SUI", name: "Sui" },
  wal: { symbol: "WAL", name: "WAL Token" },
};

function getCoinInfo(
  request: GrpcTypes.GetCoinInfoRequest,
  node: RpcNode,
): GrpcTypes.GetCoinInfoResponse {
  const coinType = typeOf(request.coinType);
  const parsed = parseType(coinType);
  const isKnown = node.ledger.registry.exists(parsed);
  if (!isKnown || parsed.kind !== "datatype") throw notFound(`Coin type ${coinType} not found`);
  const names = COINS[parsed.module];
  if (names === undefined) return { coinType };
  const description = coinType === SUI_TYPE ? "" : "The native token for the Walrus Protocol.";
  return { coinType, metadata: { decimals: 9, ...names, description, iconUrl: "" } };
}
