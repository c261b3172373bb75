import { expect, test } from "vitest";
import { problemStatus } from "../../../shared/http/problem.ts";
import {
  type AggregatorFailure,
  failureToProblem,
} from "../../../workers/aggregator/failure-to-problem.ts";

const CASES: readonly [AggregatorFailure, number, string][] = [
  [{ kind: "bad-blob-id", text: "x" }, 400, "INVALID_BLOB_ID"],
  [{ kind: "blob-not-found" }, 404, "BLOB_NOT_FOUND"],
  [{ kind: "blob-blocked" }, 451, "FORBIDDEN_BLOB"],
  [{ kind: "range-not-satisfiable", totalBytes: 9 }, 416, "INVALID_BYTE_RANGE"],
  [{ kind: "metadata-unavailable", notFoundWeight: 1, causes: [] }, 503, "BLOB_UNAVAILABLE"],
  [
    { kind: "slivers-unavailable", rowIndex: 0, verified: 1, required: 2, causes: [] },
    503,
    "BLOB_UNAVAILABLE",
  ],
  [
    {
      kind: "chain-unavailable",
      cause: { kind: "rpc-unreachable", call: "getObject", detail: "secret.host refused" },
    },
    503,
    "BLOB_UNAVAILABLE",
  ],
  [{ kind: "blob-inconsistent", what: "row", rowIndex: 3 }, 500, "INTERNAL_ERROR"],
];

test.each(CASES)("$kind", (failure, status, reason) => {
  const problem = failureToProblem(failure);
  expect(problemStatus(problem)).toBe(status);
  expect(problem.reason).toBe(reason);
  // What a node or an RPC server said stays in the log.
  expect(problem.message).not.toContain("secret");
});

test("a bad ID is named, but not at any length", () => {
  const problem = failureToProblem({ kind: "bad-blob-id", text: "y".repeat(5_000) });
  expect(problem.message).toContain("`blob_id`");
  expect(problem.message.length).toBeLessThan(400);
});
