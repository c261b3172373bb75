/** Move type strings: parsing, canonical form, type parameters. Pure. */
import { normalizeSuiAddress } from "@mysten/sui/utils";

export type Primitive = "bool" | "u8" | "u16" | "u32" | "u64" | "u128" | "u256" | "address";

export type MoveType =
  | { readonly kind: "primitive"; readonly name: Primitive }
  | { readonly kind: "vector"; readonly element: MoveType }
  | { readonly kind: "parameter"; readonly index: number }
  | {
      readonly kind: "datatype";
      readonly address: string;
      readonly module: string;
      readonly name: string;
      readonly typeArguments: readonly MoveType[];
    };

/** A function parameter: its type and how it is passed. */
export interface ParameterType {
  readonly reference: "value" | "immutable" | "mutable";
  readonly type: MoveType;
}

const PRIMITIVES: ReadonlySet<string> = new Set([
  "bool",
  "u8",
  "u16",
  "u32",
  "u64",
  "u128",
  "u256",
  "address",
]);
const ADDRESS = /^(0x)?[0-9a-fA-F]{1,64}$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

const parsed = new Map<string, MoveType>();

export const SUI_TYPE = canonicalType("0x2::sui::SUI");
export const TX_CONTEXT_TYPE = canonicalType("0x2::tx_context::TxContext");

/**
 * Parses a type without reference.
 *
 * @throws {TypeError} When the text is not a Move type.
 */
export function parseType(text: string): MoveType {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const type = parseUncached(text.trim());
  parsed.set(text, type);
  return type;
}

function parseUncached(text: string): MoveType {
  if (PRIMITIVES.has(text)) return { kind: "primitive", name: text as Primitive };
  const parameter = /^T(\d+)$/.exec(text);
  if (parameter !== null) return { kind: "parameter", index: Number(parameter[1]) };
  const open = text.indexOf("<");
  const head = open === -1 ? text : text.slice(0, open);
  if (open !== -1 && !text.endsWith(">")) throw notAType(text);
  const inner = open === -1 ? [] : splitArguments(text.slice(open + 1, -1)).map(parseType);
  if (head === "vector") {
    const [element] = inner;
    if (element === undefined || inner.length !== 1) throw notAType(text);
    return { kind: "vector", element };
  }
  const [address, module, name, ...rest] = head.split("::");
  if (
    address === undefined ||
    !ADDRESS.test(address) ||
    module === undefined ||
    !IDENTIFIER.test(module) ||
    name === undefined ||
    !IDENTIFIER.test(name) ||
    rest.length > 0
  ) {
    throw notAType(text);
  }
  const canonical = normalizeSuiAddress(address);
  return { kind: "datatype", address: canonical, module, name, typeArguments: inner };
}

function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === "<") depth++;
    else if (char === ">") depth--;
    else if (char === "," && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function notAType(text: string): TypeError {
  return new TypeError(`Cannot parse Move type: expected a type, got ${JSON.stringify(text)}`);
}

/** Parses a parameter or return type, which may start with `&` or `&mut `. */
export function parseParameter(text: string): ParameterType {
  const trimmed = text.trim();
  if (trimmed.startsWith("&mut ")) {
    return { reference: "mutable", type: parseType(trimmed.slice(5)) };
  }
  if (trimmed.startsWith("&")) return { reference: "immutable", type: parseType(trimmed.slice(1)) };
  return { reference: "value", type: parseType(trimmed) };
}

/** The one text of a type: full lowercase addresses, `, ` between arguments. */
export function formatType(type: MoveType): string {
  switch (type.kind) {
    case "primitive":
      return type.name;
    case "vector":
      return `vector<${formatType(type.element)}>`;
    case "parameter":
      return `T${type.index}`;
    case "datatype": {
      const inner = type.typeArguments.map(formatType).join(", ");
      const head = `${type.address}::${type.module}::${type.name}`;
      return inner === "" ? head : `${head}<${inner}>`;
    }
  }
}

/** Canonical text of a type text. */
export function canonicalType(text: string): string {
  return formatType(parseType(text));
}

/**
 * Replaces type parameters.
 *
 * @throws {RangeError} When an argument is missing.
 */
export function substitute(type: MoveType, typeArguments: readonly MoveType[]): MoveType {
  switch (type.kind) {
    case "primitive":
      return type;
    case "vector":
      return { kind: "vector", element: substitute(type.element, typeArguments) };
    case "parameter": {
      const argument = typeArguments[type.index];
      if (argument === undefined) {
        throw new RangeError(
          `Cannot substitute T${type.index}: expected ${type.index + 1} type arguments, got ${typeArguments.length}`,
        );
      }
      return argument;
    }
    case "datatype":
      return {
        ...type,
        typeArguments: type.typeArguments.map((argument) => substitute(argument, typeArguments)),
      };
  }
}

/** `module::Name` or, with arguments left out, the datatype's full name. */
export function datatypeName(type: MoveType & { kind: "datatype" }): string {
  return `${type.address}::${type.module}::${type.name}`;
}
