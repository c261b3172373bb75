/** Attributes: the `Metadata` map and where blobs keep it (`metadata.move`, `blob.move`). */
import { utf8Bytes } from "../../../../shared/bytes/arrays.ts";
import type { MoveContext } from "../../ledger/move.ts";
import type { Metadata } from "../values.ts";
import { at, ensure } from "./abort.ts";
import { emptyMap, mapHas, mapInsert, mapRemove } from "./balance.ts";

const KEY_TYPE = "vector<u8>";
const KEY = utf8Bytes("metadata");

type Fields = Pick<
  MoveContext,
  "addField" | "hasField" | "readField" | "mutateField" | "removeField"
>;
/** Module whose constants name the aborts: blobs and pooled blobs have their own. */
type Owner = "blob" | "storage_pool";

/** `metadata.move::new`. */
export function newMetadata(): Metadata {
  return { metadata: emptyMap() };
}

/** `metadata.move::insert_or_update`: a new value moves the pair to the end. */
export function insertOrUpdate(metadata: Metadata, key: string, value: string): void {
  if (mapHas(metadata.metadata, key)) mapRemove(metadata.metadata, key);
  mapInsert(metadata.metadata, key, value);
}

/** `metadata.move::remove_if_exists`: the old value or `null`. */
export function removeIfExists(metadata: Metadata, key: string): string | null {
  return mapHas(metadata.metadata, key) ? mapRemove(metadata.metadata, key).value : null;
}

/** The attributes kept as a dynamic field of the object `ownerId`. */
export class AttachedMetadata {
  private readonly fields: Fields;
  private readonly metadataType: string;
  private readonly owner: Owner;
  private readonly ownerId: string;

  constructor(fields: Fields, metadataType: string, owner: Owner, ownerId: string) {
    this.fields = fields;
    this.metadataType = metadataType;
    this.owner = owner;
    this.ownerId = ownerId;
  }

  exists(): boolean {
    return this.fields.hasField(this.ownerId, KEY_TYPE, KEY);
  }

  add(metadata: Metadata): void {
    ensure(!this.exists(), at(this.owner, "add_metadata"), "EDuplicateMetadata");
    this.fields.addField(this.ownerId, KEY_TYPE, KEY, this.metadataType, metadata);
  }

  /** Returns the attributes that were there before, or `null`. */
  addOrReplace(metadata: Metadata): Metadata | null {
    const old = this.exists() ? this.take() : null;
    this.add(metadata);
    return old;
  }

  take(): Metadata {
    ensure(this.exists(), at(this.owner, "take_metadata"), "EMissingMetadata");
    return this.fields.removeField(this.ownerId, KEY_TYPE, KEY).value as Metadata;
  }

  /** The attributes, to change. */
  borrow(): Metadata {
    ensure(this.exists(), at(this.owner, "metadata"), "EMissingMetadata");
    return this.fields.mutateField(this.ownerId, KEY_TYPE, KEY).value as Metadata;
  }

  insertOrUpdatePair(key: string, value: string): void {
    if (!this.exists()) this.add(newMetadata());
    insertOrUpdate(this.borrow(), key, value);
  }

  /** Returns key and value; aborts in `vec_map` when the key is not there. */
  removePair(key: string): readonly [string, string] {
    const removed = mapRemove(this.borrow().metadata, key);
    return [removed.key, removed.value];
  }

  removePairIfExists(key: string): string | null {
    return this.exists() ? removeIfExists(this.borrow(), key) : null;
  }

  drop(): void {
    if (this.exists()) this.take();
  }
}
