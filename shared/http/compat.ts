/**
 * `COMPAT`: whether a Worker answers as we think right, or exactly as the official daemons do. Pure.
 *
 * What a request is answered differently in is decided by its Worker; here is what all of them
 * share: the setting, cross-origin headers, and how a problem is rendered. Only paths that the
 * official daemons could serve change; everything below `/edge/` is ours and stays as it is.
 *
 * Exact rules: `walrus-service client/daemon/routes.rs::daemon_cors_layer`, axum's own answers to
 * unknown paths, wrong methods and refused extractors, `walrus-storage-node-client api/errors.rs`.
 * Headers they do not send and no client can stumble over are kept: `Cache-Control: no-store` of
 * an error, `X-Content-Type-Options`, `X-Request-Id`.
 */
import { CORS_MAX_AGE_SECONDS } from "../limits.ts";
import { mutable, preflightResponse, withCors } from "./cors.ts";
import { envelope, type ErrorDetail, type Problem, problemResponse } from "./problem.ts";

/** The two modes. */
export type Compat = "default" | "exact";

/** Reads the variable `COMPAT`: absent, `default` or `exact`; `null` for anything else. */
export function parseCompat(text: string | undefined): Compat | null {
  if (text === undefined || text === "default") return "default";
  return text === "exact" ? "exact" : null;
}

/** How one request is answered. */
export interface Dialect {
  readonly compat: Compat;
  preflight(request: Request): Response;
  withCors(response: Response): Response;
  problem(problem: Problem, method?: string): Response;
}

const DEFAULT_DIALECT: Dialect = {
  compat: "default",
  preflight: preflightResponse,
  withCors,
  problem: problemResponse,
};

/**
 * The dialect for one request.
 *
 * @param requestId Hex; what the official daemons call the trace ID of an internal error.
 */
export function dialectFor(compat: Compat, pathname: string, requestId: string): Dialect {
  if (compat === "default" || pathname.startsWith("/edge/")) return DEFAULT_DIALECT;
  return {
    compat,
    preflight: exactPreflight,
    withCors: withExactCors,
    problem: (problem, method) => exactProblemResponse(problem, requestId, method),
  };
}

const EXACT_VARY = "origin, access-control-request-method, access-control-request-headers";

/** Every `OPTIONS` is answered by the official CORS layer, whatever its path. */
function exactPreflight(): Response {
  return new Response(null, {
    status: 200,
    headers: {
      "Access-Control-Allow-Methods": "*",
      "Access-Control-Allow-Headers": "*",
      "Access-Control-Max-Age": String(CORS_MAX_AGE_SECONDS),
    },
  });
}

/** Any origin, and nothing exposed. */
function withExactCors(response: Response): Response {
  const open = mutable(response);
  open.headers.set("Access-Control-Allow-Origin", "*");
  open.headers.append("Vary", EXACT_VARY);
  return open;
}

/**
 * The problem as the official daemon has it: plain text where one of its extractors refuses, else
 * the envelope without metadata, hints to retry or challenges.
 */
function exactProblemResponse(problem: Problem, requestId: string, method = "GET"): Response {
  const headers = new Headers({
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  const { exact } = problem;
  if (exact !== undefined && "text" in exact) {
    for (const [name, value] of Object.entries(exact.headers ?? {})) headers.set(name, value);
    if (exact.text !== "") headers.set("Content-Type", "text/plain; charset=utf-8");
    const body = method === "HEAD" || exact.text === "" ? null : exact.text;
    return new Response(body, { status: exact.status, headers });
  }
  const { metadata: _, ...told } = { ...problem, ...exact };
  const isInternal = told.reason === "INTERNAL_ERROR";
  const debug: readonly ErrorDetail[] = isInternal
    ? [{ "@type": "DebugInfo", stackEntries: [], detail: `TraceID: ${requestId}` }]
    : [];
  const { status, body } = envelope(told, debug);
  headers.set("Content-Type", "application/json");
  return new Response(method === "HEAD" ? null : body, { status, headers });
}
