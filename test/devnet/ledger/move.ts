/**
 * The Move execution interface: what a package written in TypeScript looks like to the ledger.
 *
 * A `NativePackage` declares its datatypes and functions the way Move does (field types, abilities,
 * parameters, returns); the ledger derives BCS layouts from the declarations, type-checks every
 * argument of a transaction against them, decides what may be copied, dropped, transferred or
 * shared, and only then calls `run`. The ledger knows nothing of any package but Sui's own.
 *
 * Type strings are Move's: `bool`, `u8` … `u256`, `address`, `vector<u8>`,
 * `0x2::coin::Coin<0x…::wal::WAL>`; short addresses are accepted and made canonical (`0x` and 64
 * digits); `T0`, `T1` stand for type parameters; parameters may start with `&` or `&mut `.
 *
 * JS values by type (arguments, results, fields, events alike):
 * - `bool` boolean; `u8`, `u16`, `u32` number; `u64`, `u128`, `u256` **bigint**
 * - `address`, `0x2::object::ID`, `0x2::object::UID` string `0x` + 64 lowercase digits
 * - `0x1::string::String`, `0x1::ascii::String` string
 * - `vector<u8>` Uint8Array; every other `vector<T>` array
 * - `0x1::option::Option<T>` the value or `null`
 * - a struct: an object with its fields in declared order; a struct without fields: `{}`
 * - an enum: `{ $kind: "Variant", Variant: fields }`; a bare variant is `{ $kind: "V", V: true }`
 */

/** What a Move type allows. */
export type Ability = "copy" | "drop" | "store" | "key";

/** A value during execution. A `&mut` parameter is changed by changing `value` in place. */
export interface MoveValue {
  /** Canonical Move type without reference. */
  readonly type: string;
  /** See the list at the top of the module. */
  value: unknown;
}

/** A struct: an object's contents, a value or an event. */
export interface StructDeclaration {
  readonly kind: "struct";
  readonly abilities: readonly Ability[];
  /** Number of type parameters (default 0). */
  readonly typeParameterCount?: number;
  /** Field name to type string, in wire order. */
  readonly fields: Readonly<Record<string, string>>;
}

/** An enum. A variant holds nothing (`null`), one positional type, or named fields. */
export interface EnumDeclaration {
  readonly kind: "enum";
  readonly abilities: readonly Ability[];
  readonly typeParameterCount?: number;
  readonly variants: Readonly<Record<string, null | string | Readonly<Record<string, string>>>>;
}

export type DatatypeDeclaration = StructDeclaration | EnumDeclaration;

/** A Move function with a body in TypeScript. */
export interface NativeFunction {
  readonly module: string;
  readonly name: string;
  readonly visibility: "public" | "entry" | "public entry";
  /** Ability constraints of each type parameter; `[]` when the function is not generic. */
  readonly typeParameters: readonly (readonly Ability[])[];
  /**
   * Parameter types as the contract declares them, with a trailing `&mut 0x2::tx_context::TxContext`
   * (or `&`) where it has one: the ledger strips that one before it calls `run`.
   */
  readonly parameters: readonly string[];
  readonly returns: readonly string[];
  /**
   * Runs the body. Results are plain JS values, in the order of `returns`; the ledger types them.
   *
   * By-value arguments are consumed: an object among them must be put into a result, wrapped,
   * transferred, or its id deleted (`context.deleteId`). Nothing is kept if it throws.
   *
   * @throws {MoveAbort} As the contract would abort.
   */
  run(call: MoveCall): readonly unknown[];
}

/** One call of a native function. */
export interface MoveCall {
  readonly context: MoveContext;
  /** Arguments in declared order, without `TxContext`. */
  readonly arguments: readonly MoveValue[];
  /** Canonical type arguments. */
  readonly typeArguments: readonly string[];
}

/** A published package. */
export interface NativePackage {
  readonly name: string;
  /** Id of the first version: the address in its types. */
  readonly originalId: string;
  /** Id of the latest version: what transactions call. Equal to `originalId` if never upgraded. */
  readonly storageId: string;
  /** 1 for a package that was never upgraded. */
  readonly version: number;
  /** `module::Name` to declaration. */
  readonly datatypes: Readonly<Record<string, DatatypeDeclaration>>;
  readonly functions: readonly NativeFunction[];
}

