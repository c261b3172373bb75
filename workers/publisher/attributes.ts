/**
 * Attributes of a blob as a client names them: headers of a store, the body of a change. Pure.
 *
 * They become pairs of text on the Blob object (`walrus blob.move::insert_or_update_metadata_pair`).
 * The contract has no bounds of its own; ours keep a batch of registrations inside one transaction.
 * Keys that begin with `_walrus` are the network's: `_walrusBlobType` marks a quilt
 * (`walrus-core encoding/basic_encoding.rs::BLOB_TYPE_ATTRIBUTE_KEY`).
 */
import * as v from "valibot";
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { type JsonFlaw, readJson } from "../../shared/http/json-body.ts";
import {
  ATTRIBUTE_KEY_BYTES_MAX,
  ATTRIBUTE_VALUE_BYTES_MAX,
  ATTRIBUTES_BYTES_MAX,
  ATTRIBUTES_PER_BLOB_MAX,
} from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** Pairs in the order of their keys, so that equal requests are equal. */
export type Attributes = Readonly<Record<string, string>>;

/** Why attributes are refused. */
export type AttributeFailure =
  | {
      readonly kind: "attribute-malformed";
      readonly attribute: string;
      readonly expected: string;
    }
  | { readonly kind: "attributes-too-many"; readonly countMax: number; readonly bytesMax: number }
  | { readonly kind: "attributes-body-malformed"; readonly flaw: JsonFlaw };

/** A change: pairs to set, keys to remove. */
export interface AttributeChange {
  readonly set: Attributes;
  /** Sorted. */
  readonly remove: readonly string[];
}

const HEADER_PREFIX = "x-walrus-attribute-";
const RESERVED = /^_walrus/i;
const QUILT_ATTRIBUTE = { _walrusBlobType: "quilt" } as const;
/** What says how a form travels, not what is stored: `curl --data-binary` sends the first unasked. */
const NO_CONTENT_TYPE =
  /^\s*(?:application\/x-www-form-urlencoded|multipart\/form-data)\s*(?:;|$)/i;

/**
 * Attributes of a store: `Content-Type` as `content-type`, and each `X-Walrus-Attribute-<key>` as
 * `<key>`, in lower case, since case is lost on the way. A quilt has the one that marks it.
 */
export function attributesOfStore(
  headers: Headers,
  content: "blob" | "quilt",
): Result<Attributes, AttributeFailure> {
  const named = new Map<string, string>();
  const contentType = headers.get("Content-Type")?.trim() ?? "";
  if (content === "blob" && contentType !== "" && !NO_CONTENT_TYPE.test(contentType)) {
    named.set("content-type", contentType);
  }
  for (const [name, value] of headers) {
    if (name.startsWith(HEADER_PREFIX)) named.set(name.slice(HEADER_PREFIX.length), value);
  }
  const checked = checkAttributes([...named]);
  if (!checked.ok || content === "blob") return checked;
  return ok({ ...checked.value, ...QUILT_ATTRIBUTE });
}

/** What a store has where its headers say nothing, as at the official publisher. */
export function plainAttributes(content: "blob" | "quilt"): Attributes {
  return content === "quilt" ? QUILT_ATTRIBUTE : {};
}

const changeSchema = v.strictObject({
  attributes: v.pipe(
    v.record(v.string(), v.nullable(v.string())),
    v.check((attributes) => Object.keys(attributes).length > 0),
  ),
});

/** Reads `{"attributes": {"key": "value", "gone": null}}`, a merge patch (RFC 7386). */
export function attributeChange(body: Uint8Array): Result<AttributeChange, AttributeFailure> {
  const asked = readJson(body, changeSchema);
  if (!asked.ok) return err({ kind: "attributes-body-malformed", flaw: asked.failure });
  const pairs = Object.entries(asked.value.attributes);
  const removed = pairs.filter(([, value]) => value === null).map(([key]) => key);
  const wrong = removed.find((key) => keyProblem(key) !== null);
  if (wrong !== undefined) {
    return err({
      kind: "attribute-malformed",
      attribute: wrong,
      expected: keyProblem(wrong) ?? "",
    });
  }
  const set = checkAttributes(
    pairs.filter((pair): pair is [string, string] => pair[1] !== null),
    ATTRIBUTES_PER_BLOB_MAX - removed.length,
  );
  return set.ok ? ok({ set: set.value, remove: removed.toSorted() }) : set;
}

function checkAttributes(
  named: readonly (readonly [string, string])[],
  countMax: number = ATTRIBUTES_PER_BLOB_MAX,
): Result<Attributes, AttributeFailure> {
  const pairs = named.toSorted(([a], [b]) => (a < b ? -1 : 1));
  let totalBytes = 0;
  for (const [key, value] of pairs) {
    const expected = keyProblem(key) ?? valueProblem(value);
    if (expected !== null) return err({ kind: "attribute-malformed", attribute: key, expected });
    totalBytes += utf8Bytes(key).length + utf8Bytes(value).length;
  }
  if (pairs.length > countMax || totalBytes > ATTRIBUTES_BYTES_MAX) {
    return err({
      kind: "attributes-too-many",
      countMax: ATTRIBUTES_PER_BLOB_MAX,
      bytesMax: ATTRIBUTES_BYTES_MAX,
    });
  }
  return ok(Object.fromEntries(pairs));
}

function keyProblem(key: string): string | null {
  if (RESERVED.test(key)) return "a key that does not begin with _walrus";
  const byteCount = utf8Bytes(key).length;
  return byteCount >= 1 && byteCount <= ATTRIBUTE_KEY_BYTES_MAX && isText(key)
    ? null
    : `a key of 1 to ${ATTRIBUTE_KEY_BYTES_MAX} bytes without control characters`;
}

function valueProblem(value: string): string | null {
  return utf8Bytes(value).length <= ATTRIBUTE_VALUE_BYTES_MAX && isText(value)
    ? null
    : `a value of at most ${ATTRIBUTE_VALUE_BYTES_MAX} bytes without control characters`;
}

/** Well-formed Unicode, which Move's strings must be, without control characters. */
function isText(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}
