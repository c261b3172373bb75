/**
 * The error envelope of the official daemons, as a value and as a response. Pure.
 *
 * Each Worker maps its failures to a `Problem` in one exhaustive switch; nothing else writes error
 * bodies. Source: `walrus-storage-node-client api/errors.rs` (AIP-193 `Status`, `ErrorInfo`).
 */
import { ECHOED_CHARS_MAX } from "../limits.ts";

/** Domain of reads and stores (`walrus-service client/daemon`). */
const DAEMON_DOMAIN = "daemon.walrus.space";

/** Domain of token refusals at the publisher. */
export const AUTH_DOMAIN = "auth.publisher.walrus.space";

/** Domain of what is not about Walrus: unknown paths, wrong methods, bad parameters. */
export const GLOBAL_DOMAIN = "global";

/** Status words of the envelope and the HTTP status of each (`api/errors.rs::StatusCode`). */
const HTTP_STATUS_OF_WORD = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  SIZE_EXCEEDED: 403,
  NOT_FOUND: 404,
  RANGE_NOT_SATISFIABLE: 416,
  RESOURCE_EXHAUSTED: 429,
  UNAVAILABLE_FOR_LEGAL_REASONS: 451,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
} as const;

/** A status word of the envelope. */
export type StatusWord = keyof typeof HTTP_STATUS_OF_WORD;

/** One refusal or failure, ready to be sent. */
export interface Problem {
  /** The word of the envelope; it implies the HTTP status unless `status` says otherwise. */
  readonly statusWord: StatusWord;
  /** HTTP status where it is not the word's own: 405, 409, 412, 413, 415. */
  readonly status?: number;
  /** Machine-readable reason: `BLOB_NOT_FOUND`. */
  readonly reason: string;
  /** Who defines the reason; `DAEMON_DOMAIN` unless given. */
  readonly domain?: string;
  /** For people; never holds secrets or raw text of a node or an RPC server. */
  readonly message: string;
  /** Facts a program can act on: the name of the bad parameter, the limit. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Whether it is the caller's doing although its status is above 499. */
  readonly isCallersDoing?: true;
  /** Whole seconds for `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** Further response headers: `Allow`, `Content-Range`, `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the official daemon says instead; `compat.ts` renders it with `COMPAT=exact`. */
  readonly exact?: ExactAnswer;
}

/**
 * The official answer where it is not the same envelope: a plain text (empty: no body), or other
 * words of the envelope.
 */
export type ExactAnswer =
  | {
      readonly status: number;
      readonly text: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | Partial<Pick<Problem, "statusWord" | "status" | "reason" | "domain" | "message">>;

/** One entry of the envelope's `details`. */
export interface ErrorDetail {
  readonly "@type": string;
  readonly [name: string]: unknown;
}

/** The HTTP status a problem is sent with. */
export function problemStatus(problem: Problem): number {
  return problem.status ?? HTTP_STATUS_OF_WORD[problem.statusWord];
}

/** Status and JSON text of a problem; `more` follows its own detail. */
export function envelope(
  problem: Problem,
  more: readonly ErrorDetail[] = [],
): { readonly status: number; readonly body: string } {
  const { reason, domain = DAEMON_DOMAIN, metadata = {}, message } = problem;
  const status = problemStatus(problem);
  const details: readonly ErrorDetail[] = [
    { "@type": "ErrorInfo", reason, domain, metadata },
    ...more,
  ];
  const error = { status: problem.statusWord, code: status, message, details };
  return { status, body: JSON.stringify({ error }) };
}

/** The problem as a response: never cacheable, never sniffed, and without a body for `HEAD`. */
export function problemResponse(problem: Problem, method = "GET"): Response {
  const headers = new Headers({
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  if (problem.retryAfterSeconds !== undefined) {
    headers.set("Retry-After", String(Math.ceil(problem.retryAfterSeconds)));
  }
  for (const [name, value] of Object.entries(problem.headers ?? {})) headers.set(name, value);
  const { status, body } = envelope(problem);
  return new Response(method === "HEAD" ? null : body, { status, headers });
}

/** 400 for a parameter that cannot be read; the metadata names it. */
export function badParameter(parameter: string, message: string): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    reason: "INVALID_PARAMETER",
    domain: GLOBAL_DOMAIN,
    message,
    metadata: { parameter },
  };
}

/**
 * 400 for a parameter whose value cannot be read: says the value, cut to `ECHOED_CHARS_MAX`, and what
 * is `expected` in its place. `value` is `null` where a required parameter is absent.
 */
export function unreadableParameter(
  parameter: string,
  value: string | null,
  expected: string,
): Problem {
  return badParameter(parameter, unreadable(parameter, value, expected));
}

/**
 * The official daemon's words for a value that cannot be read, and what is `expected` in its place;
 * `value` is `null` where a required parameter is absent.
 */
export function unreadable(parameter: string, value: string | null, expected: string): string {
  const found =
    value === null
      ? `\`${parameter}\` is missing`
      : `Cannot parse \`${parameter}\` with value \`${echoed(value)}\``;
  return `${found}: expected ${expected}`;
}

/** As much of a caller's text as an error repeats. */
export function echoed(text: string): string {
  return text.length > ECHOED_CHARS_MAX ? `${text.slice(0, ECHOED_CHARS_MAX)}…` : text;
}

/**
 * 401, and how to do better: RFC 9110 §11.6.1 wants a challenge in each.
 *
 * @param challenge Scheme and parameters for `WWW-Authenticate`.
 */
export function unauthenticated(
  challenge: string,
  told: Pick<Problem, "reason" | "domain" | "message" | "metadata" | "exact">,
): Problem {
  return { statusWord: "UNAUTHENTICATED", ...told, headers: { "WWW-Authenticate": challenge } };
}

/** 404 for a path that leads nowhere. */
export function unknownPath(): Problem {
  return {
    statusWord: "NOT_FOUND",
    reason: "PATH_NOT_FOUND",
    domain: GLOBAL_DOMAIN,
    message: "there is nothing at this path",
    exact: { status: 404, text: "" },
  };
}

/** 405 with `Allow`. */
export function methodNotAllowed(allowed: readonly string[]): Problem {
  return {
    statusWord: "INVALID_ARGUMENT",
    status: 405,
    reason: "METHOD_NOT_ALLOWED",
    domain: GLOBAL_DOMAIN,
    message: `this path answers ${allowed.join(", ")}`,
    headers: { Allow: allowed.join(", ") },
    exact: {
      status: 405,
      text: "",
      headers: { Allow: allowed.filter((method) => method !== "OPTIONS").join(",") },
    },
  };
}

/** 500 for a Worker whose settings cannot be used. */
export function misconfigured(): Problem {
  return {
    statusWord: "INTERNAL",
    reason: "MISCONFIGURED",
    domain: GLOBAL_DOMAIN,
    message: "the gateway is not configured; its log lists every problem",
  };
}

/** 500 without any detail: the log has it, under the request's own id. */
export function internalError(): Problem {
  return {
    statusWord: "INTERNAL",
    reason: "INTERNAL_ERROR",
    message: "the gateway failed on this request; it is not the fault of the request",
  };
}
