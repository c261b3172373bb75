/**
 * Bodies of requests that are JSON. Pure: bytes in, a value of the wanted shape out, or what is wrong
 * with them in the caller's own words.
 *
 * JSON is UTF-8 (RFC 8259 §8.1). Bytes that are not are refused, since what a lenient decoder puts in
 * their place is not what was sent, and some of it would be paid for.
 */
import * as v from "valibot";
import { err, ok, type Result } from "../result.ts";
import { badParameter, type Problem, unreadable } from "./problem.ts";

/** What is wrong in a body. */
export interface JsonFlaw {
  /** Path of the value, as `attributes.size`; `body` for the whole. */
  readonly parameter: string;
  /** What stands there, as JSON text; `null` where it is missing. */
  readonly value: string | null;
}

const WHOLE = "body";

/** The value that strict JSON stands for, in an object of its own as it may be `null`; `null` for what is none. */
export function parseJson(body: Uint8Array): { readonly json: unknown } | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return { json: JSON.parse(text) };
  } catch {
    return null;
  }
}

/** Reads a body of the shape of `schema`. */
export function readJson<T>(
  body: Uint8Array,
  schema: v.GenericSchema<unknown, T>,
): Result<T, JsonFlaw> {
  const read = parseJson(body);
  if (read === null) return err(flawedWhole(body));
  const parsed = v.safeParse(schema, read.json);
  if (parsed.success) return ok(parsed.output);
  const [issue] = parsed.issues;
  const parameter = v.getDotPath(issue);
  if (parameter === null) return err(flawedWhole(body));
  // Of a key that is not wanted the issue itself holds the key, and its path what stands there.
  return err({ parameter, value: jsonText(issue.path?.at(-1)?.value) });
}

/** A flaw as a 400 that says the value, and what is `expected` of the whole body. */
export function flawedBody({ parameter, value }: JsonFlaw, expected: string): Problem {
  return badParameter(parameter, unreadable(parameter, value, expected));
}

/** What stands in a body, as an error tells it. */
export function jsonText(value: unknown): string | null {
  return JSON.stringify(value) ?? null;
}

function flawedWhole(body: Uint8Array): JsonFlaw {
  return { parameter: WHOLE, value: new TextDecoder().decode(body) };
}
