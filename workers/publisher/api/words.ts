/** Words that the publisher's OpenAPI document is written in: who may ask, headers, answers. Data only. */
import {
  about,
  answerOf,
  jsonContent,
  type Operation,
  parameter,
  type Parameter,
  WHOLE,
} from "../../../shared/http/openapi.ts";
import type { Access } from "../route.ts";

/** Paths by method. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** Every header that an answer may have, by name, but `Content-Type`, `Content-Length` and CORS. */
export const HEADERS: Readonly<Record<string, object>> = {
  "X-Request-Id": about("Names the request in the log"),
  "Cache-Control": about("no-store, or no-cache where there is an ETag"),
  "X-Content-Type-Options": about("nosniff"),
  "Content-Security-Policy": about("Of the page"),
  "Content-Location": about("The upload, under /edge/v1/uploads"),
  Location: about("The upload; of a redirect the aggregator's read"),
  "Preference-Applied": about("respond-async"),
  ETag: about("Strong: the version of the object or name"),
  Vary: about("Accept, where it was looked at"),
  "RateLimit-Policy": about("draft-ietf-httpapi-ratelimit-headers-10, where there are limits"),
  RateLimit: about("What this client may still write"),
  "Retry-After": about("Seconds", WHOLE),
  "WWW-Authenticate": about("How to prove who asks"),
};

const ALWAYS = ["X-Request-Id", "Cache-Control", "X-Content-Type-Options"];
const LIMITS = ["RateLimit-Policy", "RateLimit"];

/** One answer of an operation: what it says, headers of its own, and its content. */
export interface Told {
  readonly says: string;
  readonly headers?: readonly string[];
  /** A schema's name, or contents by media type; none unless given. */
  readonly content?: string | object;
}

/** One operation, in short. */
export interface Asked {
  readonly summary: string;
  readonly access: Access;
  /** Whether it is counted against the limits of the client. */
  readonly isCounted?: boolean;
  readonly parameters?: readonly Parameter[];
  /** A schema's name, or contents by media type. */
  readonly body?: string | object;
  readonly answers: Readonly<Record<number, Told>>;
  /** Besides those that follow from `access` and `isCounted`. */
  readonly refusals?: readonly number[];
}

/** Writes an operation out: its answers, and every refusal it can end in. */
export function operation({ summary, access, isCounted = false, ...asked }: Asked): Operation {
  const { parameters = [], body, answers, refusals = [] } = asked;
  const limits = isCounted ? LIMITS : [];
  const told = Object.entries(answers).map(([status, { says, headers = [], content }]) => [
    status,
    answerOf(says, [...ALWAYS, ...headers, ...limits], contentOf(content)),
  ]);
  const statuses = new Set([...refusals, ...REFUSALS_OF[access], ...(isCounted ? [429] : []), 500]);
  const refused = [...statuses].map((status) => [
    String(status),
    answerOf(
      WHY[status] ?? "",
      [...ALWAYS, ...limits, ...(HEADERS_OF[status] ?? [])],
      jsonContent("Error"),
    ),
  ]);
  const security = SECURITY[access];
  return {
    summary,
    ...(security === null ? {} : { security }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: contentOf(body) } }),
    responses: Object.fromEntries([...told, ...refused]) as Operation["responses"],
  };
}

/** GET, and HEAD of the same. */
export function readable(asked: Asked): { readonly get: Operation; readonly head: Operation } {
  const get = operation(asked);
  return { get, head: { ...get, summary: `${get.summary}: headers only` } };
}

function contentOf(content: string | object | undefined): object | undefined {
  return typeof content === "string" ? jsonContent(content) : content;
}

/** An open gateway asks for none to store and to list; nobody may do the rest without one. */
const SECURITY: Readonly<Record<Access, readonly object[] | null>> = {
  open: null,
  signed: null,
  stored: [{}, { token: ["store"] }],
  store: [{}, { token: ["store"] }],
  list: [{}, { token: ["list"] }],
  manage: [{ token: ["manage"] }],
  admin: [{ token: ["admin"] }],
};

/** What a token can be refused for. */
const OF_TOKENS = [400, 401, 403, 503, 504];
const REFUSALS_OF: Readonly<Record<Access, readonly number[]>> = {
  open: [],
  signed: [401],
  stored: OF_TOKENS,
  store: OF_TOKENS,
  list: OF_TOKENS,
  manage: OF_TOKENS,
  admin: OF_TOKENS,
};

const WHY: Readonly<Record<number, string>> = {
  400: "A parameter or the body cannot be read, or the token cannot be used",
  401: "No token, or nobody's signature",
  402: "No tip, or too little",
  403: "The gateway takes no writes, or the token lacks the scope",
  404: "There is none, or it is another subject's",
  409: "Its state does not allow it",
  412: "A condition of the request does not hold",
  413: "The body is too long",
  415: "The body is no form",
  422: "The Idempotency-Key was used for something else",
  429: "Too many writes of this client, or a token used twice",
  451: "The storage nodes block it",
  500: "The network refused for good, or the gateway failed",
  503: "Not at the moment",
  504: "The storage nodes did not confirm in time, or the token has expired",
};

const RETRY = ["Retry-After"];
const HEADERS_OF: Readonly<Record<number, readonly string[]>> = {
  400: ["Content-Location", ...RETRY],
  401: ["WWW-Authenticate"],
  409: ["Content-Location"],
  412: ["ETag"],
  413: ["Content-Location"],
  422: ["Content-Location"],
  429: RETRY,
  451: ["Content-Location"],
  500: ["Content-Location"],
  503: ["Content-Location", ...RETRY],
  504: ["Content-Location", ...RETRY],
};

/** What names one change, so that a repetition is the same. */
export const IDEMPOTENCY_KEY = parameter(
  "header",
  "Idempotency-Key",
  "One key, one change, paid once; a repetition gets its answer",
);
