/** Refusals of queries as problems. Pure; part of the one switch in failure-to-problem.ts. */
import { type ExactAnswer, type Problem, unreadable, echoed } from "../../shared/http/problem.ts";
import type { QueryFailure } from "./query.ts";

/** The problem to answer with; in exact mode what axum says where it cannot read a query. */
export function queryProblem(failure: QueryFailure): Problem {
  switch (failure.kind) {
    case "query-malformed":
      return {
        ...badQuery(
          failure.parameter,
          unreadable(failure.parameter, failure.value, failure.expected),
        ),
        exact: unreadQuery(
          failure.value === null
            ? `missing field \`${failure.parameter}\``
            : `${failure.parameter}: expected ${failure.expected}`,
        ),
      };
    case "query-too-many":
      return {
        ...badQuery(
          failure.parameter,
          `there are more than ${failure.countMax} query parameters ${failure.parameter}.<key>`,
        ),
        metadata: { parameter: failure.parameter, limitCount: String(failure.countMax) },
      };
    case "query-unknown":
      return {
        ...badQuery(failure.parameter, `there is no query parameter ${failure.parameter}`),
        exact: unreadQuery(`unknown field \`${echoed(failure.parameter)}\``),
      };
    case "query-repeated":
      return {
        ...badQuery(failure.parameter, `the query parameter ${failure.parameter} is given twice`),
        exact: unreadQuery(`duplicate field \`${failure.parameter}\``),
      };
    case "query-unsupported":
      return badQuery(
        failure.parameter,
        `this gateway does not support ${failure.parameter}=${failure.value}`,
      );
    case "query-conflict":
      return {
        ...badQuery(
          failure.parameters.join(","),
          `the query parameters ${failure.parameters.join(" and ")} exclude each other`,
        ),
        exact: unreadQuery(`unknown field \`${failure.parameters.at(-1)}\``),
      };
    case "persistence-conflict":
      return {
        statusWord: "INVALID_ARGUMENT",
        reason: "INVALID_BLOB_PERSISTENCE",
        message: "a blob is either deletable or permanent, not both",
        metadata: { parameter: "deletable,permanent" },
      };
  }
}

/** 400 for a parameter; the metadata names it. */
export function badQuery(parameter: string, message: string): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    reason: "MALFORMED_REQUEST",
    message,
    metadata: { parameter },
  };
}

/** What axum says where the official publisher cannot read a query. */
function unreadQuery(detail: string): ExactAnswer {
  return { status: 400, text: `Failed to deserialize query string: ${detail}` };
}
