/** What of a failed read is worth a line in the log. */
import type { Log } from "../../shared/ports.ts";
import { unreachable } from "../../shared/result.ts";
import type { AggregatorFailure } from "./failure-to-problem.ts";

/** A client's own mistakes are not news; what the network did is. */
export function logFailure(log: Log, id: string, failure: AggregatorFailure): void {
  const base = { event: "read.failed", id, failure: failure.kind };
  switch (failure.kind) {
    case "range-not-satisfiable":
    case "blob-not-found":
    case "blob-too-large":
    case "object-not-found":
    case "concat-object-not-found":
    case "patch-not-found":
    case "patch-too-large":
    case "strict-too-large":
      return;
    case "blob-blocked":
      log.info({ event: "read.blocked", id });
      return;
    case "chain-unavailable":
      log.error({ ...base, failure: failure.cause.kind });
      return;
    case "blob-inconsistent":
    case "strict-mismatch":
    case "lease-running":
    case "overloaded":
    case "absence-unproven":
      log.warn(base);
      return;
    case "metadata-unavailable":
    case "slivers-unavailable":
    case "column-unavailable":
      log.warn({
        ...base,
        causes: failure.causes.map((cause) => `${cause.nodeId} ${cause.kind}`),
      });
      return;
    default:
      unreachable(failure);
  }
}
