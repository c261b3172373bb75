/** `multipart/byteranges` (RFC 9110 §14.6): several parts of one content in one answer. */
import { utf8Bytes } from "../../shared/bytes/arrays.ts";
import { toHex } from "../../shared/bytes/text.ts";
import { type ByteRange, contentRange } from "../../shared/http/range.ts";
import type { Random } from "../../shared/ports.ts";
import type { Pieces, Representation } from "./representation.ts";

const BOUNDARY_BYTES = 16;

/** A body of parts, of known length. */
export interface Multipart {
  readonly contentType: string;
  readonly byteCount: number;
  readonly pieces: Pieces;
}

/** The parts in the order asked for. The boundary is random, so that no content can hold it. */
export function multipart(
  content: Representation,
  ranges: readonly ByteRange[],
  random: Random,
  signal: AbortSignal,
): Multipart {
  const boundary = toHex(random.bytes(BOUNDARY_BYTES));
  const heads = ranges.map((range) => partHead(content, range, boundary));
  const tail = utf8Bytes(`\r\n--${boundary}--\r\n`);
  const framed = heads.reduce((total, head) => total + head.length, tail.length);
  const carried = ranges.reduce((total, range) => total + range.end - range.start, 0);
  return {
    contentType: `multipart/byteranges; boundary=${boundary}`,
    byteCount: framed + carried,
    pieces: parts(content, ranges, heads, tail, signal),
  };
}

async function* parts(
  content: Representation,
  ranges: readonly ByteRange[],
  heads: readonly Uint8Array[],
  tail: Uint8Array,
  signal: AbortSignal,
): Pieces {
  for (const [index, range] of ranges.entries()) {
    let head = heads[index] ?? new Uint8Array(0);
    for await (const piece of content.bytes(range, signal)) {
      if (!piece.ok) {
        yield piece;
        return;
      }
      if (head.length > 0) {
        yield { ok: true, value: { bytes: head, tier: piece.value.tier } };
        head = new Uint8Array(0);
      }
      yield piece;
    }
  }
  yield { ok: true, value: { bytes: tail, tier: null } };
}

function partHead({ contentType, totalBytes }: Representation, range: ByteRange, boundary: string) {
  const lines = [`--${boundary}`];
  if (contentType !== null) lines.push(`Content-Type: ${contentType}`);
  lines.push(`Content-Range: ${contentRange(range, totalBytes)}`);
  return utf8Bytes(`\r\n${lines.join("\r\n")}\r\n\r\n`);
}
