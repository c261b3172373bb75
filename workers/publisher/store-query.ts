/**
 * The query of `PUT /v1/blobs`. Pure.
 *
 * Unknown keys are ignored, as behind the usual caches; a known key with a value we cannot honour
 * is always refused, because a store costs money. The official publisher drops a malformed
 * `send_object_to` silently and keeps the object: we answer 400. Source: `walrus-service
 * client/daemon/routes.rs::PublisherQuery`.
 */
import { EPOCHS_QUERY_MAX } from "../../shared/limits.ts";
import { err, ok, type Result } from "../../shared/result.ts";

/** What a store was asked for. */
export interface StoreQuery {
  /** Epochs from the current one, at least 1. */
  readonly epochs: number;
  readonly deletable: boolean;
  /** Stores even what the network has already. */
  readonly force: boolean;
  /** Tells blob ID and cost, and stores nothing. */
  readonly dryRun: boolean;
  /** `0x` and 64 hex digits; `null` leaves the object with the publisher's wallet. */
  readonly sendObjectTo: string | null;
}

/** Why a query is refused. */
export type QueryFailure =
  | {
      readonly kind: "query-malformed";
      readonly parameter: string;
      readonly value: string;
      readonly expected: string;
    }
  | { readonly kind: "query-repeated"; readonly parameter: string }
  | { readonly kind: "query-unsupported"; readonly parameter: string; readonly value: string }
  | { readonly kind: "query-conflict"; readonly parameters: readonly string[] }
  | { readonly kind: "persistence-conflict" };

const KNOWN_KEYS = [
  "epochs",
  "permanent",
  "deletable",
  "force",
  "reuse_resources",
  "encoding_type",
  "send_object_to",
  "share",
  "quilt_version",
  "dry_run",
] as const;
const FLAGS = ["permanent", "deletable", "force", "reuse_resources", "share", "dry_run"] as const;
type KnownKey = (typeof KNOWN_KEYS)[number];

/** Reads the query of a blob store. */
export function parseStoreQuery(query: URLSearchParams): Result<StoreQuery, QueryFailure> {
  const repeated = KNOWN_KEYS.find((key) => query.getAll(key).length > 1);
  if (repeated !== undefined) return err({ kind: "query-repeated", parameter: repeated });

  const epochs = parseEpochs(query.get("epochs"));
  if (!epochs.ok) return epochs;
  const flags: Partial<Record<KnownKey, boolean>> = {};
  for (const key of FLAGS) {
    const flag = parseFlag(key, query.get(key));
    if (!flag.ok) return flag;
    flags[key] = flag.value;
  }
  const encodingType = query.get("encoding_type");
  if (encodingType !== null && encodingType !== "RS2") {
    return malformed("encoding_type", encodingType, "RS2");
  }
  // Quilts only; any other text is silently version 1 at the official publisher.
  const quiltVersion = query.get("quilt_version");
  if (quiltVersion !== null && !["v1", "V1", "1"].includes(quiltVersion)) {
    return malformed("quilt_version", quiltVersion, "v1");
  }
  const sendObjectTo = parseAddress(query.get("send_object_to"));
  if (!sendObjectTo.ok) return sendObjectTo;

  if (flags.permanent && flags.deletable) return err({ kind: "persistence-conflict" });
  if (query.has("share") && query.has("send_object_to")) {
    return err({ kind: "query-conflict", parameters: ["send_object_to", "share"] });
  }
  for (const parameter of ["share", "reuse_resources"] as const) {
    if (flags[parameter]) return err({ kind: "query-unsupported", parameter, value: "true" });
  }
  return ok({
    epochs: epochs.value,
    deletable: !flags.permanent,
    force: flags.force ?? false,
    dryRun: flags.dry_run ?? false,
    sendObjectTo: sendObjectTo.value,
  });
}

function parseEpochs(text: string | null): Result<number, QueryFailure> {
  if (text === null) return ok(1);
  const epochs = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return epochs >= 1 && epochs <= EPOCHS_QUERY_MAX
    ? ok(epochs)
    : malformed("epochs", text, "a whole number from 1");
}

function parseFlag(parameter: string, text: string | null): Result<boolean, QueryFailure> {
  if (text === null || text === "false") return ok(false);
  return text === "true" ? ok(true) : malformed(parameter, text, "true or false");
}

function parseAddress(text: string | null): Result<string | null, QueryFailure> {
  if (text === null) return ok(null);
  return /^0x[0-9a-fA-F]{64}$/.test(text)
    ? ok(text.toLowerCase())
    : malformed("send_object_to", text, "a Sui address: 0x and 64 hex digits");
}

function malformed(
  parameter: string,
  value: string,
  expected: string,
): Result<never, QueryFailure> {
  return err({ kind: "query-malformed", parameter, value, expected });
}
