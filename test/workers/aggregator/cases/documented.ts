/**
 * Holds an answer against the OpenAPI document: its status, its headers, its type, and the shape of
 * its JSON, are all told for its method and path.
 */
import { expect } from "vitest";
import { API_DOCUMENT } from "../../../../workers/aggregator/api/document.ts";
import type { Case } from "./case.ts";

interface Told {
  readonly headers: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

/** As much of JSON Schema as the document uses. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

const PATHS = API_DOCUMENT.paths as Record<
  string,
  Record<string, { readonly responses: Readonly<Record<string, Told>> }>
>;
/** Of every HTTP message, or of the Fetch standard. */
const UNTOLD = /^(?:content-type|content-length|access-control-.*)$/;
const ATTRIBUTE = /^x-walrus-attribute-.*$/;

/** Judges what was answered; what the document knows no operation for is not its business. */
export function expectDocumented(each: Case, response: Response, bytes: Uint8Array): void {
  const operation = pathOf(each.path)?.[(each.method ?? "GET").toLowerCase()];
  if (operation === undefined) {
    expect([200, 404, 405]).toContain(response.status);
    return;
  }
  const told = operation.responses[String(response.status)];
  if (told === undefined) throw new Error(`The document tells no status ${response.status}`);
  const names = new Set(Object.keys(told.headers).map((name) => name.toLowerCase()));
  const sent = [...response.headers.keys()]
    .filter((name) => !UNTOLD.test(name))
    .map((name) => (ATTRIBUTE.test(name) ? "x-walrus-attribute-{name}" : name));
  expect(sent.filter((name) => !names.has(name))).toEqual([]);
  if (each.method === "HEAD" || bytes.length === 0) return;
  const type = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
  const content = told.content?.[type] ?? told.content?.["*/*"];
  if (content === undefined) throw new Error(`The document tells no type ${type}`);
  if (type !== "application/json" || content.schema === undefined) return;
  expect(flaws(JSON.parse(new TextDecoder().decode(bytes)), content.schema, "$")).toEqual([]);
}

/** Static segments come before captures. */
function pathOf(path: string): (typeof PATHS)[string] | undefined {
  const asked = (path.split("?")[0] ?? "").split("/");
  const matches = Object.keys(PATHS).filter((template) => {
    const segments = template.split("/");
    return (
      segments.length === asked.length &&
      segments.every((segment, index) => {
        const text = asked[index] ?? "";
        return segment.startsWith("{") ? text !== "" : segment === text;
      })
    );
  });
  const [first] = matches.toSorted((left, right) => captures(left) - captures(right));
  return first === undefined ? undefined : PATHS[first];
}

function captures(template: string): number {
  return template.split("{").length;
}

function flaws(value: unknown, schema: Schema, at: string): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return flaws(value, API_DOCUMENT.components.schemas[name] as Schema, at);
  }
  if (schema.oneOf !== undefined) {
    const fits = schema.oneOf.filter((each) => flaws(value, each, at).length === 0);
    return fits.length === 1 ? [] : [`${at}: fits ${fits.length} of oneOf`];
  }
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${at}: no such value`];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOf(value, type))) {
    return [`${at}: ${JSON.stringify(value)} is not ${types.join(" or ")}`];
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.flatMap((each, index) => flaws(each, items, `${at}[${index}]`));
  }
  return typeof value === "object" && value !== null
    ? objectFlaws(value as Record<string, unknown>, schema, at)
    : [];
}

function objectFlaws(value: Record<string, unknown>, schema: Schema, at: string): string[] {
  const missing = (schema.required ?? []).filter((key) => !(key in value));
  const known = schema.properties;
  const unknown = known === undefined ? [] : Object.keys(value).filter((key) => !(key in known));
  return [
    ...missing.map((key) => `${at}.${key} is missing`),
    ...unknown.map((key) => `${at}.${key} is not told`),
    ...Object.entries(known ?? {}).flatMap(([key, each]) =>
      key in value ? flaws(value[key], each, `${at}.${key}`) : [],
    ),
  ];
}

function isOf(value: unknown, type: string): boolean {
  switch (type) {
    case "null":
      return value === null;
    case "array":
      return Array.isArray(value);
    case "integer":
      return Number.isSafeInteger(value);
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value);
    default:
      return typeof value === type;
  }
}
