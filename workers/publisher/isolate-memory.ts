/**
 * What the requests and uploads of one isolate share: its memory. Module scope on purpose, because
 * it is about this isolate and nothing beyond it.
 */
import { WHOLE_BODIES_BYTES_MAX } from "../../shared/limits.ts";
import { ByteAdmission } from "./admission.ts";

/** Bodies that are read as a whole. */
export const isolateWholeBodies = new ByteAdmission(WHOLE_BODIES_BYTES_MAX);
