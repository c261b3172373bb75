/**
 * Rows on their way from a Fill object to a read: frames of a byte stream.
 *
 * A frame is a header of five bytes (u8 kind, u32 little-endian bytes of the body) and the body: a
 * verified row, or as the last one the JSON of a failure. The stream is private to one release, so
 * it has no version.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { ExactReader } from "../../../shared/bytes/exact-reader.ts";
import { FILL_FRAME_BYTES_MAX } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { AggregatorFailure } from "../failure-to-problem.ts";

const HEADER_BYTES = 5;
const ROW = 0;
const FAILURE = 1;

type Rows = AsyncGenerator<Result<Uint8Array, AggregatorFailure>>;

/**
 * The rows as a byte stream; one is asked for when the last one has been taken, the first at once: a
 * caller counts from when it asks, and rows that were never begun could not be ended, either.
 */
export function framesOf(rows: Rows): ReadableStream<Uint8Array> {
  let first: ReturnType<Rows["next"]> | null = rows.next();
  // Whoever reads is told.
  first.catch(() => undefined);
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const step = await (first ?? rows.next());
      first = null;
      if (step.done === true) {
        controller.close();
        // Who waits with a buffer of its own is told that nothing comes into it any more.
        controller.byobRequest?.respond(0);
        return;
      }
      const row = step.value;
      const kind = row.ok ? ROW : FAILURE;
      const body = row.ok ? row.value : utf8Bytes(JSON.stringify(row.failure));
      const frame = new Uint8Array(HEADER_BYTES + body.length);
      frame[0] = kind;
      new DataView(frame.buffer).setUint32(1, body.length, true);
      frame.set(body, HEADER_BYTES);
      controller.enqueue(frame);
    },
    async cancel() {
      await rows.return(undefined);
    },
  });
}

/**
 * Reads frames back; whoever stops early cancels the stream.
 *
 * @throws {RangeError} For a frame no Fill object writes.
 * @throws {Error} When the stream breaks off: the object is gone.
 */
export async function* rowsOf(stream: ReadableStream<Uint8Array>): Rows {
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
      const body = await source.read(byteCount);
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
