/** Short words to write an OpenAPI document in. Data only. */

export type Json = Readonly<Record<string, unknown>>;

export const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });
export const json = (description: string, schema: string): Json => ({
  description,
  content: { "application/json": { schema: ref(schema) } },
});

export function query(name: string, schema: Json, description: string, required = false): Json {
  return { name, in: "query", required, schema, description };
}
export function header(name: string, description: string): Json {
  return { name, in: "header", required: false, schema: { type: "string" }, description };
}
export function path(name: string, description: string): Json {
  return { name, in: "path", required: true, schema: { type: "string" }, description };
}

export const TEXT = { type: "string" };
export const FLAG = { type: "boolean", default: false };
export const PROBLEM = { default: json("A refusal or failure", "Error") };
/** An open gateway asks for none. */
export const TOKEN = { security: [{}, { token: ["store"] }] };
export const LIST = { security: [{}, { token: ["list"] }] };
/** Nobody may do these without one. */
export const MANAGE = { security: [{ token: ["manage"] }] };
export const ADMIN = { security: [{ token: ["admin"] }] };
export const BYTES = {
  "application/octet-stream": { schema: { type: "string", format: "binary" } },
};
