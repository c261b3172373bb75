/**
 * Which endpoint a request asks for, with its path and query parsed and bounded (Walrus
 * `walrus-service` `node/server/routes.rs` and `extract.rs`). Pure.
 */
import { fromBase64Url } from "../../../shared/bytes/text.ts";
import type { SliverAxis } from "../../../shared/codec/index.ts";
import { Refusal } from "./errors.ts";
import type { NodeRoute } from "./faults.ts";

/** A parsed request line. `blobKey` is the blob ID in base64url. */
export type ParsedRoute =
  | { readonly route: "metadata"; readonly method: "GET"; readonly blobKey: string }
  | {
      readonly route: "metadata";
      readonly method: "PUT";
      readonly blobKey: string;
      readonly pending: boolean;
    }
  | { readonly route: "metadata-status"; readonly blobKey: string }
  | ({ readonly route: "sliver"; readonly method: "GET" } & SliverPath)
  | ({ readonly route: "sliver"; readonly method: "PUT"; readonly pending: boolean } & SliverPath)
  | ({ readonly route: "sliver-status" } & SliverPath)
  | {
      readonly route: "confirmation";
      readonly blobKey: string;
      /** Object the confirmation is for when the blob is deletable. */
      readonly objectId: string | null;
      /** How long the caller lets the node wait for the registration. */
      readonly waitMs: number;
    }
  | { readonly route: "blob-status"; readonly blobKey: string }
  | {
      readonly route: "recovery-symbols";
      readonly blobKey: string;
      readonly query: URLSearchParams;
    }
  | {
      readonly route: "decoding-symbols";
      readonly blobKey: string;
      readonly query: URLSearchParams;
    }
  | { readonly route: "inconsistency-proof"; readonly blobKey: string; readonly axis: SliverAxis }
  | { readonly route: "health"; readonly detailed: boolean }
  | { readonly route: "sync-shard" }
  | { readonly route: "api" };

/** Path of the sliver endpoints. */
export interface SliverPath {
  readonly blobKey: string;
  readonly pairIndex: number;
  readonly axis: SliverAxis;
}

/** Wait for a registration unless the caller gives `wait_millis`, capped by the node. */
const DEFAULT_WAIT_MS = 5_000;

const INDEX_PATTERN = /^\d{1,5}$/;
const U16_MAX = 65_535;

/** The name faults know a route by; `null` for the API page. */
export function faultRoute(parsed: ParsedRoute): NodeRoute | null {
  return parsed.route === "api" ? null : parsed.route;
}

/**
 * Parses method, path and query.
 *
 * @throws {Refusal} 404, 405 or 400 as the official server answers.
 */
export function parseRoute(method: string, url: URL): ParsedRoute {
  const segments = url.pathname.split("/").slice(1);
  if (segments[0] !== "v1") throw new Refusal("NOT_FOUND", "no such endpoint");
  if (segments[1] === "health" && segments.length === 2) {
    allow(method, "GET");
    return { route: "health", detailed: url.searchParams.get("detailed") === "true" };
  }
  if (segments[1] === "api" && segments.length === 2) {
    allow(method, "GET");
    return { route: "api" };
  }
  if (segments[1] === "migrate" && segments[2] === "sync_shard" && segments.length === 3) {
    allow(method, "POST");
    return { route: "sync-shard" };
  }
  if (segments[1] !== "blobs" || segments[2] === undefined) {
    throw new Refusal("NOT_FOUND", "no such endpoint");
  }
  return parseBlobRoute(method, parseBlobKey(segments[2]), segments.slice(3), url.searchParams);
}

