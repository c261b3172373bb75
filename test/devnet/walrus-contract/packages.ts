/**
 * The Walrus packages for the ledger: tables and bodies put together.
 *
 * Types carry the original package id, calls go to the latest one, as after an upgrade.
 */
import type { DatatypeDeclaration, NativeFunction, NativePackage } from "../ledger/move.ts";
import { LOCAL_ADDRESSES, type WalrusAddresses } from "./deployment.ts";
import type { Bodies, Resolve } from "./functions/bodies.ts";
import { blobBodies, METADATA_BODIES, sharedBlobBodies, STORAGE_BODIES } from "./functions/blob.ts";
import { stakingBodies } from "./functions/staking.ts";
import { storagePoolBodies, systemPoolBodies } from "./functions/storage-pool.ts";
import { CONTRACT_VERSION } from "./functions/system-inner.ts";
import { systemBodies } from "./functions/system.ts";
import { EXCHANGE_BODIES, walBodies } from "./functions/wal.ts";
import { BLOB_FUNCTIONS } from "./table/blob-functions.ts";
import { EVENT_TYPES } from "./table/event-types.ts";
import { POOL_FUNCTIONS } from "./table/pool-functions.ts";
import { STAKING_FUNCTIONS } from "./table/staking-functions.ts";
import { STAKING_TYPES } from "./table/staking-types.ts";
import { SYSTEM_FUNCTIONS } from "./table/system-functions.ts";
import { SYSTEM_TYPES } from "./table/system-types.ts";
import type { DatatypeTable, FunctionTable } from "./table/types.ts";
import { EXCHANGE_FUNCTIONS, WAL_FUNCTIONS } from "./table/wal-functions.ts";
import { EXCHANGE_TYPES, WAL_TYPES } from "./table/wal-types.ts";

/** All signatures of the package `walrus`, by `module::function`. */
export const WALRUS_FUNCTIONS: FunctionTable = {
  ...SYSTEM_FUNCTIONS,
  ...BLOB_FUNCTIONS,
  ...POOL_FUNCTIONS,
  ...STAKING_FUNCTIONS,
};

/** All datatypes of the package `walrus`, by `module::Name`. */
export const WALRUS_TYPES: DatatypeTable = { ...SYSTEM_TYPES, ...STAKING_TYPES, ...EVENT_TYPES };

const NAMED_ADDRESS = /\b(wal_exchange|walrus|wal)::(?=\w+::\w)/g;

/** Replaces the named addresses of a type text by the (original) package ids. */
export function typeResolver(addresses: WalrusAddresses): Resolve {
  const ids: Readonly<Record<string, string>> = {
    walrus: addresses.walrusOriginal,
    wal: addresses.wal,
    wal_exchange: addresses.walExchange,
  };
  return (type) => type.replace(NAMED_ADDRESS, (_, name: string) => `${ids[name]}::`);
}

/** `walrus`, `wal` and `wal_exchange` as the ledger takes them. */
export function walrusPackages(
  addresses: WalrusAddresses = LOCAL_ADDRESSES,
): readonly NativePackage[] {
  const resolve = typeResolver(addresses);
  const { walrusOriginal, wal, walExchange } = addresses;
  const walrusBodies: Bodies = {
    ...systemBodies(resolve, walrusOriginal),
    ...systemPoolBodies(resolve, walrusOriginal),
    ...blobBodies(resolve),
    ...METADATA_BODIES,
    ...STORAGE_BODIES,
    ...sharedBlobBodies(resolve, walrusOriginal),
    ...storagePoolBodies(resolve),
    ...stakingBodies(walrusOriginal, wal),
  };
  return [
    {
      name: "walrus",
      originalId: walrusOriginal,
      storageId: addresses.walrusLatest,
      version: Number(CONTRACT_VERSION),
      datatypes: resolveDatatypes(WALRUS_TYPES, resolve),
      functions: bind(WALRUS_FUNCTIONS, walrusBodies, resolve),
    },
    {
      name: "wal",
      originalId: wal,
      storageId: wal,
      version: 1,
      datatypes: resolveDatatypes(WAL_TYPES, resolve),
      functions: bind(WAL_FUNCTIONS, walBodies(wal), resolve),
    },
    {
      name: "wal_exchange",
      originalId: walExchange,
      storageId: walExchange,
      version: 1,
      datatypes: resolveDatatypes(EXCHANGE_TYPES, resolve),
      functions: bind(EXCHANGE_FUNCTIONS, EXCHANGE_BODIES, resolve),
    },
  ];
}

/**
 * Gives each signature its body.
 *
 * @throws {TypeError} When a signature has no body or a body no signature.
 */
function bind(table: FunctionTable, bodies: Bodies, resolve: Resolve): readonly NativeFunction[] {
  for (const name of Object.keys(bodies)) {
    if (table[name] === undefined) throw new TypeError(`Cannot bind ${name}: no signature`);
  }
  return Object.entries(table).map(([name, signature]) => {
    const body = bodies[name];
    const [module, functionName] = name.split("::");
    if (body === undefined || module === undefined || functionName === undefined) {
      throw new TypeError(`Cannot bind ${name}: no body`);
    }
    return {
      module,
      name: functionName,
      visibility: "public",
      typeParameters: [],
      parameters: signature.parameters.map(resolve),
      returns: signature.returns.map(resolve),
      run: body,
    };
  });
}

function resolveDatatypes(
  table: DatatypeTable,
  resolve: Resolve,
): Readonly<Record<string, DatatypeDeclaration>> {
  return Object.fromEntries(
    Object.entries(table).map(([name, declaration]) => [
      name,
      resolveDeclaration(declaration, resolve),
    ]),
  );
}

function resolveDeclaration(
  declaration: DatatypeDeclaration,
  resolve: Resolve,
): DatatypeDeclaration {
  if (declaration.kind === "struct") {
    return { ...declaration, fields: resolveFields(declaration.fields, resolve) };
  }
  const variants = Object.entries(declaration.variants).map(([name, content]) => {
    if (content === null) return [name, null] as const;
    if (typeof content === "string") return [name, resolve(content)] as const;
    return [name, resolveFields(content, resolve)] as const;
  });
  return { ...declaration, variants: Object.fromEntries(variants) };
}

function resolveFields(
  fields: Readonly<Record<string, string>>,
  resolve: Resolve,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).map(([name, type]) => [name, resolve(type)]));
}
