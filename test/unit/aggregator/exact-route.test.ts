import { expect, test } from "vitest";
import { type Problem, problemStatus } from "../../../shared/http/problem.ts";
import { officialFailure } from "../../../workers/aggregator/exact-route.ts";
import {
  type AggregatorFailure,
  failureToProblem,
} from "../../../workers/aggregator/failure-to-problem.ts";

const objectId = `0x${"1".repeat(64)}`;

test.each<[AggregatorFailure, "object" | "concat" | "stream" | "byte-range", number, string]>([
  [{ kind: "object-not-found", objectId, what: "no-such-object" }, "object", 404, "BLOB_NOT_FOUND"],
  // Officially only the text of a missing object is recognised (`daemon/routes.rs`).
  [{ kind: "object-not-found", objectId, what: "not-a-blob" }, "object", 500, "INTERNAL_ERROR"],
  [{ kind: "concat-object-not-found", objectId }, "concat", 404, "OBJECT_ID_RESOLUTION_FAILED"],
  [{ kind: "strict-mismatch" }, "stream", 500, "SLIVER_RETRIEVAL_FAILED"],
  [{ kind: "lease-running" }, "byte-range", 500, "INTERNAL_ERROR"],
])("%o of the official route %s is %i %s", (failure, kind, status, reason) => {
  const problem = officialFailure(kind, failureToProblem(failure));
  const told: Problem = { ...problem, ...problem.exact };
  expect([problemStatus(told), told.reason]).toEqual([status, reason]);
});
