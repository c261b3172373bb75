/** What an isolate remembers for its next requests: hints, each bounded and short-lived. */
import type { BlobEntry } from "../../shared/cache/entry.ts";
import type { Clock } from "../../shared/ports.ts";
import type { AttributedBlob } from "../../shared/sui/attributed-blob.ts";
import { Busy } from "./busy.ts";

/** Shared by all requests of an isolate. */
export interface ReadMemory {
  /** Blobs that nodes of a quorum did not know, by ID, and until when that is believed. */
  readonly notFound: Map<string, number>;
  /** What the edge cache had of blobs, by ID, and until when it is not asked again. */
  readonly entries: Map<string, { readonly entry: BlobEntry; readonly untilMs: number }>;
  /** Blob objects by object ID. */
  readonly objects: Map<string, { readonly object: AttributedBlob; readonly untilMs: number }>;
  /** Blobs (by ID) that are being opened, until what was learned of them is cached. */
  readonly opening: Busy;
  /** Segments (by cache key) that are being read from the nodes. */
  readonly filling: Busy;
  /** Segments (by cache key) that somebody is putting together to be cached. */
  readonly keeping: Busy;
  /** Segments (by cache key) that are on their way into the cache, or were until a moment ago. */
  readonly storing: Busy;
}

/** Nothing is remembered yet. */
export function emptyReadMemory(clock: Clock): ReadMemory {
  return {
    notFound: new Map(),
    entries: new Map(),
    objects: new Map(),
    opening: new Busy(clock),
    filling: new Busy(clock),
    keeping: new Busy(clock),
    storing: new Busy(clock),
  };
}
