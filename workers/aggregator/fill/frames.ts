/**
 * Rows on their way from a Fill object to a read: frames of a byte stream.
 *
 * A frame is a header of five bytes (u8 kind, u32 little-endian bytes of the body) and the body: a
 * verified row, or as the last one the JSON of a failure. The stream is private to one release, so
 * it has no version.
 */
import { concatBytes, utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { ExactReader } from "../../../shared/bytes/exact-reader.ts";
import { FILL_COPIED_ROW_BYTES_MAX, FILL_FRAME_BYTES_MAX } from "../../../shared/limits.ts";
import { writeParts } from "../../../shared/platform-streams.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AggregatorFailure } from "../failure-to-problem.ts";

const HEADER_BYTES = 5;
const ROW = 0;
const FAILURE = 1;

type Rows = AsyncGenerator<Result<Uint8Array, AggregatorFailure>>;

/**
 * Writes the rows to a pipe; one is asked for when the last one has been taken, the first at once: a
 * caller counts from when it asks, and rows that were never begun could not be ended, either.
 *
 * A row goes as it is, since others read the same one: the pipe must neither take its buffer nor
 * hold it once a write has ended, as those of the platform do. Never rejects: who reads is told.
 */
export async function sendRows(rows: Rows, to: WritableStream<Uint8Array>): Promise<void> {
  const writer = to.getWriter();
  try {
    for await (const row of rows) {
      const kind = row.ok ? ROW : FAILURE;
      const body = row.ok ? row.value : utf8Bytes(JSON.stringify(row.failure));
      const header = headerOf(kind, body.length);
      if (body.length < FILL_COPIED_ROW_BYTES_MAX) {
        await writer.write(concatBytes(header, body));
        continue;
      }
      await writer.write(header);
      await writeParts(writer, body);
    }
    await writer.close();
  } catch (error) {
    // The reader has gone, or the rows broke off.
    await writer.abort(error).catch(() => undefined);
  }
}

function headerOf(kind: number, byteCount: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = kind;
  new DataView(header.buffer).setUint32(1, byteCount, true);
  return header;
}

/** Where the next row of so many bytes is to be put; `null` for into a buffer of its own. */
export type RowPlace = (byteCount: number) => Uint8Array | null;

/**
 * Reads frames back; whoever stops early cancels the stream. A row is its reader's own.
 *
 * @throws {RangeError} For a frame no Fill object writes.
 * @throws {Error} When the stream breaks off: the object is gone.
 */
export async function* rowsOf(
  stream: ReadableStream<Uint8Array>,
  place: RowPlace = () => null,
): Rows {
  const source = new ExactReader(stream);
  try {
    for (;;) {
      const header = await source.read(HEADER_BYTES);
      if (header === null) return;
      const byteCount = new DataView(header.buffer).getUint32(1, true);
      const [kind] = header;
      if ((kind !== ROW && kind !== FAILURE) || byteCount > FILL_FRAME_BYTES_MAX) {
        throw new RangeError(`Cannot read frame: kind ${kind} of ${byteCount} bytes`);
      }
      const row = kind === ROW ? place(byteCount) : null;
      const body = row === null ? await source.read(byteCount) : await source.readTo(row);
      if (body === null) throw new Error("Cannot read frame: the stream ended after its header");
      if (kind === ROW) {
        yield ok(body);
        continue;
      }
      yield err(JSON.parse(new TextDecoder().decode(body)) as AggregatorFailure);
      return;
    }
  } finally {
    source.cancel();
  }
}
