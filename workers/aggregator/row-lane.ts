/**
 * `RowFetcher`: one invocation of a read, with six requests in flight of its own.
 *
 * Reads call it through `ctx.exports`, so each call is an invocation of this same Worker. It keeps
 * nothing.
 */
import { WorkerEntrypoint } from "cloudflare:workers";
import { freeBytes } from "../../shared/bytes/arrays.ts";
import {
  type RowLane,
  type RowLaneJob,
  type RowReport,
  runRowLane,
} from "../../shared/nodes/read-lanes.ts";
import { type AggregatorEnv, createServices } from "./compose.ts";

export class RowFetcher extends WorkerEntrypoint<AggregatorEnv> implements RowLane {
  /** See `RowLane.fetchRows`. */
  fetchRows(
    job: RowLaneJob,
    report: (row: RowReport) => Promise<boolean> | boolean,
  ): Promise<void> {
    const services = createServices(this.env, (work) => this.ctx.waitUntil(work));
    return runRowLane(services, job, async (row) => {
      try {
        return await report(row);
      } finally {
        // What went to the other invocation is a copy.
        if (typeof row.outcome === "object") freeBytes(row.outcome);
      }
    });
  }
}
