/**
 * A long video from a short one: the samples of an MP4 are laid down again and again, and its sample
 * tables are extended to match, so that players find a valid file of any size.
 *
 * Boxes and their fields: ISO/IEC 14496-12. Handles what `test/vectors/media/clip.mp4` has: one
 * `mdat`, 32-bit times and chunk offsets.
 */
const HEADER_BYTES = 8;
const CONTAINERS = new Set(["moov", "trak", "mdia", "minf", "stbl", "edts"]);
/** Where a 32-bit duration lies behind the header of a box. */
const DURATION_AT: Readonly<Record<string, number>> = { mvhd: 16, mdhd: 16, tkhd: 20, elst: 8 };

interface Box {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

interface Repetition {
  readonly times: number;
  /** Bytes of samples of the short video. */
  readonly dataBytes: number;
  /** Added to a chunk offset of the short video to find its first copy. */
  readonly shift: number;
}

/** A video of at least `byteCount` bytes that shows the short one over and over. */
export function longVideo(short: Buffer, byteCount: number): Buffer {
  const top = boxesOf(short, 0, short.length);
  const find = (type: string) => {
    const box = top.find((each) => each.type === type);
    if (box === undefined) throw new TypeError(`Cannot lengthen video: it has no ${type}`);
    return box;
  };
  const [ftyp, moov, mdat] = [find("ftyp"), find("moov"), find("mdat")];
  const data = short.subarray(mdat.start + HEADER_BYTES, mdat.end);
  const times = Math.ceil(byteCount / data.length);
  const head = short.subarray(ftyp.start, ftyp.end);
  const repetition = { times, dataBytes: data.length, shift: 0 };
  const tableBytes = repeated(short, moov, repetition).length;
  const dataStart = head.length + tableBytes + HEADER_BYTES;
  const shift = dataStart - (mdat.start + HEADER_BYTES);
  const table = repeated(short, moov, { ...repetition, shift });
  const copies = Array.from({ length: times }, () => data);
  return Buffer.concat([head, table, header("mdat", data.length * times), ...copies]);
}

function boxesOf(file: Buffer, from: number, to: number): Box[] {
  const boxes: Box[] = [];
  for (let start = from; start < to;) {
    const end = start + file.readUInt32BE(start);
    boxes.push({ type: file.toString("latin1", start + 4, start + HEADER_BYTES), start, end });
    start = end;
  }
  return boxes;
}

function repeated(file: Buffer, box: Box, repetition: Repetition): Buffer {
  const body = file.subarray(box.start + HEADER_BYTES, box.end);
  const changed = CONTAINERS.has(box.type)
    ? Buffer.concat(
        boxesOf(file, box.start + HEADER_BYTES, box.end).map((each) =>
          each.type === "stbl"
            ? sampleTable(file, each, repetition)
            : repeated(file, each, repetition),
        ),
      )
    : withDuration(box.type, body, repetition.times);
  return Buffer.concat([header(box.type, changed.length), changed]);
}

function withDuration(type: string, body: Buffer, times: number): Buffer {
  const at = DURATION_AT[type];
  if (at === undefined) return body;
  const longer = Buffer.from(body);
  longer.writeUInt32BE(body.readUInt32BE(at) * times, at);
  return longer;
}

/** The tables of one track: each is a count and as many entries. */
function sampleTable(file: Buffer, box: Box, repetition: Repetition): Buffer {
  const boxes = boxesOf(file, box.start + HEADER_BYTES, box.end);
  const bodyOf = (type: string) => {
    const found = boxes.find((each) => each.type === type);
    return found === undefined ? null : file.subarray(found.start + HEADER_BYTES, found.end);
  };
  const sampleCount = bodyOf("stsz")?.readUInt32BE(8) ?? 0;
  const chunkCount = bodyOf("stco")?.readUInt32BE(4) ?? 0;
  const { dataBytes, shift } = repetition;
  const tables: Readonly<Record<string, (body: Buffer) => Buffer>> = {
    stts: (body) => entries(body, 4, 8, repetition),
    ctts: (body) => entries(body, 4, 8, repetition),
    stsz: (body) => entries(body, 8, 4, repetition),
    sbgp: (body) => entries(body, 8, 8, repetition),
    stss: (body) => entries(body, 4, 4, repetition, (first, copy) => first + copy * sampleCount),
    stsc: (body) => entries(body, 4, 12, repetition, (first, copy) => first + copy * chunkCount),
    stco: (body) =>
      entries(body, 4, 4, repetition, (first, copy) => first + shift + copy * dataBytes),
  };
  const bodies = boxes.map(({ type, start, end }) => {
    const body = file.subarray(start + HEADER_BYTES, end);
    const changed = tables[type]?.(body) ?? body;
    return Buffer.concat([header(type, changed.length), changed]);
  });
  const size = bodies.reduce((total, each) => total + each.length, 0);
  return Buffer.concat([header("stbl", size), ...bodies]);
}

/** Entries behind a count at `countAt`, repeated; the first field of each may change by copy. */
function entries(
  body: Buffer,
  countAt: number,
  entryBytes: number,
  { times }: Repetition,
  firstField: (first: number, copy: number) => number = (first) => first,
): Buffer {
  const count = body.readUInt32BE(countAt);
  const start = countAt + 4;
  const head = Buffer.from(body.subarray(0, start));
  head.writeUInt32BE(count * times, countAt);
  const all = Buffer.alloc(count * times * entryBytes);
  for (let copy = 0; copy < times; copy++) {
    for (let index = 0; index < count; index++) {
      const to = (copy * count + index) * entryBytes;
      body.copy(all, to, start + index * entryBytes, start + (index + 1) * entryBytes);
      all.writeUInt32BE(firstField(all.readUInt32BE(to), copy), to);
    }
  }
  return Buffer.concat([head, all]);
}

function header(type: string, bodyBytes: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.writeUInt32BE(HEADER_BYTES + bodyBytes, 0);
  bytes.write(type, 4, "latin1");
  return bytes;
}
