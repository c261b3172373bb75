/** `/edge/v1/orphans` in the OpenAPI document. Data only. */
import { ADMIN, header, json, type Json, path, PROBLEM, query, TEXT } from "./words.ts";

/** The paths. */
export const ORPHAN_PATHS: Readonly<Record<string, Json>> = {
  "/edge/v1/orphans": {
    get: {
      summary: "Registrations that were paid for and never certified, by pages",
      ...ADMIN,
      parameters: [query("after", TEXT, "`next` of the page before")],
      responses: { "200": json("A page", "Orphans"), ...PROBLEM },
    },
  },
  "/edge/v1/orphans/{objectId}": {
    delete: {
      summary: "Burns an expired one, deletes a deletable one",
      ...ADMIN,
      parameters: [
        path("objectId", "Object ID of the Blob"),
        header("Idempotency-Key", "One key, one removal; a repetition gets its answer"),
      ],
      responses: { "200": json("It is gone", "OrphanRemoved"), ...PROBLEM },
    },
  },
};
