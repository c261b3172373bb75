/**
 * What the requests and uploads of one isolate share: its memory, and hints. Module scope on
 * purpose, because it is about this isolate and nothing beyond it.
 */
import { WHOLE_BODIES_BYTES_MAX } from "../../shared/limits.ts";
import { createSystemCache } from "../../shared/sui/system-cache.ts";
import { systemClock } from "../../shared/system.ts";
import { ByteAdmission } from "./admission.ts";
import { emptyLaggards } from "./upload/laggards.ts";

/** Bodies that are read as a whole. */
export const isolateWholeBodies = new ByteAdmission(WHOLE_BODIES_BYTES_MAX);

/** The network as last read: a burst of uploads reads it once. Whoever must be sure reads afresh. */
export const isolateSystem = createSystemCache(systemClock);

/** Nodes that stores went without, as this isolate last knew. */
export const isolateLaggards = emptyLaggards();
