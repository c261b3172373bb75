/** `/edge/v1/blocklist` and `/edge/v1/purge` in the OpenAPI document. Data only. */
import { parameter } from "../../../shared/http/openapi.ts";
import { operation, type Paths, readable } from "./words.ts";

const BLOB_ID = parameter("path", "blobId", "In any of its three spellings");
const IN_FORCE = "In force within effectiveWithinMs";

/** The paths. */
export const GATE_PATHS: Paths = {
  "/edge/v1/purge": {
    post: operation({
      summary: "What the aggregators have cached of one blob, or of all, is read anew",
      access: "admin",
      isCounted: true,
      body: "PurgeRequest",
      answers: { 200: { says: IN_FORCE, content: "Purged" } },
      refusals: [413],
    }),
  },
  "/edge/v1/blocklist": readable({
    summary: "The blocked blobs, by pages",
    access: "admin",
    parameters: [parameter("query", "after", "`next` of the page before")],
    answers: { 200: { says: "A page", content: "Blocklist" } },
  }),
  "/edge/v1/blocklist/{blobId}": {
    ...readable({
      summary: "Whether a blob is blocked, since when and why",
      access: "admin",
      parameters: [BLOB_ID],
      answers: { 200: { says: "It is blocked", content: "Block" } },
      refusals: [404],
    }),
    put: operation({
      summary: "Blocks a blob: reads of it answer 451",
      access: "admin",
      isCounted: true,
      parameters: [BLOB_ID, parameter("query", "reason", "Why, for the operators")],
      answers: { 200: { says: IN_FORCE, content: "Block" } },
      refusals: [409],
    }),
    delete: operation({
      summary: "Lets a blob through again",
      access: "admin",
      isCounted: true,
      parameters: [BLOB_ID],
      answers: { 200: { says: IN_FORCE, content: "Unblocked" } },
    }),
  },
};
