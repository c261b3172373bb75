/** Which names a patch may have (`quilt_encoding.rs::validate_quilt_identifier`). Pure. */
import { utf8Bytes } from "../../bytes/arrays.ts";
import { ulebBytes } from "../../bcs/writer.ts";
import { err, ok, type Result } from "../../result.ts";
import type { QuiltFailure, QuiltIdentifierReason } from "./types.ts";

/** The size field is a u16 and counts the BCS form, length prefix included. */
const IDENTIFIER_BCS_BYTES_MAX = 65_534;

/** Checks an identifier as the official encoder does. */
export function checkQuiltIdentifier(identifier: string): Result<string, QuiltFailure> {
  const reason = flawOf(identifier);
  if (reason === null) return ok(identifier);
  return err({ kind: "quilt-identifier-invalid", identifier, reason });
}

function flawOf(identifier: string): QuiltIdentifierReason | null {
  if (identifier === "") return "empty";
  if (/\p{Surrogate}/u.test(identifier)) return "not-unicode";
  // A trailing tab is both whitespace and a control character: whitespace is what users see.
  if (/\p{White_Space}$/u.test(identifier)) return "trailing-whitespace";
  if (/\p{Cc}/u.test(identifier)) return "control-character";
  const byteCount = utf8Bytes(identifier).length;
  return ulebBytes(byteCount) + byteCount > IDENTIFIER_BCS_BYTES_MAX ? "too-long" : null;
}