function parseBlobRoute(
  method: string,
  blobKey: string,
  rest: readonly string[],
  query: URLSearchParams,
): ParsedRoute {
  const [name, second, third] = rest;
  switch (`${name ?? ""}/${rest.length}`) {
    case "metadata/1":
      return allow(method, "GET", "PUT") === "GET"
        ? { route: "metadata", method: "GET", blobKey }
        : { route: "metadata", method: "PUT", blobKey, pending: parsePending(query) };
    case "metadata/2":
      if (second !== "status") break;
      allow(method, "GET");
      return { route: "metadata-status", blobKey };
    case "slivers/3":
      return allow(method, "GET", "PUT") === "GET"
        ? { route: "sliver", method: "GET", ...parseSliverPath(blobKey, second, third) }
        : {
            route: "sliver",
            method: "PUT",
            ...parseSliverPath(blobKey, second, third),
            pending: parsePending(query),
          };
    case "slivers/4":
      if (rest[3] !== "status") break;
      allow(method, "GET");
      return { route: "sliver-status", ...parseSliverPath(blobKey, second, third) };
    case "confirmation/2":
      if (second !== "permanent") break;
      allow(method, "GET");
      return { route: "confirmation", blobKey, objectId: null, waitMs: parseWait(query) };
    case "confirmation/3":
      if (second !== "deletable") break;
      allow(method, "GET");
      return {
        route: "confirmation",
        blobKey,
        objectId: parseObjectId(third),
        waitMs: parseWait(query),
      };
    case "status/1":
      allow(method, "GET");
      return { route: "blob-status", blobKey };
    case "recoverySymbols/1":
      allow(method, "GET");
      return { route: "recovery-symbols", blobKey, query };
    case "decodingSymbols/1":
      allow(method, "GET");
      return { route: "decoding-symbols", blobKey, query };
    case "inconsistencyProof/2":
      allow(method, "POST");
      return { route: "inconsistency-proof", blobKey, axis: parseAxis(second) };
    default:
  }
  throw new Refusal("NOT_FOUND", "no such endpoint");
}

function allow<M extends string>(method: string, ...allowed: readonly M[]): M {
  const known = allowed.find((each) => each === method);
  if (known === undefined) throw new Refusal("METHOD_NOT_ALLOWED", `${method} is not allowed here`);
  return known;
}

/** base64url text of 32 bytes, exactly as the official `BlobId` parses. */
function parseBlobKey(text: string): string {
  if (text.length !== 43 || fromBase64Url(text) === null) {
    throw new Refusal("INVALID_BLOB_ID", `invalid blob ID in the path: ${text}`);
  }
  return text;
}

function parseSliverPath(
  blobKey: string,
  pairText: string | undefined,
  axisText: string | undefined,
): SliverPath {
  return { blobKey, pairIndex: parseIndex(pairText), axis: parseAxis(axisText) };
}

/** A u16 in decimal. */
export function parseIndex(text: string | undefined): number {
  const index = text !== undefined && INDEX_PATTERN.test(text) ? Number(text) : Number.NaN;
  if (!(index <= U16_MAX)) throw new Refusal("INVALID_PATH", `invalid index: ${text ?? ""}`);
  return index;
}

/** `primary` or `secondary`. */
export function parseAxis(text: string | null | undefined): SliverAxis {
  if (text !== "primary" && text !== "secondary") {
    throw new Refusal("INVALID_PATH", `expected primary or secondary, got ${text ?? "nothing"}`);
  }
  return text;
}

function parseObjectId(text: string | undefined): string {
  const digits = text?.replace(/^0x/, "") ?? "";
  if (!/^[0-9a-fA-F]{1,64}$/.test(digits)) {
    throw new Refusal("INVALID_PATH", `invalid object ID in the path: ${text ?? ""}`);
  }
  return `0x${digits.toLowerCase().padStart(64, "0")}`;
}

/** `UploadIntentQuery`: one key, unknown ones refused. */
function parsePending(query: URLSearchParams): boolean {
  for (const key of query.keys()) {
    if (key !== "pending") throw new Refusal("INVALID_QUERY", `unknown query field: ${key}`);
  }
  return parseBoolean("pending", query.get("pending"));
}

function parseWait(query: URLSearchParams): number {
  if (!parseBoolean("wait_for_registration", query.get("wait_for_registration"))) return 0;
  const text = query.get("wait_millis");
  if (text === null) return DEFAULT_WAIT_MS;
  if (!/^\d{1,15}$/.test(text)) {
    throw new Refusal("INVALID_QUERY", `invalid wait_millis: ${text}`);
  }
  return Number(text);
}

function parseBoolean(name: string, text: string | null): boolean {
  if (text === null || text === "false") return false;
  if (text === "true") return true;
  throw new Refusal("INVALID_QUERY", `${name} must be true or false, got ${text}`);
}
