/** One request at the aggregator: its services, its query, and how it is answered or refused. */
import type { Dialect } from "../../shared/http/compat.ts";
import type { Problem } from "../../shared/http/problem.ts";
import type { Result } from "../../shared/result.ts";
import { officialFailure, officialQuery, type RouteKind } from "./exact-route.ts";
import { type AggregatorFailure, failureToProblem } from "./failure-to-problem.ts";
import { logFailure } from "./log-failure.ts";
import type { Representation } from "./representation.ts";
import { sendExact } from "./send-exact.ts";
import { type BodyPipe, send, type Sending } from "./send.ts";
import type { AggregatorServices } from "./services.ts";

/** What a route handler works with. */
export interface Exchange {
  readonly services: AggregatorServices;
  readonly request: Request;
  readonly query: URLSearchParams;
  /** Whether the official aggregator is to be matched in everything. */
  readonly isExact: boolean;
  /** Has `work` run when the answer is over: sent, broken off or refused. */
  atEnd(work: () => void): void;
  /** Answers what the caller did wrong. */
  problem(problem: Problem): Response;
  /** Logs and answers a failure of the read. */
  refuse(failure: AggregatorFailure): Response;
  /** Sends content, or answers why there is none. */
  answer(content: Result<Representation, AggregatorFailure>): Response | Promise<Response>;
}

/** What an exchange is made of. */
export interface ExchangeParts {
  readonly services: AggregatorServices;
  readonly request: Request;
  /** The query as it was sent. */
  readonly searchParams: URLSearchParams;
  readonly dialect: Dialect;
  readonly kind: RouteKind;
  readonly bodyPipe: BodyPipe;
  readonly streams: Sending["streams"];
  readonly atEnd: Exchange["atEnd"];
  /** Told the reason of what is refused. */
  readonly onRefusal: (reason: string) => void;
  /** What is read, for the log: an ID as the caller wrote it. */
  readonly subject: string;
}

/** Makes the exchange of one request. */
export function createExchange(parts: ExchangeParts): Exchange {
  const {
    services,
    request,
    searchParams,
    dialect,
    kind,
    bodyPipe,
    streams,
    atEnd,
    onRefusal,
    subject,
  } = parts;
  const isExact = dialect.compat === "exact";
  const problem = (refused: Problem) => {
    onRefusal(refused.reason);
    return dialect.problem(refused, request.method);
  };
  const refuse = (failure: AggregatorFailure) => {
    logFailure(services.log, subject, failure);
    const told = failureToProblem(failure);
    return problem(isExact ? officialFailure(kind, told) : told);
  };
  const sending: Sending = {
    bodyPipe,
    random: services.random,
    problem,
    refuse,
    broke: (failure) => logFailure(services.log, subject, failure),
    streams,
    background: services.background,
  };
  return {
    services,
    request,
    query: isExact ? officialQuery(kind, searchParams) : searchParams,
    isExact,
    atEnd,
    problem,
    refuse,
    answer(content) {
      if (!content.ok) return refuse(content.failure);
      return isExact
        ? sendExact(request, content.value, sending)
        : send(request, content.value, sending);
    },
  };
}
