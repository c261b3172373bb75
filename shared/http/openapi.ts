/** Words that the Workers' OpenAPI documents are written in. Data only. */

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: object;
}

/** One method of one path. */
export interface Operation {
  readonly summary: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, object>>;
}

export const TEXT = { type: "string" } as const;
export const FLAG = { type: "boolean", default: false } as const;
export const WHOLE = { type: "integer", minimum: 0 } as const;

/** A path's parameters are required, others unless said so are not. */
export function parameter(
  place: Parameter["in"],
  name: string,
  description: string,
  schema: object = TEXT,
  required: boolean = place === "path",
): Parameter {
  return { name, in: place, required, description, schema };
}

export const schema = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

/** A header of answers, as `components.headers` has it. */
export const about = (description: string, shape: object = TEXT): object => ({
  description,
  schema: shape,
});

/** A body, or an answer's content, of JSON. */
export const jsonContent = (name: string): object => ({
  "application/json": { schema: schema(name) },
});

/** An answer under its headers, each of them one of `components.headers`; `content` by media type. */
export function answerOf(
  description: string,
  headers: readonly string[],
  content?: object,
): object {
  const named = headers.map((name) => [
    name,
    { $ref: `#/components/headers/${name.replace("-{name}", "")}` },
  ]);
  return {
    description,
    headers: Object.fromEntries(named) as object,
    ...(content === undefined ? {} : { content }),
  };
}
