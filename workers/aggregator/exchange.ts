/** One request at the aggregator: its services, its query, and how it is answered or refused. */
import { type Problem, problemResponse } from "../../shared/http/problem.ts";
import type { Result } from "../../shared/result.ts";
import { type AggregatorFailure, failureToProblem } from "./failure-to-problem.ts";
import { logFailure } from "./log-failure.ts";
import type { AggregatorServices } from "./services.ts";
import type { Representation } from "./representation.ts";
import { type FixedLength, send, type Sending } from "./send.ts";

/** What a route handler works with. */
export interface Exchange {
  readonly services: AggregatorServices;
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly sending: Sending;
  /** Answers what the caller did wrong. */
  problem(problem: Problem): Response;
  /** Logs and answers a failure of the read. */
  refuse(failure: AggregatorFailure): Response;
  /** Sends content, or answers why there is none. */
  answer(content: Result<Representation, AggregatorFailure>): Response | Promise<Response>;
}

/** @param subject What is read, for the log: an ID as the caller wrote it. */
export function createExchange(
  services: AggregatorServices,
  request: Request,
  fixedLength: FixedLength,
  subject: string,
): Exchange {
  const problem = (refused: Problem) => problemResponse(refused, request.method);
  const refuse = (failure: AggregatorFailure) => {
    logFailure(services.log, subject, failure);
    return problem(failureToProblem(failure));
  };
  const sending: Sending = {
    fixedLength,
    random: services.random,
    refuse,
    broke: (failure) => logFailure(services.log, subject, failure),
  };
  return {
    services,
    request,
    query: new URL(request.url).searchParams,
    sending,
    problem,
    refuse,
    answer: (content) =>
      content.ok ? send(request, content.value, sending) : refuse(content.failure),
  };
}
