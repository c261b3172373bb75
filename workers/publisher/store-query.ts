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
import { parseSuiAddress } from "../../shared/sui/sui-id.ts";
import { checkKeys, malformedQuery, parseFlag, type QueryFailure } from "./query.ts";

/** What a store was asked for. */
export interface StoreQuery {
  /** Epochs from the current one, at least 1; in exact mode also 0, which nothing can be stored for. */
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
  const epochs = parseEpochs(query.get("epochs"), compat);
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

/** A u32 for the official publisher, which learns from the contract that 0 is too few. */
function parseEpochs(text: string | null, compat: Compat): Result<number, QueryFailure> {
  if (text === null) return ok(1);
  const epochs = /^\d{1,10}$/.test(text) ? Number(text) : Infinity;
  const epochsMin = compat === "exact" ? 0 : 1;
  return epochs >= epochsMin && epochs <= EPOCHS_QUERY_MAX
    ? ok(epochs)
    : malformedQuery("epochs", text, "a whole number from 1");
}

function parseAddress(text: string | null): Result<string | null, QueryFailure> {
  if (text === null) return ok(null);
  const address = parseSuiAddress(text);
  return address === null
    ? malformedQuery("send_object_to", text, "a Sui address: 0x and 64 hex digits")
    : ok(address);
}
