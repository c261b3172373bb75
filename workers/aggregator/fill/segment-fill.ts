/**
 * One segment of one blob being read from the storage nodes for everybody who asks meanwhile.
 *
 * Every row is fetched once, however many callers want it, and only rows that somebody wants.
 * Nobody owns the work: when a caller leaves it goes on for the others, and when the last one has
 * left it stops, and the memory of its rows is given back at once. What it holds (at most one segment, and what is under way) is
 * reserved first.
 */
import type { BlobGeometry, RowSpan } from "../../../shared/nodes/read-geometry.ts";
import type { ReadFailure } from "../../../shared/nodes/read-failure.ts";
import { laneBytes } from "../../../shared/nodes/read-lanes.ts";
import type { RowReader } from "../../../shared/nodes/read-rows.ts";
import { err, type Result } from "../../../shared/result.ts";
import { freeBytes } from "../../../shared/bytes/arrays.ts";
import { HeldMemory } from "../../../shared/held-memory.ts";
import type { WorkingMemory } from "../../../shared/working-memory.ts";

type Row = Result<Uint8Array, ReadFailure>;

/** Opens the blob for reading; `withoutMemory` as in `RowOptions`. */
export type OpenReader = (
  withoutMemory: <T>(work: () => Promise<T>) => Promise<T>,
) => Result<RowReader, ReadFailure>;

/** How much of a segment was given to somebody. */
export type Given = "nothing" | "some" | "all";

/** Callers of one segment; rows are plain bytes, shared by all, and gone once the last has left. */
export class SegmentFill {
  readonly #memory: WorkingMemory;
  #run: FillRun | null = null;
  #given: Given = "nothing";

  constructor(memory: WorkingMemory) {
    this.#memory = memory;
  }

  /** What those who have left were given. */
  get given(): Given {
    return this.#given;
  }

  /** How many callers there are. */
  get callerCount(): number {
    return this.#run?.callerCount ?? 0;
  }

  /** The rows of `span` in order; a failure is the last thing that is yielded. */
  async *rows(open: OpenReader, geometry: BlobGeometry, span: RowSpan): AsyncGenerator<Row> {
    this.#run ??= new FillRun(this.#memory, open, geometry);
    const run = this.#run;
    run.enter();
    try {
      await run.reserved;
      for (const coming of run.want(span)) {
        const row = await coming;
        yield row;
        if (!row.ok) return;
      }
    } finally {
      // Whoever leaves last takes the rows along.
      const { given } = run;
      if (run.leave() && this.#run === run) {
        this.#run = null;
        if (this.#given !== "all") this.#given = given === "nothing" ? this.#given : given;
      }
    }
  }
}

/** From the first caller to the last. */
class FillRun {
  readonly #open: OpenReader;
  readonly #held: HeldMemory;
  readonly #rows = new Map<number, PromiseWithResolvers<Row>>();
  readonly #stop = new AbortController();
  /** Resolves when the memory is there. */
  readonly reserved: Promise<void>;
  #reader: Result<RowReader, ReadFailure> | null = null;
  /** Rows of the whole segment, and those of them that are here. */
  readonly #rowCount: number;
  readonly #arrived: Uint8Array[] = [];
  callerCount = 0;

  constructor(memory: WorkingMemory, open: OpenReader, geometry: BlobGeometry) {
    this.#open = open;
    const rowCount = Math.min(geometry.segmentRowCount, geometry.contentRowCount);
    this.#held = new HeldMemory(
      memory,
      rowCount * geometry.rowBytes,
      laneBytes(geometry, rowCount),
    );
    this.#rowCount = rowCount;
    this.reserved = this.#held.take(this.#stop.signal);
    // Callers await it; when none is left there is nobody to tell.
    this.reserved.catch(() => undefined);
  }

  get given(): Given {
    if (this.#arrived.length === 0) return "nothing";
    return this.#arrived.length >= this.#rowCount ? "all" : "some";
  }

  enter(): void {
    this.callerCount++;
  }

  /** @returns Whether that was the last caller. */
  leave(): boolean {
    this.callerCount--;
    if (this.callerCount > 0) return false;
    this.#stop.abort(new DOMException("Nobody wants the rows any more", "AbortError"));
    this.#held.release();
    this.#rows.clear();
    for (const row of this.#arrived) freeBytes(row);
    this.#arrived.length = 0;
    return true;
  }

  /** The rows of `span`, in order; those that nobody has asked for yet are begun. */
  want(span: RowSpan): Promise<Row>[] {
    const coming: Promise<Row>[] = [];
    this.#begin(span);
    for (let index = span.firstRow; index < span.firstRow + span.rowCount; index++) {
      const row = this.#rows.get(index);
      if (row !== undefined) coming.push(row.promise);
    }
    return coming;
  }

  #begin(span: RowSpan): void {
    const end = span.firstRow + span.rowCount;
    let firstRow = span.firstRow;
    while (firstRow < end) {
      if (this.#rows.has(firstRow)) {
        firstRow++;
        continue;
      }
      let next = firstRow;
      while (next < end && !this.#rows.has(next)) {
        this.#rows.set(next, unheard());
        next++;
      }
      const missing = { firstRow, rowCount: next - firstRow };
      this.#read(missing).catch((error: unknown) => this.#break(missing, error));
      firstRow = next;
    }
  }

  async #read(span: RowSpan): Promise<void> {
    this.#reader ??= this.#open((work) => this.#held.without(work, this.#stop.signal));
    if (!this.#reader.ok) return this.#fail(span, this.#reader.failure);
    let index = span.firstRow;
    for await (const row of this.#reader.value.rows(span, this.#stop.signal)) {
      if (!row.ok) {
        const rowCount = span.firstRow + span.rowCount - index;
        return this.#fail({ firstRow: index, rowCount }, row.failure);
      }
      this.#rows.get(index)?.resolve(row);
      index++;
      this.#arrived.push(row.value);
      if (this.#arrived.length >= this.#rowCount) this.#held.hasPassed();
    }
  }

  /** Whoever waits for these rows is told why; whoever comes later asks anew. */
  #fail({ firstRow, rowCount }: RowSpan, failure: ReadFailure): void {
    for (let index = firstRow; index < firstRow + rowCount; index++) {
      this.#rows.get(index)?.resolve(err(failure));
      this.#rows.delete(index);
    }
  }

  /** A defect of ours reaches every caller as what it is. */
  #break({ firstRow, rowCount }: RowSpan, error: unknown): void {
    for (let index = firstRow; index < firstRow + rowCount; index++) {
      this.#rows.get(index)?.reject(error);
      this.#rows.delete(index);
    }
  }
}

/** A row to come; when nobody waits for it, nobody need be told that it will not. */
function unheard(): PromiseWithResolvers<Row> {
  const row = Promise.withResolvers<Row>();
  row.promise.catch(() => undefined);
  return row;
}
