/**
 * Rows asked for before they are needed: a few ahead in this invocation's own slots, or all of a run
 * through lanes.
 */
import type { Sliver } from "../codec/index.ts";
import { READ_WINDOW_BYTES_MAX, READ_WINDOW_ROWS_MAX } from "../limits.ts";
import type { BlobGeometry } from "./read-geometry.ts";
import { askLanes, type RowLane } from "./read-lanes.ts";
import {
  type BlobReading,
  countWord,
  fetchPrimarySliver,
  ownersHaveFailed,
  shardOfPair,
  type RowTicket,
  type SliverWord,
} from "./read-sliver.ts";
import type { RowStore } from "./read-store.ts";

/** A row that is on its way. */
export interface TakenRow extends RowTicket {
  /** Gives it up. */
  abort(): void;
}

/** Where rows are taken, in order. */
export interface RowDesk {
  take(rowIndex: number): TakenRow;
  /** Gives up what has not come and nobody has taken, so that slots are free; asked anew later. */
  drop(): void;
  /** Gives up everything: no row is taken any more. */
  close(): void;
}

const NEVER: Promise<void> = new Promise(() => undefined);

/** Asks for up to a window of rows before `end` ahead of the one that is taken. */
export function askAhead(
  reading: BlobReading,
  store: RowStore,
  end: number,
  signal: AbortSignal | undefined,
): RowDesk {
  const width = windowRows(reading.geometry);
  const pending = new Map<number, TakenRow & { isDone: boolean }>();

  function ask(rowIndex: number): TakenRow & { isDone: boolean } {
    const held = store.held(rowIndex);
    if (held !== null || ownersHaveFailed(reading, rowIndex) || signal?.aborted === true) {
      const answer = Promise.resolve(held ?? ("failed" as const));
      return { answer, slow: NEVER, abort() {}, isDone: true };
    }
    const stop = new AbortController();
    const abort = () => stop.abort(new DOMException("The row is not needed", "AbortError"));
    const ticket = fetchPrimarySliver(reading, rowIndex, joined(signal, stop));
    const row = { ...ticket, abort, isDone: false };
    row.answer = ticket.answer.then((outcome) => {
      row.isDone = true;
      return kept(store, outcome);
    });
    return row;
  }

  function drop(): void {
    for (const [rowIndex, row] of pending) {
      if (row.isDone) continue;
      row.abort();
      pending.delete(rowIndex);
    }
  }

  return {
    take(rowIndex) {
      for (let next = rowIndex; next < Math.min(rowIndex + width, end); next++) {
        if (!pending.has(next)) pending.set(next, ask(next));
      }
      const row = pending.get(rowIndex) ?? ask(rowIndex);
      pending.delete(rowIndex);
      return row;
    },
    drop,
    close: drop,
  };
}

/** Asks for all rows `firstRow` to `end` at once, through lanes. */
export function askThroughLanes(
  reading: BlobReading,
  store: RowStore,
  lane: RowLane,
  firstRow: number,
  end: number,
  signal: AbortSignal | undefined,
): RowDesk {
  const own = askAhead(reading, store, end, signal);
  if (signal?.aborted === true) return own;
  const { metadata, committees, geometry } = reading;
  const rowIndices: number[] = [];
  for (let rowIndex = firstRow; rowIndex < end; rowIndex++) {
    if (store.held(rowIndex) === null) rowIndices.push(rowIndex);
  }
  const job = { metadata, committees, rowIndices };
  const lanes = askLanes(lane, job, geometry.symbolBytes, (rowIndex) =>
    reading.missed.add(rowIndex),
  );
  const onAbort = () => lanes.stop();
  signal?.addEventListener("abort", onAbort, { once: true });
  const asked = new Set(rowIndices);

  async function answerOf(rowIndex: number, ticket: RowTicket): Promise<Sliver | SliverWord> {
    const outcome = await ticket.answer;
    // Nobody has asked the owner yet: the lane is gone.
    if (outcome === "lost") return own.take(rowIndex).answer;
    if (typeof outcome === "string") {
      countWord(reading, outcome, [shardOfPair(reading, rowIndex)]);
    }
    return kept(store, outcome);
  }

  return {
    take(rowIndex) {
      if (!asked.has(rowIndex)) return own.take(rowIndex);
      const ticket = lanes.ticket(rowIndex);
      return { answer: answerOf(rowIndex, ticket), slow: ticket.slow, abort() {} };
    },
    drop: () => own.drop(),
    close() {
      signal?.removeEventListener("abort", onAbort);
      lanes.stop();
      own.close();
    },
  };
}

function kept(store: RowStore, outcome: Sliver | SliverWord): Sliver | SliverWord {
  if (typeof outcome === "object") store.keep(outcome);
  return outcome;
}

function joined(signal: AbortSignal | undefined, stop: AbortController): AbortSignal {
  return signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
}

function windowRows(geometry: BlobGeometry): number {
  const fitting = Math.floor(READ_WINDOW_BYTES_MAX / geometry.rowBytes);
  return Math.max(1, Math.min(READ_WINDOW_ROWS_MAX, fitting));
}
