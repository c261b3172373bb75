/** What a native function may do: the `MoveContext` of a running transaction. */
import { fieldId } from "./digests.ts";
import { abortError } from "./execution-error.ts";
import type { MoveContext, MoveValue } from "./move.ts";
import { canonicalType, formatType, parseType } from "./move-types.ts";
import type { Session } from "./session.ts";

const FRAMEWORK = canonicalType("0x2::object::ID").split("::")[0] ?? "";
const ID_TYPE = `${FRAMEWORK}::object::ID`;

/** The transaction as seen by the functions it calls. */
export interface TransactionFacts {
  readonly sender: string;
  readonly sponsor: string;
  readonly suiEpoch: bigint;
  readonly nowMs: number;
  readonly txDigest: string;
}

/** Dynamic field object as parsed: `Field<K, V>`. */
interface Field {
  id: string;
  name: unknown;
  value: unknown;
}

export function createContext(
  session: Session,
  facts: TransactionFacts,
  packageId: string,
): MoveContext {
  return {
    ...facts,
    packageId,
    ...objectFunctions(session, packageId),
    ...fieldFunctions(session),
    ...objectFieldFunctions(session),
  };
}

type ObjectFunctions = Pick<
  MoveContext,
  "freshId" | "deleteId" | "transfer" | "share" | "freeze" | "emit"
>;

function objectFunctions(session: Session, packageId: string): ObjectFunctions {
  return {
    freshId: () => session.freshId(),
    deleteId: (id) => session.deleteId(id),
    transfer: (type, value, recipient) =>
      session.place(type, value, { kind: "address", address: recipient }),
    share: (type, value) => share(session, type, value),
    freeze: (type, value) => session.place(type, value, { kind: "immutable" }),
    emit: (type, value) => session.emit(packageId, type, value),
  };
}

/** Shares an object: a new one, or an input that was shared already (sui `ESharedNonNewObject`). */
export function share(session: Session, type: string, value: unknown): void {
  const { id } = value as { id: string };
  const loaded = session.loaded(id);
  if (loaded?.object.owner.kind === "shared") {
    session.place(type, value, loaded.object.owner);
    return;
  }
  if (!session.isCreated(id)) {
    throw abortError(
      {
        module: "transfer",
        functionName: "share_object_impl",
        code: 0n,
        constantName: "ESharedNonNewObject",
        packageId: FRAMEWORK,
      },
      FRAMEWORK,
    );
  }
  session.place(type, value, { kind: "new-shared" });
}

type FieldFunctions = Pick<
  MoveContext,
  "addField" | "hasField" | "readField" | "mutateField" | "removeField"
>;

function fieldFunctions(session: Session): FieldFunctions {
  return {
    addField: (parentId, keyType, key, valueType, value) => {
      addField(session, parentId, keyType, key, valueType, value);
    },
    hasField: (parentId, keyType, key) =>
      session.child(idOf(session, parentId, keyType, key), parentId, false) !== undefined,
    readField: (parentId, keyType, key) => borrow(session, parentId, keyType, key, false),
    mutateField: (parentId, keyType, key) => borrow(session, parentId, keyType, key, true),
    removeField: (parentId, keyType, key) => removeField(session, parentId, keyType, key),
  };
}

type ObjectFieldFunctions = Pick<
  MoveContext,
  | "addObjectField"
  | "hasObjectField"
  | "readObjectField"
  | "mutateObjectField"
  | "removeObjectField"
>;

function objectFieldFunctions(session: Session): ObjectFieldFunctions {
  return {
    addObjectField: (parentId, keyType, key, valueType, value) => {
      const { id } = value as { id: string };
      const name = { name: key };
      const field = addField(session, parentId, wrapperType(keyType), name, ID_TYPE, id);
      session.place(valueType, value, { kind: "object", parentId: field });
    },
    hasObjectField: (parentId, keyType, key) => {
      const field = idOf(session, parentId, wrapperType(keyType), { name: key });
      return session.child(field, parentId, false) !== undefined;
    },
    readObjectField: (parentId, keyType, key) =>
      borrowObject(session, parentId, keyType, key, false),
    mutateObjectField: (parentId, keyType, key) =>
      borrowObject(session, parentId, keyType, key, true),
    removeObjectField: (parentId, keyType, key) => {
      const value = borrowObject(session, parentId, keyType, key, true);
      const { id } = value.value as { id: string };
      const loaded = session.loaded(id);
      if (loaded !== undefined) loaded.consumed = true;
      session.unplace(id);
      removeField(session, parentId, wrapperType(keyType), { name: key });
      return value;
    },
  };
}

function wrapperType(keyType: string): string {
  return `${FRAMEWORK}::dynamic_object_field::Wrapper<${keyType}>`;
}

function idOf(session: Session, parentId: string, keyType: string, key: unknown): string {
  const canonical = canonicalType(keyType);
  return fieldId(parentId, canonical, session.registry.serialize(canonical, key));
}

function addField(
  session: Session,
  parentId: string,
  keyType: string,
  key: unknown,
  valueType: string,
  value: unknown,
): string {
  const id = idOf(session, parentId, keyType, key);
  if (session.child(id, parentId, false) !== undefined) {
    throw fieldAbort("add", 0n, "EFieldAlreadyExists");
  }
  const type = `${FRAMEWORK}::dynamic_field::Field<${keyType}, ${valueType}>`;
  session.reviveId(id);
  session.place(type, { id, name: key, value } satisfies Field, { kind: "object", parentId });
  return id;
}

function borrow(
  session: Session,
  parentId: string,
  keyType: string,
  key: unknown,
  mutable: boolean,
): MoveValue {
  const id = idOf(session, parentId, keyType, key);
  const field = session.child(id, parentId, mutable);
  if (field === undefined) {
    throw fieldAbort(mutable ? "borrow_mut" : "borrow", 1n, "EFieldDoesNotExist");
  }
  const content = field.value as Field;
  return {
    type: fieldValueType(field.type),
    get value() {
      return content.value;
    },
    set value(value: unknown) {
      content.value = value;
    },
  };
}

function removeField(session: Session, parentId: string, keyType: string, key: unknown): MoveValue {
  const id = idOf(session, parentId, keyType, key);
  const field = session.child(id, parentId, true);
  if (field === undefined) throw fieldAbort("remove", 1n, "EFieldDoesNotExist");
  session.deleteId(id);
  return { type: fieldValueType(field.type), value: (field.value as Field).value };
}

function borrowObject(
  session: Session,
  parentId: string,
  keyType: string,
  key: unknown,
  mutable: boolean,
): MoveValue {
  const fieldObject = idOf(session, parentId, wrapperType(keyType), { name: key });
  const childId = borrow(session, parentId, wrapperType(keyType), { name: key }, mutable).value;
  const child = session.child(childId as string, fieldObject, mutable);
  if (child === undefined) throw fieldAbort("borrow_child_object", 1n, "EFieldDoesNotExist");
  return child;
}

function fieldValueType(type: string): string {
  const inner = parseType(type);
  const value = inner.kind === "datatype" ? inner.typeArguments[1] : undefined;
  if (value === undefined) throw new TypeError(`Cannot read ${type}: expected Field<K, V>`);
  return formatType(value);
}

function fieldAbort(functionName: string, code: bigint, constantName: string): Error {
  return abortError(
    { module: "dynamic_field", functionName, code, constantName, packageId: FRAMEWORK },
    FRAMEWORK,
  );
}
