import { expect, test } from "vitest";
import { problemStatus } from "../../../shared/http/problem.ts";
import {
  type AggregatorFailure,
  failureToProblem,
} from "../../../workers/aggregator/failure-to-problem.ts";
import { badId } from "../../../workers/aggregator/refusals.ts";

const CASES: readonly [AggregatorFailure, number, string][] = [
  [{ kind: "lease-running" }, 503, "BLOB_UNAVAILABLE"],
  [{ kind: "object-not-found", objectId: "0x1", what: "no-such-object" }, 404, "BLOB_NOT_FOUND"],
  [{ kind: "object-not-found", objectId: "0x1", what: "not-a-blob" }, 404, "BLOB_NOT_FOUND"],
  [{ kind: "concat-object-not-found", objectId: "0x1" }, 404, "OBJECT_ID_RESOLUTION_FAILED"],
  [{ kind: "patch-not-found", what: "not-a-quilt" }, 404, "QUILT_PATCH_NOT_FOUND"],
  [{ kind: "patch-too-large", patchBytes: 9e9 }, 403, "BLOB_TOO_LARGE"],
  [{ kind: "strict-too-large", unencodedBytes: 9e9 }, 400, "INVALID_CONSISTENCY_CHECK"],
  [{ kind: "strict-mismatch" }, 500, "INTERNAL_ERROR"],
  [
    { kind: "column-unavailable", columnIndex: 0, verified: 1, required: 2, causes: [] },
    503,
    "BLOB_UNAVAILABLE",
  ],
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
  const problem = badId("blob_id", "y".repeat(5_000));
  expect(problem.message).toContain("`blob_id`");
  expect(problem.message.length).toBeLessThan(400);
});
