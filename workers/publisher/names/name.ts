/**
 * Names as texts: what may be one, where it is kept on chain, and what stands there. Pure but for
 * the platform's SHA-256.
 *
 * An anchor is a Blob whose attributes are names. The key of one is `<tag>/<name>`, the tag being the
 * first 16 hex digits of the SHA-256 of its subject, so that equal names of two subjects are two;
 * its value is the JSON `{"version","blobId","objectId"}`. Whoever has the anchor's object ID reads
 * the name from the chain alone.
 */
import * as v from "valibot";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { toHex } from "../../../shared/bytes/text.ts";
import { NAME_CHARS_MAX } from "../../../shared/limits.ts";

/** What a name points at. */
export interface NameTarget {
  /** 43 characters of base64url. */
  readonly blobId: string;
  /** A Blob object of it, `0x` and 64 hex digits; `null` where none was named. */
  readonly objectId: string | null;
}

/** What stands on chain under one key. */
export interface NameValue extends NameTarget {
  /** Rises by one with each change, deletions included, and never goes back. */
  readonly version: number;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._~-]*$/;
const TAG_DIGITS = 16;

/** Whether a text can be a name: letters, digits and `. _ ~ -`, a letter or digit first. */
export function isName(text: string): boolean {
  return text.length <= NAME_CHARS_MAX && NAME.test(text);
}

/** The key of a subject's name among the attributes of its anchor. */
export async function nameKey(sub: string | null, name: string): Promise<string> {
  return `${(await digestOf(JSON.stringify([sub]))).slice(0, TAG_DIGITS)}/${name}`;
}

/** The buckets, by name. */
export const BUCKETS: readonly string[] = Array.from({ length: 16 }, (_, index) =>
  index.toString(16),
);

/** Which object keeps a key: one of `BUCKETS`, by the first hex digit of its SHA-256. */
export async function bucketOf(key: string): Promise<string> {
  return (await digestOf(key)).slice(0, 1);
}

/** The value as it is written on chain. */
export function formatNameValue({ version, blobId, objectId }: NameValue): string {
  return JSON.stringify({ version, blobId, objectId });
}

const valueSchema = v.object({
  version: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  blobId: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/)),
  objectId: v.nullable(v.pipe(v.string(), v.regex(/^0x[0-9a-f]{64}$/))),
});

/** Reads what stands on chain; `null` for what is none of ours. */
export function parseNameValue(text: string): NameValue | null {
  try {
    const parsed = v.safeParse(valueSchema, JSON.parse(text));
    return parsed.success ? parsed.output : null;
  } catch {
    return null;
  }
}

async function digestOf(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", utf8Bytes(text))));
}
