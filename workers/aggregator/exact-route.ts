/**
 * What the official aggregator does with a request before it reads a blob, route by route: which
 * IDs its paths take, which query keys it knows, and what it makes of failures. Pure; used with
 * `COMPAT=exact` only.
 *
 * Source: `walrus-service client/daemon/routes.rs` (extractors, `deny_unknown_fields`), axum 0.8.
 */
import { parseBlobId } from "../../shared/codec/index.ts";
import { type Problem, problemStatus } from "../../shared/http/problem.ts";
import { parseSuiId } from "../../shared/sui/sui-id.ts";

/** The official route that a path of ours stands for; `edge` for what is ours alone. */
export type RouteKind =
  | "blob"
  | "object"
  | "byte-range"
  | "stream"
  | "concat"
  | "patch"
  | "patch-by-name"
  | "patches"
  | "edge";

type IdKind = "blob_id" | "blob_object_id" | "quilt_id" | "quilt_patch_id";

interface OfficialRoute {
  /** Of the first parameter of the path. */
  readonly id: IdKind | null;
  /** Query keys; `null` where the route reads no query. */
  readonly query: readonly string[] | null;
}

const FLAGS = ["strict_consistency_check", "skip_consistency_check"] as const;
const OFFICIAL: Readonly<Record<RouteKind, OfficialRoute>> = {
  blob: { id: "blob_id", query: FLAGS },
  object: { id: "blob_object_id", query: FLAGS },
  "byte-range": { id: "blob_id", query: ["start", "length"] },
  stream: { id: "blob_id", query: null },
  // Its flags are flattened booleans, which serde cannot read from a query.
  concat: { id: null, query: ["ids", ...FLAGS] },
  patch: { id: "quilt_patch_id", query: null },
  "patch-by-name": { id: "quilt_id", query: null },
  patches: { id: "quilt_id", query: null },
  edge: { id: null, query: null },
};

const ID_BYTES = 32;
const U64_MAX = 2n ** 64n - 1n;
const MINE = { statusWord: "INVALID_ARGUMENT", reason: "INVALID_PARAMETER" } as const;

/** What the official extractors refuse, the path before the query; `null` when nothing. */
export function refusedByExtractor(
  kind: RouteKind,
  params: readonly string[],
  query: URLSearchParams,
  method: string,
): Problem | null {
  const { id, query: keys } = OFFICIAL[kind];
  const [text = ""] = params;
  if (id !== null && !isOfficialId(id, text)) {
    return plainText(`Invalid URL: Cannot parse \`${id}\` with value \`${text}\`: ${ID_FAULT[id]}`);
  }
  // The body says it all where there is one.
  if (keys === null || method === "POST") return null;
  for (const key of query.keys()) {
    if (!keys.includes(key)) return badQuery(`unknown field \`${key}\`, expected ${listed(keys)}`);
    if (query.getAll(key).length > 1) return badQuery(`duplicate field \`${key}\``);
  }
  return refusedValue(kind, query);
}

/** The query as the official route sees it: empty where it reads none. */
export function officialQuery(kind: RouteKind, query: URLSearchParams): URLSearchParams {
  return OFFICIAL[kind].query === null ? new URLSearchParams() : query;
}

/** The failure of a read in the words of its official route. */
export function officialFailure(kind: RouteKind, problem: Problem): Problem {
  const known = [400, 403, 404, 416, 451].includes(problemStatus(problem));
  if (problem.reason === "QUILT_PATCH_NOT_FOUND" && problem.metadata?.["cause"] === "not-a-quilt") {
    return internal(problem, "INTERNAL_ERROR");
  }
  if (problem.metadata?.["cause"] === "not-a-blob") return internal(problem, "INTERNAL_ERROR");
  if (known) return problem;
  if (kind === "byte-range") return internal(problem, "INTERNAL_ERROR");
  return kind === "stream" ? internal(problem, "SLIVER_RETRIEVAL_FAILED") : problem;
}

function internal(problem: Problem, reason: string): Problem {
  return { ...problem, exact: { statusWord: "INTERNAL", reason } };
}

function refusedValue(kind: RouteKind, query: URLSearchParams): Problem | null {
  for (const flag of FLAGS) {
    const value = query.get(flag);
    if (value === null) continue;
    if (kind === "concat") {
      return badQuery(`invalid type: string "${value}", expected a boolean`);
    }
    if (value !== "true" && value !== "false") {
      return badQuery(`${flag}: provided string was not \`true\` or \`false\``);
    }
  }
  const wanted = kind === "byte-range" ? (["start", "length"] as const) : [];
  for (const key of wanted) {
    const value = query.get(key);
    if (value === null) return badQuery(`missing field \`${key}\``);
    if (!/^\+?\d+$/.test(value)) return badQuery(`${key}: invalid digit found in string`);
    if (BigInt(value) > U64_MAX) {
      return badQuery(`${key}: number too large to fit in target type`);
    }
  }
  if (kind === "concat" && !query.has("ids")) return badQuery("missing field `ids`");
  return null;
}

function isOfficialId(id: IdKind, text: string): boolean {
  switch (id) {
    case "blob_id":
    case "quilt_id":
      return text.length === 43 && parseBlobId(text) !== null;
    case "blob_object_id":
      return parseSuiId(text) !== null;
    case "quilt_patch_id":
      // Any longer tail passes here and fails later.
      return /^[\w-]+$/.test(text) && Math.floor((text.length * 3) / 4) > ID_BYTES;
  }
}

const ID_FAULT: Readonly<Record<IdKind, string>> = {
  blob_id: "failed to parse a blob ID",
  quilt_id: "failed to parse a blob ID",
  blob_object_id: "failed to parse an object ID",
  quilt_patch_id: "failed to parse a quilt patch ID",
};

function listed(keys: readonly string[]): string {
  return keys.map((key) => `\`${key}\``).join(" or ");
}

function badQuery(fault: string): Problem {
  return plainText(`Failed to deserialize query string: ${fault}`);
}

function plainText(text: string): Problem {
  return { ...MINE, message: text, exact: { status: 400, text } };
}
