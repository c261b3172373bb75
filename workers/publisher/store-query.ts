/**
 * The query of `PUT /v1/blobs` and `PUT /v1/quilts`. Pure.
 *
 * Unknown keys are ignored, as behind the usual caches; a known key with a value we cannot honour
 * is always refused, because a store costs money. The official publisher refuses unknown keys and
 * drops a malformed `send_object_to` or `share` silently, keeping the object: so do we in exact
 * mode. Source: `walrus-service client/daemon/routes.rs::PublisherQuery`.
 */
import type { Compat } from "../../shared/http/compat.ts";
import { EPOCHS_QUERY_MAX } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** What a store was asked for. */
export interface StoreQuery {
  /** Epochs from the current one, at least 1. */
  readonly epochs: number;
  readonly deletable: boolean;
  /** Stores even what the network has already. */
  readonly force: boolean;
  /** Takes storage the wallet holds before it buys some. */
  readonly reuseStorage: boolean;
  /** Tells blob ID and cost, and stores nothing. */
  readonly dryRun: boolean;
  /** `0x` and 64 hex digits; `null` leaves the object with the publisher's wallet. */
  readonly sendObjectTo: string | null;
  /** Wraps the Blob in a SharedBlob, which anybody can fund and extend. */
  readonly share: boolean;
}

/** Why a query is refused. */
export type QueryFailure =
  | {
      readonly kind: "query-malformed";
      readonly parameter: string;
      readonly value: string;
      readonly expected: string;
    }
  /** Zero epochs: the official daemon reads that and fails at the contract. */
  | { readonly kind: "epochs-none" }
  | { readonly kind: "query-unknown"; readonly parameter: string }
  | { readonly kind: "query-repeated"; readonly parameter: string }
  | { readonly kind: "query-unsupported"; readonly parameter: string; readonly value: string }
  | { readonly kind: "query-conflict"; readonly parameters: readonly string[] }
  | { readonly kind: "persistence-conflict" };

const OFFICIAL_KEYS = [
  "epochs",
  "permanent",
  "deletable",
  "force",
  "reuse_resources",
  "encoding_type",
  "send_object_to",
  "share",
  "quilt_version",
] as const;
const KNOWN_KEYS = [...OFFICIAL_KEYS, "dry_run"] as const;
const FLAGS = ["permanent", "deletable", "force", "reuse_resources", "dry_run"] as const;

/** Reads the query of a store. */
export function parseStoreQuery(
  query: URLSearchParams,
  compat: Compat = "default",
): Result<StoreQuery, QueryFailure> {
  const keys = checkKeys(query, KNOWN_KEYS, compat === "exact" ? OFFICIAL_KEYS : null);
  if (!keys.ok) return keys;
  const epochs = parseEpochs(query.get("epochs"));
  if (!epochs.ok) return epochs;
  const flags: Partial<Record<(typeof FLAGS)[number], boolean>> = {};
  for (const key of FLAGS) {
    const flag = parseFlag(key, query.get(key));
    if (!flag.ok) return flag;
    flags[key] = flag.value;
  }
  const encoding = checkEncoding(query, compat);
  if (!encoding.ok) return encoding;
  const receiver = parseReceiver(query, compat);
  if (!receiver.ok) return receiver;
  if (flags.permanent && flags.deletable) return err({ kind: "persistence-conflict" });
  return ok({
    epochs: epochs.value,
    deletable: !flags.permanent,
    force: flags.force ?? false,
    reuseStorage: flags.reuse_resources ?? false,
    dryRun: flags.dry_run ?? false,
    ...receiver.value,
  });
}

/**
 * Refuses a known key that is given twice and, where `allowed` is given, any key beyond it.
 */
export function checkKeys(
  query: URLSearchParams,
  known: readonly string[],
  allowed: readonly string[] | null,
): Result<null, QueryFailure> {
  const unknown = allowed && [...query.keys()].find((key) => !allowed.includes(key));
  if (typeof unknown === "string") return err({ kind: "query-unknown", parameter: unknown });
  const repeated = known.find((key) => query.getAll(key).length > 1);
  return repeated === undefined ? ok(null) : err({ kind: "query-repeated", parameter: repeated });
}

function checkEncoding(query: URLSearchParams, compat: Compat): Result<null, QueryFailure> {
  const encodingType = query.get("encoding_type");
  if (encodingType !== null && encodingType !== "RS2") {
    return malformedQuery("encoding_type", encodingType, "RS2");
  }
  // Quilts only; any other text is silently version 1 at the official publisher.
  const quiltVersion = query.get("quilt_version");
  return quiltVersion === null || compat === "exact" || ["v1", "V1", "1"].includes(quiltVersion)
    ? ok(null)
    : malformedQuery("quilt_version", quiltVersion, "v1");
}

/** Who gets the object: the two keys exclude each other, whatever they say. */
function parseReceiver(
  query: URLSearchParams,
  compat: Compat,
): Result<Pick<StoreQuery, "sendObjectTo" | "share">, QueryFailure> {
  if (query.has("share") && query.has("send_object_to")) {
    return err({ kind: "query-conflict", parameters: ["send_object_to", "share"] });
  }
  const share = parseFlag("share", query.get("share"));
  const sendObjectTo = parseAddress(query.get("send_object_to"));
  if (compat === "default") {
    if (!share.ok) return share;
    if (!sendObjectTo.ok) return sendObjectTo;
  }
  return ok({
    share: share.ok && share.value,
    sendObjectTo: sendObjectTo.ok ? sendObjectTo.value : null,
  });
}

function parseEpochs(text: string | null): Result<number, QueryFailure> {
  if (text === null) return ok(1);
  if (/^0{1,10}$/.test(text)) return err({ kind: "epochs-none" });
  const epochs = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  return epochs <= EPOCHS_QUERY_MAX
    ? ok(epochs)
    : malformedQuery("epochs", text, "a whole number from 1");
}

function parseFlag(parameter: string, text: string | null): Result<boolean, QueryFailure> {
  if (text === null || text === "false") return ok(false);
  return text === "true" ? ok(true) : malformedQuery(parameter, text, "true or false");
}

function parseAddress(text: string | null): Result<string | null, QueryFailure> {
  if (text === null) return ok(null);
  return /^0x[0-9a-fA-F]{64}$/.test(text)
    ? ok(text.toLowerCase())
    : malformedQuery("send_object_to", text, "a Sui address: 0x and 64 hex digits");
}

/** A parameter whose value cannot be read. */
export function malformedQuery(
  parameter: string,
  value: string,
  expected: string,
): Result<never, QueryFailure> {
  return err({ kind: "query-malformed", parameter, value, expected });
}
