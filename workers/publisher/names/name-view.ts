/** What clients see of a name. Pure. */
import { strongEtag } from "../../../shared/http/etag.ts";
import type { PublisherConfig } from "../config.ts";
import type { ChangeAnswer } from "../keyed/change-once.ts";
import type { NameTarget } from "./name.ts";
import { etagOf, type NameRecord, type NameVersion } from "./names.ts";

type Where = Pick<PublisherConfig, "aggregatorUrl">;

/** A name as it stands, with all one needs to resolve it without the gateway. */
export function recordView(record: NameRecord, where: Where): object {
  const { name, key, anchor, target } = record;
  const url = readUrl(target, where);
  return {
    name,
    ...versionView(record),
    ...(url === null ? {} : { url }),
    anchor: { ...anchor, attribute: key },
  };
}

/** The same as an answer: its version is the entity tag. */
export function recordAnswer(record: NameRecord, where: Where): ChangeAnswer {
  return {
    headers: { ETag: strongEtag(etagOf(record)), "Cache-Control": "no-cache" },
    body: recordView(record, where),
  };
}

/** One version of a name. */
export function versionView({ version, target, txDigest, changedAtMs }: NameVersion): object {
  return {
    version,
    blobId: target?.blobId ?? null,
    objectId: target?.objectId ?? null,
    txDigest,
    changedAt: new Date(changedAtMs).toISOString(),
  };
}

/** Where its bytes are read; `null` where that is not told. */
export function readUrl(target: NameTarget | null, { aggregatorUrl }: Where): string | null {
  return target === null || aggregatorUrl === null
    ? null
    : `${aggregatorUrl}/v1/blobs/${target.blobId}`;
}
