/**
 * A digest of a body as it comes in rows: SHA-256 of the SHA-256 of each row.
 *
 * Web Crypto hashes whole buffers only; rows are of one size whatever the chunks were, so equal
 * bodies have equal digests.
 */
import { concatBytes } from "../../../shared/bytes/arrays.ts";
import { toHex } from "../../../shared/bytes/text.ts";

/** The digest of one body, row by row. */
export class RowDigest {
  readonly #rows: Promise<ArrayBuffer>[] = [];

  add(row: Uint8Array<ArrayBuffer>): void {
    this.#rows.push(crypto.subtle.digest("SHA-256", row));
  }

  /** Hex of 32 bytes. */
  async finish(): Promise<string> {
    const rows = await Promise.all(this.#rows);
    const all = concatBytes(...rows.map((row) => new Uint8Array(row)));
    return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", all)));
  }
}
