/**
 * The state of one running transaction: what it loaded, made, ended and emitted.
 *
 * Nothing reaches the store before the ledger applies `changes()`; dropping the session undoes
 * everything. Ids decide what became of an object that was taken by value: placed again, deleted,
 * or neither, which means wrapped (sui `TemporaryStore` and the object runtime work alike).
 */
import { derivedObjectId } from "./digests.ts";
import { ExecutionError } from "./execution-error.ts";
import { MAX_EVENT_BYTES, MAX_EVENTS, MAX_NEW_OBJECT_IDS, MAX_OBJECT_BYTES } from "./limits.ts";
import type { MoveValue } from "./move.ts";
import { canonicalType, parseType } from "./move-types.ts";
import type { Registry } from "./registry.ts";
import type { ObjectView } from "./store.ts";
import type { LedgerEvent, LedgerObject, Owner } from "./types.ts";
import { equalBytes } from "../../../shared/bytes/arrays.ts";

/** An object that existed before the transaction. */
export interface Loaded {
  readonly object: LedgerObject;
  readonly value: MoveValue;
  /** Whether the transaction may change it. */
  mutable: boolean;
  /** Inputs that may change are rewritten even when they did not. */
  readonly isInput: boolean;
  /** Taken by value. */
  consumed: boolean;
}

/** Where a new version of an object goes. A new shared object has no initial version yet. */
export type Destination = Owner | { readonly kind: "new-shared" };

export interface Change {
  readonly id: string;
  readonly before: LedgerObject | null;
  readonly after: {
    readonly type: string;
    readonly contents: Uint8Array;
    readonly owner: Destination;
  } | null;
  readonly operation: "none" | "created" | "deleted";
}

export interface SessionOptions {
  readonly registry: Registry;
  readonly view: ObjectView;
  readonly txDigest: string;
  readonly sender: string;
  /** System transactions may make any number of objects and events. */
  readonly isSystem?: boolean;
}

export class Session {
  readonly registry: Registry;
  readonly view: ObjectView;
  readonly txDigest: string;
  readonly sender: string;
  readonly events: LedgerEvent[] = [];
  readonly #isSystem: boolean;
  readonly #loaded = new Map<string, Loaded>();
  readonly #placed = new Map<string, { value: MoveValue; owner: Destination }>();
  readonly #created = new Set<string>();
  readonly #deleted = new Set<string>();
  #idCount = 0n;

  constructor(options: SessionOptions) {
    this.registry = options.registry;
    this.view = options.view;
    this.txDigest = options.txDigest;
    this.sender = options.sender;
    this.#isSystem = options.isSystem ?? false;
  }

  /** Brings an object of the store into the transaction. */
  load(object: LedgerObject, mutable: boolean, isInput: boolean): Loaded {
    const known = this.#loaded.get(object.id);
    if (known !== undefined) {
      known.mutable ||= mutable;
      return known;
    }
    const value = { type: object.type, value: this.registry.parse(object.type, object.contents) };
    const loaded: Loaded = { object, value, mutable, isInput, consumed: false };
    this.#loaded.set(object.id, loaded);
    return loaded;
  }

  isCreated(id: string): boolean {
    return this.#created.has(id);
  }

  loaded(id: string): Loaded | undefined {
    return this.#loaded.get(id);
  }

