/**
 * What one storage node says of a blob (`BlobStatus` of `walrus-storage-node-client api.rs`).
 *
 * Pure. camelCase is what nodes send; the published OpenAPI file shows snake_case, so both are
 * read. One node's word proves nothing: the caller weighs it by shards or checks the event.
 */
import * as v from "valibot";

/** Names one event of the chain. */
export interface StatusEvent {
  readonly txDigest: string;
  readonly eventSeq: string;
}

/** The state of a blob as a node knows it. */
export type BlobStatus =
  | { readonly kind: "nonexistent" }
  | { readonly kind: "invalid"; readonly event: StatusEvent }
  | {
      readonly kind: "permanent";
      readonly endEpoch: number;
      readonly isCertified: boolean;
      readonly statusEvent: StatusEvent;
      readonly deletableCertifiedCount: number;
      readonly initialCertifiedEpoch: number | null;
    }
  | {
      readonly kind: "deletable";
      readonly deletableCertifiedCount: number;
      readonly initialCertifiedEpoch: number | null;
    };

const epochSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const eventSchema = v.object({
  txDigest: v.string(),
  eventSeq: v.pipe(v.union([v.string(), v.number()]), v.transform(String)),
});
const countsSchema = v.object({
  count_deletable_total: v.number(),
  count_deletable_certified: v.number(),
});
const statusSchema = v.union([
  v.literal("nonexistent"),
  v.object({ invalid: v.object({ event: eventSchema }) }),
  v.object({
    permanent: v.object({
      endEpoch: epochSchema,
      isCertified: v.boolean(),
      statusEvent: eventSchema,
      deletableCounts: countsSchema,
      initialCertifiedEpoch: v.optional(v.nullable(epochSchema), null),
    }),
  }),
  v.object({
    deletable: v.object({
      deletableCounts: countsSchema,
      initialCertifiedEpoch: v.optional(v.nullable(epochSchema), null),
    }),
  }),
]);

/** Reads the `data` of a status answer; `null` when it has none of the known shapes. */
export function parseBlobStatus(data: unknown): BlobStatus | null {
  const parsed = v.safeParse(statusSchema, camelKeys(data));
  if (!parsed.success) return null;
  const status = parsed.output;
  if (status === "nonexistent") return { kind: "nonexistent" };
  if ("invalid" in status) return { kind: "invalid", event: status.invalid.event };
  if ("permanent" in status) {
    const { deletableCounts, ...rest } = status.permanent;
    return {
      kind: "permanent",
      ...rest,
      deletableCertifiedCount: deletableCounts.count_deletable_certified,
    };
  }
  return {
    kind: "deletable",
    initialCertifiedEpoch: status.deletable.initialCertifiedEpoch,
    deletableCertifiedCount: status.deletable.deletableCounts.count_deletable_certified,
  };
}

/** snake_case keys to camelCase, except the inner counters, which are snake_case on the wire. */
function camelKeys(value: unknown): unknown {
  if (Array.isArray(value) || typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.startsWith("count_")
        ? key
        : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      camelKeys(inner),
    ]),
  );
}
