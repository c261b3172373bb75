/**
 * Rows through lanes: invocations that have six requests in flight of their own.
 *
 * One invocation has six slots, so more than a dozen rows would come in many round trips. Rows are
 * dealt to the lanes in turn, so that the first ones come first whatever their number; each lane
 * verifies what it fetches and hands rows over as they come. A lane that is lost is not missed:
 * whoever waits for its rows fetches them itself.
 */
import type { Sliver, VerifiedMetadata } from "../codec/index.ts";
import { READ_LANE_BYTES_MAX, READ_LANE_ROWS_MAX, READ_LANES_MAX } from "../limits.ts";
import type { Committees } from "../protocol/epoch.ts";
import { type BlobGeometry, blobGeometry } from "./read-geometry.ts";
import type { ReadPorts } from "./read-metadata.ts";
import {
  createReading,
  fetchPrimarySliver,
  type RowTicket,
  type SliverWord,
} from "./read-sliver.ts";

/** What one lane does. Plain data: it travels to another invocation. */
export interface RowLaneJob {
  readonly metadata: VerifiedMetadata;
  readonly committees: Committees;
  /** In the order in which they are needed. */
  readonly rowIndices: readonly number[];
}

/** What a lane says of one row. */
export interface RowReport {
  readonly rowIndex: number;
  /** The verified row, that its owner is slow, or why there is none. */
  readonly outcome: Uint8Array | SliverWord | "slow";
}

/** A lane as a read sees it; a loopback entrypoint in production. */
export interface RowLane {
  /** Resolves when every row is reported. Stops early when `report` resolves with `false`. */
  fetchRows(job: RowLaneJob, report: (row: RowReport) => Promise<boolean> | boolean): Promise<void>;
}

/** Runs one lane's job: several rows at once, within a window of memory. */
export async function runRowLane(
  ports: ReadPorts,
  { metadata, committees, rowIndices }: RowLaneJob,
  report: (row: RowReport) => Promise<boolean> | boolean,
): Promise<void> {
  const geometry = blobGeometry(metadata.unencodedBytes, metadata.shardCount);
  const reading = createReading(ports, committees, metadata, geometry);
  const stop = new AbortController();
  const waiting = [...rowIndices];

  async function tell(row: RowReport): Promise<void> {
    let goesOn = false;
    try {
      goesOn = await report(row);
    } catch {
      // Whoever wanted the rows has gone.
    }
    if (!goesOn) stop.abort(new DOMException("The rows are not needed", "AbortError"));
  }

  async function work(): Promise<void> {
    for (;;) {
      const rowIndex = waiting.shift();
      if (rowIndex === undefined || stop.signal.aborted) return;
      const ticket = fetchPrimarySliver(reading, rowIndex, stop.signal);
      void ticket.slow.then(() => tell({ rowIndex, outcome: "slow" }));
      const outcome = await ticket.answer;
      await tell({ rowIndex, outcome: typeof outcome === "string" ? outcome : outcome.data });
    }
  }

  await Promise.all(Array.from({ length: laneWidth(geometry) }, work));
}

/** Bytes that lanes hold beside the rows they have handed over: for whoever reserves memory. */
export function laneBytes(geometry: BlobGeometry, rowCount: number): number {
  // The chunks of a body and the whole of it.
  return 2 * laneCount(rowCount) * laneWidth(geometry) * geometry.rowBytes;
}

/**
 * Deals rows `rowIndices` to lanes and gives a ticket for each.
 *
 * @param onMissed Called at once for a row that no owner gives, before anybody has come to take it.
 */
export function askLanes(
  lane: RowLane,
  job: RowLaneJob,
  symbolBytes: number,
  onMissed: (rowIndex: number) => void,
): { ticket(rowIndex: number): RowTicket; stop(): void } {
  const desks = new Map(job.rowIndices.map((rowIndex) => [rowIndex, createDesk()]));
  let isWanted = true;
  const count = laneCount(job.rowIndices.length);
  for (let first = 0; first < count; first++) {
    const rowIndices = job.rowIndices.filter((_, index) => index % count === first);
    const report = ({ rowIndex, outcome }: RowReport): boolean => {
      const desk = desks.get(rowIndex);
      if (outcome === "slow") desk?.slow();
      else if (typeof outcome === "string") {
        if (outcome !== "lost") onMissed(rowIndex);
        desk?.answer(outcome);
      } else desk?.answer({ axis: "primary", sliverIndex: rowIndex, symbolBytes, data: outcome });
      return isWanted;
    };
    // Lost with what it had not yet reported: then those rows have no owner that answers.
    lane
      .fetchRows({ ...job, rowIndices }, report)
      .catch(() => undefined)
      .finally(() => rowIndices.forEach((rowIndex) => desks.get(rowIndex)?.answer("lost")))
      .catch(() => undefined);
  }
  return {
    ticket(rowIndex) {
      const desk = desks.get(rowIndex);
      if (desk === undefined) throw new RangeError(`Cannot take row ${rowIndex}: it was not asked`);
      return desk.ticket;
    },
    stop() {
      isWanted = false;
      for (const desk of desks.values()) desk.answer("failed");
    },
  };
}

function createDesk(): {
  readonly ticket: RowTicket;
  slow(): void;
  answer(outcome: Sliver | SliverWord): void;
} {
  const answer = Promise.withResolvers<Sliver | SliverWord>();
  const slow = Promise.withResolvers<void>();
  return {
    ticket: { answer: answer.promise, slow: slow.promise },
    slow: slow.resolve,
    answer: answer.resolve,
  };
}

function laneCount(rowCount: number): number {
  return Math.max(1, Math.min(READ_LANES_MAX, Math.ceil(rowCount / READ_LANE_ROWS_MAX)));
}

function laneWidth({ rowBytes }: BlobGeometry): number {
  const fitting = Math.floor(READ_LANE_BYTES_MAX / rowBytes);
  return Math.max(1, Math.min(READ_LANE_ROWS_MAX, fitting));
}
