/**
 * Every known datatype and function: BCS layouts, abilities, lookups.
 *
 * Layouts are derived from the declarations of `move.ts` and kept per concrete type. A struct
 * without fields is one byte on the wire: Move gives it a `dummy_field: bool`.
 */
import { bcs, type BcsType } from "@mysten/sui/bcs";
import { equalBytes } from "../../../shared/bytes/arrays.ts";
import { normalizeSuiAddress } from "@mysten/sui/utils";
import {
  type Ability,
  type DatatypeDeclaration,
  type NativeFunction,
  type NativePackage,
} from "./move.ts";
import {
  canonicalType,
  datatypeName,
  formatType,
  type MoveType,
  parseParameter,
  type ParameterType,
  parseType,
  substitute,
  TX_CONTEXT_TYPE,
} from "./move-types.ts";

/** A layout whose value type is decided by the Move type. */
export type Layout = BcsType<unknown>;

/** A function with its signature parsed. */
export interface ResolvedFunction {
  readonly declaration: NativeFunction;
  readonly package: NativePackage;
  /** Without the trailing `TxContext`. */
  readonly parameters: readonly ParameterType[];
  readonly returns: readonly ParameterType[];
}

const STRING_TYPES: ReadonlySet<string> = new Set([
  canonicalType("0x1::string::String"),
  canonicalType("0x1::ascii::String"),
]);
const ID_TYPES: ReadonlySet<string> = new Set([
  canonicalType("0x2::object::ID"),
  canonicalType("0x2::object::UID"),
]);
const OPTION = canonicalType("0x1::option::Option");
const ID_TYPE = canonicalType("0x2::object::ID");
const MAX_VALUE_BYTES = 2 ** 24;
const DATA: ReadonlySet<Ability> = new Set(["copy", "drop", "store"] as const);

export class Registry {
  readonly packages: readonly NativePackage[];
  readonly #datatypes = new Map<string, DatatypeDeclaration>();
  readonly #functions = new Map<string, ResolvedFunction>();
  readonly #packagesById = new Map<string, NativePackage>();
  readonly #layouts = new Map<string, Layout>();

  constructor(packages: readonly NativePackage[]) {
    this.packages = packages;
    for (const pack of packages) this.#add(pack);
  }

