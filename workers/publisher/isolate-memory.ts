/**
 * What the requests and uploads of one isolate share: its memory. Module scope on purpose, because
 * it is about this isolate and nothing beyond it.
 */
import { ENCODING_BYTES_MAX, WHOLE_BODIES_BYTES_MAX } from "../../shared/limits.ts";
import { ByteAdmission } from "./admission.ts";
import { WorkingMemory } from "./upload/working-memory.ts";

/** Who may hold a whole blob in memory now. */
export const isolateMemory = new WorkingMemory(ENCODING_BYTES_MAX);

/** Bodies that are read as a whole. */
export const isolateWholeBodies = new ByteAdmission(WHOLE_BODIES_BYTES_MAX);
