/**
 * `Idempotency-Key`: one key, one upload. Pure but for the platform's SHA-256.
 *
 * The key names the upload, together with who sent it and where; the upload itself remembers the
 * query and a digest of the bytes, and takes nothing else under that name until it has failed for
 * good. It is kept as long as the state of an upload (`UPLOAD_STATE_TTL_MS`), and a day longer than
 * the token it was first used with.
 */
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { toBase64Url } from "../../shared/bytes/text.ts";
import { IDEMPOTENCY_KEY_CHARS_MAX } from "../../shared/limits.ts";
import type { Random } from "../../shared/ports.ts";
import { err, ok, type Result } from "../../shared/result.ts";
import type { Attributes } from "./attributes.ts";
import type { StoreQuery } from "./store-query.ts";
import { randomUploadId } from "./uploads.ts";

/** The key cannot be one. */
export interface IdempotencyFailure {
  readonly kind: "idempotency-key-malformed";
  readonly charsMax: number;
}

/** How an upload is named, and what it is bound to where it has a key. */
export interface UploadName {
  readonly uploadId: string;
  readonly binding?: string;
}

/** What one store asks for besides its bytes, and who does. */
export interface Asked {
  readonly query: StoreQuery;
  readonly attributes: Attributes;
  readonly sub: string | null;
}

/** Printable ASCII, as a quoted or a bare text. */
const KEY = /^[\x20-\x7e]+$/;

/** The key a request brings; `null` for none. */
export function readKey(headers: Headers): Result<string | null, IdempotencyFailure> {
  const key = headers.get("Idempotency-Key");
  return key === null || (key.length <= IDEMPOTENCY_KEY_CHARS_MAX && KEY.test(key))
    ? ok(key)
    : err({ kind: "idempotency-key-malformed", charsMax: IDEMPOTENCY_KEY_CHARS_MAX });
}

/** Names the upload of a store at `route`: by its key, or by chance where it has none. */
export async function nameUpload(
  headers: Headers,
  route: string,
  { query, attributes, sub }: Asked,
  random: Random,
): Promise<Result<UploadName, IdempotencyFailure>> {
  const key = readKey(headers);
  if (!key.ok) return key;
  if (key.value === null) return ok({ uploadId: randomUploadId(random) });
  const name = utf8Bytes(JSON.stringify([sub, route, key.value]));
  const uploadId = toBase64Url(new Uint8Array(await crypto.subtle.digest("SHA-256", name)));
  return ok({ uploadId, binding: bindingOf(query, attributes) });
}

/** Equal texts ask for the same: the order of keys in a URL and unknown ones do not matter. */
function bindingOf(query: StoreQuery, attributes: Attributes): string {
  const { epochs, deletable, force, reuseStorage, sendObjectTo, share } = query;
  return JSON.stringify([
    epochs,
    deletable,
    force,
    reuseStorage,
    sendObjectTo,
    share,
    Object.entries(attributes),
  ]);
}
