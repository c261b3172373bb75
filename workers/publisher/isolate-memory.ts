/**
 * What the requests and uploads of one isolate share: its memory, and hints. Module scope on
 * purpose, because it is about this isolate and nothing beyond it.
 */
import { createSystemCache } from "../../shared/sui/system-cache.ts";
import { systemClock } from "../../shared/system.ts";
import { emptyLaggards } from "./upload/laggards.ts";

/** The network as last read: a burst of uploads reads it once. Whoever must be sure reads afresh. */
export const isolateSystem = createSystemCache(systemClock);

/** Nodes that stores went without, as this isolate last knew. */
export const isolateLaggards = emptyLaggards();