  #add(pack: NativePackage): void {
    const originalId = normalizeSuiAddress(pack.originalId);
    const storageId = normalizeSuiAddress(pack.storageId);
    this.#packagesById.set(originalId, pack);
    this.#packagesById.set(storageId, pack);
    for (const [name, declaration] of Object.entries(pack.datatypes)) {
      this.#datatypes.set(`${originalId}::${name}`, declaration);
    }
    for (const declaration of pack.functions) {
      const all = declaration.parameters.map(parseParameter);
      const last = all.at(-1);
      const takesContext = last !== undefined && formatType(last.type) === TX_CONTEXT_TYPE;
      const resolved: ResolvedFunction = {
        declaration,
        package: pack,
        parameters: takesContext ? all.slice(0, -1) : all,
        returns: declaration.returns.map(parseParameter),
      };
      for (const id of new Set([originalId, storageId])) {
        this.#functions.set(`${id}::${declaration.module}::${declaration.name}`, resolved);
      }
    }
  }

  /** The package with this original or storage id. */
  package(id: string): NativePackage | undefined {
    return this.#packagesById.get(normalizeSuiAddress(id));
  }

  function(packageId: string, module: string, name: string): ResolvedFunction | undefined {
    return this.#functions.get(`${normalizeSuiAddress(packageId)}::${module}::${name}`);
  }

  /** Declaration of a struct or enum, by any type text that names it. */
  datatype(type: string): DatatypeDeclaration | undefined {
    const move = parseType(type);
    return move.kind === "datatype" ? this.#datatypes.get(datatypeName(move)) : undefined;
  }

  /** Whether every datatype in the type is known. */
  exists(type: MoveType): boolean {
    switch (type.kind) {
      case "primitive":
        return true;
      case "parameter":
        return false;
      case "vector":
        return this.exists(type.element);
      case "datatype": {
        const declaration = this.#datatypes.get(datatypeName(type));
        return (
          declaration !== undefined &&
          (declaration.typeParameterCount ?? 0) === type.typeArguments.length &&
          type.typeArguments.every((argument) => this.exists(argument))
        );
      }
    }
  }

  /**
   * Abilities of a concrete type. Containers have `copy`, `drop` and `store` only as far as their
   * elements do; type arguments of declared structs are treated as phantom, except `Option`'s.
   */
  abilities(type: string): ReadonlySet<Ability> {
    return this.#abilities(parseType(type));
  }

  #abilities(type: MoveType): ReadonlySet<Ability> {
    if (type.kind === "primitive") return DATA;
    if (type.kind === "parameter") return new Set();
    if (type.kind === "vector") return this.#abilities(type.element).intersection(DATA);
    const declaration = this.#datatypes.get(datatypeName(type));
    const own = new Set(declaration?.abilities);
    const [element] = type.typeArguments;
    if (datatypeName(type) === OPTION && element !== undefined) {
      return own.intersection(this.#abilities(element));
    }
    return own;
  }

  /**
   * BCS layout of a concrete type.
   *
   * @throws {TypeError} When a datatype is not declared.
   */
  layout(type: string): Layout {
    const canonical = canonicalType(type);
    let layout = this.#layouts.get(canonical);
    if (layout === undefined) {
      layout = this.#build(parseType(canonical));
      this.#layouts.set(canonical, layout);
    }
    return layout;
  }

  /** Parses `bytes` as `type`; refuses what is not its canonical BCS. Throws what BCS throws. */
  parse(type: string, bytes: Uint8Array): unknown {
    const layout = this.layout(type);
    const value = layout.parse(bytes);
    if (!equalBytes(this.serialize(type, value), bytes)) {
      throw new RangeError(`Cannot parse ${type}: trailing bytes or another form of the value`);
    }
    return value;
  }

  serialize(type: string, value: unknown): Uint8Array {
    // The limit is that of objects and events; this one only has to lie above it.
    return this.layout(type).serialize(value, { maxSize: MAX_VALUE_BYTES }).toBytes();
  }

  #build(type: MoveType): Layout {
    switch (type.kind) {
      case "primitive":
        return PRIMITIVE_LAYOUTS[type.name] as Layout;
      case "parameter":
        throw new TypeError(`Cannot lay out T${type.index}: expected a concrete type`);
      case "vector":
        if (type.element.kind === "primitive" && type.element.name === "u8") {
          return bcs.byteVector() as Layout;
        }
        return bcs.vector(this.layout(formatType(type.element))) as Layout;
      case "datatype":
        return this.#buildDatatype(type);
    }
  }

  #buildDatatype(type: MoveType & { kind: "datatype" }): Layout {
    const name = datatypeName(type);
    if (STRING_TYPES.has(name)) return bcs.string() as Layout;
    if (ID_TYPES.has(name)) return bcs.Address as Layout;
    const layoutOf = (text: string): Layout =>
      this.layout(formatType(substitute(parseType(text), type.typeArguments)));
    if (name === OPTION) return bcs.option(layoutOf("T0"));
    const declaration = this.#datatypes.get(name);
    if (declaration === undefined) {
      throw new TypeError(`Cannot lay out ${name}: expected a declared datatype`);
    }
    if (declaration.kind === "struct") return structLayout(name, declaration.fields, layoutOf);
    const variants: Record<string, Layout | null> = {};
    for (const [variant, content] of Object.entries(declaration.variants)) {
      if (content === null) variants[variant] = null;
      else if (typeof content === "string") variants[variant] = layoutOf(content);
      else variants[variant] = structLayout(variant, content, layoutOf);
    }
    return bcs.enum(name, variants) as unknown as Layout;
  }

  /** Whether a pure input may stand for this type: plain data without structs of packages. */
  isPure(type: MoveType): boolean {
    switch (type.kind) {
      case "primitive":
        return true;
      case "parameter":
        return false;
      case "vector":
        return this.isPure(type.element);
      case "datatype": {
        const name = datatypeName(type);
        if (STRING_TYPES.has(name) || name === ID_TYPE) return true;
        const [element] = type.typeArguments;
        return name === OPTION && element !== undefined && this.isPure(element);
      }
    }
  }
}

function structLayout(
  name: string,
  fields: Readonly<Record<string, string>>,
  layoutOf: (text: string) => Layout,
): Layout {
  const entries = Object.entries(fields);
  if (entries.length === 0) {
    return bcs.bool().transform({ input: () => false, output: () => ({}) }) as unknown as Layout;
  }
  const layouts = Object.fromEntries(entries.map(([field, text]) => [field, layoutOf(text)]));
  return bcs.struct(name, layouts) as unknown as Layout;
}

const PRIMITIVE_LAYOUTS = {
  bool: bcs.bool(),
  u8: bcs.u8(),
  u16: bcs.u16(),
  u32: bcs.u32(),
  u64: bcs.u64().transform({ input: (value: bigint) => value, output: BigInt }),
  u128: bcs.u128().transform({ input: (value: bigint) => value, output: BigInt }),
  u256: bcs.u256().transform({ input: (value: bigint) => value, output: BigInt }),
  address: bcs.Address,
} as const;
