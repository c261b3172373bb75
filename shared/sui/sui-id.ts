/** Sui's IDs of objects and addresses as texts. Pure. */

/**
 * An ID as Sui writes it in full, `0x` and 64 lower-case hex digits; `null` for what is none.
 *
 * Read as Sui's `ObjectID::from_str` does: 64 hex digits with or without `0x`, or `0x` and fewer of
 * them, which are then padded.
 */
export function parseSuiId(text: string): string | null {
  const digits = /^(?:0x([0-9a-fA-F]{1,64})|([0-9a-fA-F]{64}))$/.exec(text);
  const hex = digits?.[1] ?? digits?.[2];
  return hex === undefined ? null : `0x${hex.toLowerCase().padStart(64, "0")}`;
}

/**
 * The same of an address, read as Sui's `SuiAddress` is: 64 digits and no fewer, so that one that was
 * cut off is not taken for another one.
 */
export function parseSuiAddress(text: string): string | null {
  return /^(?:0x)?[0-9a-fA-F]{64}$/.test(text) ? parseSuiId(text) : null;
}
