/**
 * What may be asked of the object that keeps a bucket of names, and what it answers. Types and the
 * pure rule of a change.
 */
import { matchesSome } from "../../../shared/http/etag.ts";
import type { Result } from "../../../shared/result.ts";
import type { UploadFailure } from "../upload/failure.ts";
import type { NameTarget } from "./name.ts";

/** On what a change depends. */
export type Precondition =
  | { readonly kind: "none" }
  /** `If-None-Match: *`: there is no such name. */
  | { readonly kind: "absent" }
  /** `If-Match` with this value. */
  | { readonly kind: "match"; readonly header: string };

/** One wish to point a name elsewhere, or at nothing. */
export interface NameChange {
  /** Chosen by the caller: the same wish sent again is one. */
  readonly id: string;
  /** See `nameKey`. */
  readonly key: string;
  readonly name: string;
  /** Whose it is; another subject has another key. */
  readonly sub: string | null;
  /** `null` deletes. */
  readonly target: NameTarget | null;
  readonly precondition: Precondition;
}

/** Where a name stands on chain. */
export interface AnchorView {
  /** Object ID of the Blob whose attributes hold it. */
  readonly objectId: string;
  /** Address that owns it: one of the gateway's. */
  readonly owner: string;
}

/** One version of a name. */
export interface NameVersion {
  readonly version: number;
  /** `null`: it was deleted. */
  readonly target: NameTarget | null;
  /** Transaction that wrote it; `null` where it was found on chain. */
  readonly txDigest: string | null;
  readonly changedAtMs: number;
}

/** A name as it stands. */
export interface NameRecord extends NameVersion {
  readonly key: string;
  readonly name: string;
  readonly anchor: AnchorView;
}

/** A page of versions, the latest first. */
export interface NameVersions {
  readonly versions: readonly NameVersion[];
  /** Pass as `before` for the next page; `null` on the last one. */
  readonly next: number | null;
}

/** Which names of one bucket, in the order of their keys. */
export interface NameListQuery {
  /** See `nameKey`: of the subject, with the beginning of a name. */
  readonly keyPrefix: string;
  /** Where the page before ended. */
  readonly afterKey: string | null;
  readonly limit: number;
}

/** Why a name was not changed. */
export type NameFailure =
  /** It is not as the precondition says; `version` is what it has, `null` for none. */
  | { readonly kind: "name-precondition"; readonly version: number | null }
  | { readonly kind: "name-unknown" }
  /** Its anchor changes under us again and again. */
  | { readonly kind: "name-contended" }
  /** Its transaction or its anchor could not be made: what an upload says of it. */
  | {
      readonly kind: "name-unwritten";
      readonly cause: UploadFailure;
      /** Whether it may still happen: the same wish is to be asked again. `false` unless given. */
      readonly isOpen?: true;
    };

/** RPC surface of a bucket: `env.NAMES.getByName(bucket)`. */
export interface NamesRpc {
  /** Resolves when the chain has it, or why it has not. */
  change(change: NameChange): Promise<Result<NameRecord, NameFailure>>;
  /** `null` where there is no such name (any more). */
  resolve(key: string): Promise<NameRecord | null>;
  /** `null` where there never was one; pages end before `before`. */
  versions(key: string, before: number | null): Promise<NameVersions | null>;
  /** Names that there are now. */
  list(query: NameListQuery): Promise<readonly NameRecord[]>;
}

/** Buckets by name. */
export interface NameDirectory {
  getByName(bucket: string): NamesRpc;
}

/** The opaque part of a name's entity tag: no two contents of a name ever have the same. */
export function etagOf({ version }: Pick<NameVersion, "version">): string {
  return `v${version}`;
}

/** Whether a change may be made to the name as it stands; `null` for none. */
export function isAllowed(
  precondition: Precondition,
  current: Pick<NameVersion, "version"> | null,
): boolean {
  switch (precondition.kind) {
    case "none":
      return true;
    case "absent":
      return current === null;
    case "match":
      return current !== null && matchesSome(precondition.header, etagOf(current));
  }
}
