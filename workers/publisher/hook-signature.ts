/**
 * Standard Webhooks: is this delivery authentic and fresh?
 *
 * HMAC-SHA256 over `id.timestamp.body`, the body as raw bytes, compared by `crypto.subtle.verify`
 * (constant time). Reads no clock: the caller passes the time. Source: the Standard Webhooks
 * specification 1.0, §"Signature scheme".
 */
import { concatBytes, utf8Bytes } from "../../shared/bytes/arrays.ts";
import { fromBase64 } from "../../shared/bytes/text.ts";
import {
  HOOK_EVENT_ID_CHARS_MAX,
  HOOK_SECRET_BYTES_MAX,
  HOOK_SECRET_BYTES_MIN,
  HOOK_SIGNATURES_MAX,
  HOOK_TOLERANCE_SECONDS,
} from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** Why a delivery is refused. */
export type HookFailure =
  | { readonly kind: "hook-header-missing"; readonly header: string }
  | { readonly kind: "hook-header-malformed"; readonly header: string }
  | { readonly kind: "hook-stale"; readonly toleranceSeconds: number }
  | { readonly kind: "hook-signature-mismatch" };

/** A delivery that is authentic. */
export interface HookDelivery {
  /** `webhook-id`: the same for every repetition of one event. */
  readonly eventId: string;
}

const SECRET_PREFIX = "whsec_";
const SCHEME_PREFIX = "v1,";
const MS_PER_SECOND = 1_000;

/** The key bytes of a `whsec_` text; `null` unless it is base64 of 24 to 64 bytes. */
export function parseHookSecret(text: string): Uint8Array | null {
  if (!text.startsWith(SECRET_PREFIX)) return null;
  const bytes = fromBase64(text.slice(SECRET_PREFIX.length));
  if (bytes === null) return null;
  return bytes.length >= HOOK_SECRET_BYTES_MIN && bytes.length <= HOOK_SECRET_BYTES_MAX
    ? bytes
    : null;
}

/** Checks one delivery against every secret of its source (two while one is being replaced). */
export async function verifyDelivery(
  headers: Headers,
  body: Uint8Array,
  secrets: readonly Uint8Array[],
  nowMs: number,
): Promise<Result<HookDelivery, HookFailure>> {
  const id = requiredHeader(headers, "webhook-id");
  if (!id.ok) return id;
  if (id.value.length > HOOK_EVENT_ID_CHARS_MAX) return malformed("webhook-id");
  const timestamp = requiredHeader(headers, "webhook-timestamp");
  if (!timestamp.ok) return timestamp;
  if (!/^\d{1,12}$/.test(timestamp.value)) return malformed("webhook-timestamp");
  const signatures = requiredHeader(headers, "webhook-signature");
  if (!signatures.ok) return signatures;

  const candidates = parseSignatures(signatures.value);
  if (candidates.length === 0) return malformed("webhook-signature");
  const signed = concatBytes(utf8Bytes(`${id.value}.${timestamp.value}.`), body);
  if (!(await anyVerifies(signed, candidates, secrets))) {
    return err({ kind: "hook-signature-mismatch" });
  }
  // After the signature, so that nobody without the secret learns anything from the clock.
  const ageSeconds = Math.abs(nowMs / MS_PER_SECOND - Number(timestamp.value));
  if (ageSeconds > HOOK_TOLERANCE_SECONDS) {
    return err({ kind: "hook-stale", toleranceSeconds: HOOK_TOLERANCE_SECONDS });
  }
  return ok({ eventId: id.value });
}

function requiredHeader(headers: Headers, header: string): Result<string, HookFailure> {
  const value = headers.get(header)?.trim() ?? "";
  return value === "" ? err({ kind: "hook-header-missing", header }) : ok(value);
}

function malformed(header: string): Result<never, HookFailure> {
  return err({ kind: "hook-header-malformed", header });
}

/** Space-separated `version,base64`; other versions than v1 (asymmetric v1a) are passed over. */
function parseSignatures(text: string): Uint8Array<ArrayBuffer>[] {
  return text
    .split(" ")
    .filter((part) => part.startsWith(SCHEME_PREFIX))
    .slice(0, HOOK_SIGNATURES_MAX)
    .map((part) => fromBase64(part.slice(SCHEME_PREFIX.length)))
    .filter((bytes) => bytes !== null)
    .map((bytes) => new Uint8Array(bytes));
}

async function anyVerifies(
  signed: Uint8Array<ArrayBuffer>,
  candidates: readonly Uint8Array<ArrayBuffer>[],
  secrets: readonly Uint8Array[],
): Promise<boolean> {
  for (const secret of secrets) {
    const key = await crypto.subtle.importKey(
      "raw",
      new Uint8Array(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["verify"],
    );
    for (const candidate of candidates) {
      if (await crypto.subtle.verify("HMAC", key, candidate, signed)) return true;
    }
  }
  return false;
}
