/**
 * The query of `GET /edge/v1/objects`, and the cursor of its pages. Pure. Unknown keys are passed
 * over, as everywhere.
 */
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import { fromBase64Url, toBase64Url } from "../../../shared/bytes/text.ts";
import { LEASE_PAGE_MAX, OBJECT_FILTERS_MAX, OBJECT_PAGE_DEFAULT } from "../../../shared/limits.ts";
import { err, ok, type Result } from "../../../shared/result.ts";
import type { LeasePosition, SubjectLeasesQuery } from "../lease-book/leases.ts";
import { isName } from "../names/name.ts";
import { checkKeys, malformedQuery, type QueryFailure, wholeNumber } from "../query.ts";

/** Which of its objects a subject asks for. */
export interface ObjectsQuery extends Omit<SubjectLeasesQuery, "sub" | "pointedAt"> {
  /** The name (of `/edge/v1/names`) that points at them; `null` for any. */
  readonly name: string | null;
  /** How they shall be written; `null` leaves that to `Accept`. */
  readonly format: (typeof FORMATS)[number] | null;
}

const KNOWN_KEYS = ["cursor", "limit", "end_epoch_min", "end_epoch_max", "name", "format"] as const;
const FORMATS = ["json", "jsonl"] as const;
const ATTRIBUTE_PREFIX = "attribute.";
/** The largest epoch: it is a u32. */
const U32_MAX = 2 ** 32 - 1;

/** Reads the query. */
export function parseObjectsQuery(query: URLSearchParams): Result<ObjectsQuery, QueryFailure> {
  const keys = checkKeys(query, KNOWN_KEYS, null);
  if (!keys.ok) return keys;
  const limit = wholeNumber(query, "limit", OBJECT_PAGE_DEFAULT, 1, LEASE_PAGE_MAX);
  if (!limit.ok) return limit;
  const endEpochMin = wholeNumber(query, "end_epoch_min", 0, 0, U32_MAX);
  if (!endEpochMin.ok) return endEpochMin;
  const endEpochMax = wholeNumber(query, "end_epoch_max", U32_MAX, 0, U32_MAX);
  if (!endEpochMax.ok) return endEpochMax;
  const cursor = query.get("cursor");
  const after = cursor === null ? null : parseCursor(cursor);
  if (cursor !== null && after === null) {
    return malformedQuery("cursor", cursor, "the value of `next` of the page before");
  }
  const attributes = parseAttributeFilters(query);
  if (attributes.length > OBJECT_FILTERS_MAX) {
    return err({ kind: "query-too-many", parameter: "attribute", countMax: OBJECT_FILTERS_MAX });
  }
  const name = query.get("name");
  if (name !== null && !isName(name)) {
    return malformedQuery(
      "name",
      name,
      "a name of /edge/v1/names; attribute.name filters an attribute",
    );
  }
  const formatText = query.get("format");
  const format = FORMATS.find((each) => each === formatText) ?? null;
  if (formatText !== null && format === null) {
    return malformedQuery("format", formatText, FORMATS.join(" or "));
  }
  return ok({
    name,
    format,
    after,
    limit: limit.value,
    endEpochMin: endEpochMin.value,
    endEpochMax: endEpochMax.value,
    attributes,
  });
}

/** `attribute.<key>=<value>`, as often as wanted. */
function parseAttributeFilters(query: URLSearchParams): readonly (readonly [string, string])[] {
  return [...query].flatMap(([key, value]) =>
    key.startsWith(ATTRIBUTE_PREFIX) ? [[key.slice(ATTRIBUTE_PREFIX.length), value] as const] : [],
  );
}

/** The text of a place in the list; clients hand it back and read nothing into it. */
export function formatCursor({ recordedAtMs, blobObjectId }: LeasePosition): string {
  return toBase64Url(utf8Bytes(JSON.stringify([recordedAtMs, blobObjectId])));
}

function parseCursor(text: string): LeasePosition | null {
  const bytes = fromBase64Url(text);
  if (bytes === null) return null;
  try {
    const parsed: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!Array.isArray(parsed) || parsed.length !== 2) return null;
    const [recordedAtMs, blobObjectId] = parsed as [unknown, unknown];
    return Number.isSafeInteger(recordedAtMs) && typeof blobObjectId === "string"
      ? { recordedAtMs: recordedAtMs as number, blobObjectId }
      : null;
  } catch {
    return null;
  }
}
