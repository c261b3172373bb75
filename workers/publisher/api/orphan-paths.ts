/** `/edge/v1/orphans` in the OpenAPI document. Data only. */
import { parameter } from "../../../shared/http/openapi.ts";
import { IDEMPOTENCY_KEY, operation, type Paths, readable } from "./words.ts";

/** The paths. */
export const ORPHAN_PATHS: Paths = {
  "/edge/v1/orphans": readable({
    summary: "Registrations that were paid for and never certified, by pages",
    access: "admin",
    parameters: [parameter("query", "after", "`next` of the page before")],
    answers: { 200: { says: "A page", content: "Orphans" } },
  }),
  "/edge/v1/orphans/{objectId}": {
    delete: operation({
      summary: "Burns an expired one, deletes a deletable one",
      access: "admin",
      isCounted: true,
      parameters: [parameter("path", "objectId", "Object ID of the Blob"), IDEMPOTENCY_KEY],
      answers: { 200: { says: "It is gone", content: "OrphanRemoved" } },
      refusals: [404, 409, 413, 422],
    }),
  },
};
