/** Object IDs as callers write them. Pure. */

/** What `ObjectID::from_str` takes (sui-types `base_types.rs`): in full, or `0x` and less. */
const OBJECT_ID = /^(?:0x[0-9a-fA-F]{1,64}|[0-9a-fA-F]{64})$/;
const OBJECT_ID_HEX_DIGITS = 64;

/** The ID as Sui writes it in full; `null` for anything else. */
export function parseObjectId(text: string): string | null {
  if (!OBJECT_ID.test(text)) return null;
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  return `0x${digits.toLowerCase().padStart(OBJECT_ID_HEX_DIGITS, "0")}`;
}