/** What a running function may do besides computing. */
export interface MoveContext {
  /** Transaction sender; `0x0` in system transactions. */
  readonly sender: string;
  /** Address that pays for gas. */
  readonly sponsor: string;
  /** Epoch of Sui itself (independent of the Walrus epoch). */
  readonly suiEpoch: bigint;
  /** The ledger's clock when the transaction runs. */
  readonly nowMs: number;
  /** Base58 digest of the transaction. */
  readonly txDigest: string;
  /** Id the running function was called at (an older version of a package may be called too). */
  readonly packageId: string;

  /** `object::new`: a fresh object id. */
  freshId(): string;
  /** `object::delete`: ends an object id. A wrapped or by-value object loses its id with it. */
  deleteId(id: string): void;
  /** `transfer::transfer`: the value must be a `key` struct with its `id`. */
  transfer(type: string, value: unknown, recipient: string): void;
  /** `transfer::share_object`: only objects created in this transaction (`ESharedNonNewObject`). */
  share(type: string, value: unknown): void;
  /** `transfer::freeze_object`. */
  freeze(type: string, value: unknown): void;
  /** `event::emit`; `type` is a declared struct with `copy` and `drop`. */
  emit(type: string, value: unknown): void;

  /** `dynamic_field::add`. Aborts as Sui does when the field exists. */
  addField(
    parentId: string,
    keyType: string,
    key: unknown,
    valueType: string,
    value: unknown,
  ): void;
  /** `dynamic_field::exists_`. */
  hasField(parentId: string, keyType: string, key: unknown): boolean;
  /**
   * `dynamic_field::borrow`: read only; a change made to the result fails the transaction as a
   * bug of the native function. Aborts as Sui does when there is no such field.
   */
  readField(parentId: string, keyType: string, key: unknown): MoveValue;
  /** `dynamic_field::borrow_mut`: change the returned `value` in place. */
  mutateField(parentId: string, keyType: string, key: unknown): MoveValue;
  /** `dynamic_field::remove`. */
  removeField(parentId: string, keyType: string, key: unknown): MoveValue;

  /** `dynamic_object_field::add` (what `ObjectTable` uses): the value keeps its own object id. */
  addObjectField(
    parentId: string,
    keyType: string,
    key: unknown,
    valueType: string,
    value: unknown,
  ): void;
  hasObjectField(parentId: string, keyType: string, key: unknown): boolean;
  readObjectField(parentId: string, keyType: string, key: unknown): MoveValue;
  mutateObjectField(parentId: string, keyType: string, key: unknown): MoveValue;
  removeObjectField(parentId: string, keyType: string, key: unknown): MoveValue;
}

/**
 * A system transaction (genesis, epoch change, price votes of the nodes): no sender, gas or
 * signature, but real versions, digests, effects and events. See `Ledger.runSystem`.
 */
export interface SystemContext extends MoveContext {
  /** Any live object by id, to change in place (kept in the effects as a mutated input). */
  mutateObject(id: string): MoveValue;
  /** Any live object by id, read only. */
  readObject(id: string): MoveValue;
  /** Ends a live object. */
  deleteObject(id: string): void;
  /** Creates a coin of `amount` out of nothing and sends it to `recipient`; returns its id. */
  mintCoin(coinType: string, amount: bigint, recipient: string): string;
}

/** Where and why a Move function aborted. */
export interface MoveAbortDetails {
  /** Module name, e.g. `system_state_inner`. */
  readonly module: string;
  readonly functionName: string;
  readonly code: bigint;
  /** Name of the error constant, e.g. `EInvalidEpochsAhead`, when it has one. */
  readonly constantName?: string;
  /** Package of the module; defaults to the storage id of the package being called. */
  readonly packageId?: string;
}

/** Thrown by a native function to abort the transaction. */
export class MoveAbort extends Error {
  readonly details: MoveAbortDetails;

  constructor(details: MoveAbortDetails) {
    const name = details.constantName === undefined ? "" : ` (${details.constantName})`;
    super(`${details.module}::${details.functionName} aborted with ${details.code}${name}`);
    this.name = "MoveAbort";
    this.details = details;
  }
}
