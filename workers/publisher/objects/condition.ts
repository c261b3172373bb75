/**
 * `If-Match` and `If-None-Match` on one object, whose entity tag is its version on chain. Pure.
 *
 * What passes is only the first look: the transaction pins the version, so the chain compares again.
 */
import { matchesNone, matchesSome } from "../../../shared/http/etag.ts";

/** Whether a change may be made to the object in this version. */
export function allowsChange(headers: Headers, version: string): boolean {
  return (
    matchesSome(headers.get("If-Match"), version) &&
    !matchesNone(headers.get("If-None-Match"), version)
  );
}

/** Whether one version is asked for and no other: then the transaction pins it. */
export function isConditional(headers: Headers): boolean {
  const header = headers.get("If-Match");
  return header !== null && header.trim() !== "*";
}

const VERSION_TAG = /(?<!W\/)"(\d{1,20})"/g;

/** Whether `If-Match` names a version after this one: then whoever told it may only be behind. */
export function namesLater(headers: Headers, version: string): boolean {
  const tags = (headers.get("If-Match") ?? "").matchAll(VERSION_TAG);
  return [...tags].some(([, tag = "0"]) => BigInt(tag) > BigInt(version));
}