  freshId(): string {
    if (!this.#isSystem && this.#idCount >= BigInt(MAX_NEW_OBJECT_IDS)) {
      throw new ExecutionError({ VMInvariantViolation: true }, "too many new object ids");
    }
    const id = derivedObjectId(this.txDigest, this.#idCount++);
    this.#created.add(id);
    return id;
  }

  deleteId(id: string): void {
    const loaded = this.#loaded.get(id);
    if (loaded !== undefined) loaded.consumed = true;
    this.#placed.delete(id);
    if (!this.#created.delete(id)) this.#deleted.add(id);
  }

  /** Gives an object to its next owner. */
  place(type: string, value: unknown, owner: Destination): void {
    const canonical = canonicalType(type);
    const id = objectId(canonical, value);
    const loaded = this.#loaded.get(id);
    if (loaded !== undefined) loaded.consumed = true;
    this.#placed.set(id, { value: { type: canonical, value }, owner });
  }

  /** Takes a placed object back, to be placed elsewhere. */
  unplace(id: string): void {
    this.#placed.delete(id);
  }

  /** A live child owned by `parentId`, with the way to change it; undefined when there is none. */
  child(id: string, parentId: string, mutable: boolean): MoveValue | undefined {
    const placed = this.#placed.get(id);
    if (placed !== undefined) return placed.value;
    const known = this.#loaded.get(id);
    if (known !== undefined) {
      known.mutable ||= mutable;
      return known.consumed ? undefined : known.value;
    }
    const object = this.view.get(id);
    if (object?.owner.kind !== "object" || object.owner.parentId !== parentId) return undefined;
    if (mutable && this.#loaded.get(parentId)?.mutable === false) {
      throw new Error(`Cannot change field ${id}: its parent ${parentId} is borrowed immutably`);
    }
    return this.load(object, mutable, false).value;
  }

  /** Registers a dynamic field's id as new, unless it was removed earlier in the transaction. */
  reviveId(id: string): void {
    if (!this.#deleted.delete(id)) this.#created.add(id);
  }

  emit(packageId: string, type: string, value: unknown): void {
    const canonical = canonicalType(type);
    const contents = this.registry.serialize(canonical, value);
    const isOver = this.events.length >= MAX_EVENTS || contents.length > MAX_EVENT_BYTES;
    if (isOver && !this.#isSystem) {
      throw new ExecutionError({ VMInvariantViolation: true }, "event limit exceeded");
    }
    const parsed = parseType(canonical);
    const home = parsed.kind === "datatype" ? this.registry.package(parsed.address) : undefined;
    this.events.push({
      packageId:
        this.registry.package(packageId) === undefined && home ? home.storageId : packageId,
      module: parsed.kind === "datatype" ? parsed.module : "",
      sender: this.sender,
      type: canonical,
      contents,
      value: this.registry.parse(canonical, contents),
    });
  }

  /** Everything the transaction does to objects, ordered by id. */
  changes(): Change[] {
    const changes: Change[] = [];
    for (const [id, loaded] of this.#loaded) {
      const change = this.#changeOf(id, loaded);
      if (change !== null) changes.push(change);
    }
    for (const [id, { value, owner }] of this.#placed) {
      if (this.#loaded.has(id)) continue;
      const operation = this.#created.has(id) ? "created" : "none";
      changes.push({ id, before: null, after: this.#output(value, owner), operation });
    }
    for (const id of this.#deleted) {
      if (this.#loaded.has(id)) continue;
      changes.push({ id, before: null, after: null, operation: "deleted" });
    }
    return changes.sort((left, right) => (left.id < right.id ? -1 : 1));
  }

  #changeOf(id: string, loaded: Loaded): Change | null {
    const before = loaded.object;
    const placed = this.#placed.get(id);
    if (placed !== undefined) {
      const after = this.#output(placed.value, placed.owner);
      return { id, before, after, operation: "none" };
    }
    if (loaded.consumed) {
      const operation = this.#deleted.has(id) ? "deleted" : "none";
      return { id, before, after: null, operation };
    }
    const after = this.#output(loaded.value, before.owner);
    const isSame = equalBytes(after.contents, before.contents);
    if (!loaded.mutable) {
      if (isSame) return null;
      throw new Error(`Cannot change ${before.type} ${id}: it was borrowed immutably`);
    }
    return isSame && !loaded.isInput ? null : { id, before, after, operation: "none" };
  }

  #output(value: MoveValue, owner: Destination): NonNullable<Change["after"]> {
    const contents = this.registry.serialize(value.type, value.value);
    if (contents.length > MAX_OBJECT_BYTES) {
      throw new ExecutionError({
        MoveObjectTooBig: {
          objectSize: BigInt(contents.length),
          maxObjectSize: BigInt(MAX_OBJECT_BYTES),
        },
      });
    }
    return { type: value.type, contents, owner };
  }
}

/**
 * The id in an object's first field.
 *
 * @throws {TypeError} When the value is no object: a bug of the native function.
 */
export function objectId(type: string, value: unknown): string {
  const id = typeof value === "object" && value !== null && "id" in value ? value.id : undefined;
  if (typeof id !== "string") {
    throw new TypeError(`Cannot place ${type}: expected a key struct with its id`);
  }
  return id;
}
