/**
 * Holds an answer against a Worker's OpenAPI document: its status, its headers, its type, and the
 * shape of its JSON, are all told for its method and path.
 */

interface Told {
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

/** As much of JSON Schema as the documents use. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
}

type Schemas = Readonly<Record<string, object>>;

/** As much of an OpenAPI document as is judged by. */
export interface ApiDocument {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, Told>> }>>>
  >;
  readonly components: { readonly schemas: Schemas };
}

/** Of every HTTP message, or of the Fetch standard. */
const UNTOLD =
  /^(?:content-type|content-length|transfer-encoding|connection|keep-alive|date|access-control-.*)$/;
const ATTRIBUTE = /^x-walrus-attribute-.*$/;

/** One answer, read. */
export interface Answered {
  readonly method: string;
  /** With or without its query. */
  readonly path: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What the document does not tell of the answer; empty where it tells everything. */
export function untold(document: ApiDocument, answered: Answered): readonly string[] {
  const { method, path, status, headers, text } = answered;
  const operation = pathOf(document, path)?.[method.toLowerCase()];
  // What the document knows no operation for can only be a preflight, or nothing.
  if (operation === undefined) return [200, 404, 405].includes(status) ? [] : [`status ${status}`];
  const told = operation.responses[String(status)];
  if (told === undefined) return [`status ${status}`];
  const names = new Set(Object.keys(told.headers ?? {}).map((name) => name.toLowerCase()));
  const unnamed = [...headers.keys()]
    .filter((name) => !UNTOLD.test(name))
    .map((name) => (ATTRIBUTE.test(name) ? "x-walrus-attribute-{name}" : name))
    .filter((name) => !names.has(name))
    .map((name) => `header ${name} of ${status}`);
  if (method === "HEAD" || text === "") return unnamed;
  const type = (headers.get("content-type") ?? "").split(";")[0] ?? "";
  const content = told.content?.[type] ?? told.content?.["*/*"];
  if (content === undefined) return [...unnamed, `type ${type} of ${status}`];
  if (type !== "application/json" || content.schema === undefined) return unnamed;
  return [...unnamed, ...flaws(document.components.schemas, JSON.parse(text), content.schema, "$")];
}

/** Static segments come before captures. */
function pathOf(document: ApiDocument, path: string): ApiDocument["paths"][string] | undefined {
  const asked = (path.split("?")[0] ?? "").split("/");
  const matches = Object.keys(document.paths).filter((template) => {
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
  return first === undefined ? undefined : document.paths[first];
}

function captures(template: string): number {
  return template.split("{").length;
}

function flaws(schemas: Schemas, value: unknown, schema: Schema, at: string): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1);
    return flaws(schemas, value, schemas[name] as Schema, at);
  }
  if (schema.oneOf !== undefined) {
    const fits = schema.oneOf.filter((each) => flaws(schemas, value, each, at).length === 0);
    return fits.length === 1 ? [] : [`${at}: fits ${fits.length} of oneOf`];
  }
  if (schema.const !== undefined) return value === schema.const ? [] : [`${at}: no such value`];
  if (schema.enum !== undefined) return schema.enum.includes(value) ? [] : [`${at}: no such value`];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOf(value, type))) {
    return [`${at}: ${JSON.stringify(value)} is not ${types.join(" or ")}`];
  }
  const { pattern } = schema;
  if (pattern !== undefined && typeof value === "string" && !new RegExp(pattern).test(value)) {
    return [`${at}: ${JSON.stringify(value)} does not fit ${pattern}`];
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items === undefined) return [];
    return value.flatMap((each, index) => flaws(schemas, each, items, `${at}[${index}]`));
  }
  return typeof value === "object" && value !== null
    ? objectFlaws(schemas, value as Record<string, unknown>, schema, at)
    : [];
}

function objectFlaws(
  schemas: Schemas,
  value: Record<string, unknown>,
  schema: Schema,
  at: string,
): string[] {
  const missing = (schema.required ?? []).filter((key) => !(key in value));
  const known = schema.properties;
  const unknown = known === undefined ? [] : Object.keys(value).filter((key) => !(key in known));
  return [
    ...missing.map((key) => `${at}.${key} is missing`),
    ...unknown.map((key) => `${at}.${key} is not told`),
    ...Object.entries(known ?? {}).flatMap(([key, each]) =>
      key in value ? flaws(schemas, value[key], each, `${at}.${key}`) : [],
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
