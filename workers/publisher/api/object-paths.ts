/** `/edge/v1/objects` in the OpenAPI document. Data only. */
import { parameter, schema, WHOLE } from "../../../shared/http/openapi.ts";
import { LEASE_PAGE_MAX, OBJECT_PAGE_DEFAULT } from "../../../shared/limits.ts";
import { IDEMPOTENCY_KEY, operation, type Paths, readable } from "./words.ts";

const OBJECT_ID = parameter("path", "objectId", "The Blob object, or the SharedBlob around it");
const IF_MATCH = parameter("header", "If-Match", "ETag of the version that is changed; else 412");
const IF_NONE_MATCH = parameter("header", "If-None-Match", "304 while it is this version");
const LIMIT = {
  type: "integer",
  minimum: 1,
  maximum: LEASE_PAGE_MAX,
  default: OBJECT_PAGE_DEFAULT,
};
const WHY_NOT = [404, 409, 412, 413, 422];

/** The paths. */
export const OBJECT_PATHS: Paths = {
  "/edge/v1/objects": readable({
    summary: "What this gateway has stored for the caller, newest first",
    access: "list",
    parameters: [
      parameter("query", "cursor", "`next` of the page before"),
      parameter("query", "limit", "Objects on it", LIMIT),
      parameter("query", "end_epoch_min", "Ends there or later (exclusive end epochs)", WHOLE),
      parameter("query", "end_epoch_max", "Ends there or earlier", WHOLE),
      parameter("query", "name", "What this name of /edge/v1/names points at"),
      parameter("query", "attribute.{key}", "Has this value; with * at its end, begins so"),
      parameter("query", "format", "jsonl exports all pages, one object a line", {
        enum: ["json", "jsonl"],
      }),
      parameter("header", "Accept", "application/jsonl does the same"),
    ],
    answers: {
      200: {
        says: "A page, or all of them",
        headers: ["Vary"],
        content: {
          "application/json": { schema: schema("ObjectPage") },
          "application/jsonl": { schema: schema("StoredObject") },
        },
      },
    },
  }),
  "/edge/v1/objects/{objectId}": {
    ...readable({
      summary: "One object as the chain has it now",
      access: "list",
      parameters: [OBJECT_ID, IF_NONE_MATCH],
      answers: {
        200: { says: "The object", headers: ["ETag"], content: "ObjectNow" },
        304: { says: "Unchanged", headers: ["ETag"] },
      },
      refusals: [404],
    }),
    patch: operation({
      summary: "Sets attributes, and removes those that are null",
      access: "manage",
      isCounted: true,
      parameters: [OBJECT_ID, IDEMPOTENCY_KEY, IF_MATCH],
      body: "AttributeChange",
      answers: {
        200: { says: "The object after it", headers: ["ETag"], content: "ChangedObject" },
      },
      refusals: WHY_NOT,
    }),
    delete: operation({
      summary: "Deletes a deletable blob; its storage stays with the gateway for reuse",
      access: "manage",
      isCounted: true,
      parameters: [OBJECT_ID, IDEMPOTENCY_KEY, IF_MATCH],
      answers: { 200: { says: "Deleted", content: "DeletedObject" } },
      refusals: WHY_NOT,
    }),
  },
  "/edge/v1/objects/{objectId}/extend": {
    post: operation({
      summary: "Buys more epochs, also for a blob in a SharedBlob",
      access: "manage",
      isCounted: true,
      parameters: [OBJECT_ID, IDEMPOTENCY_KEY, IF_MATCH],
      body: "Extension",
      answers: {
        200: { says: "The object after it", headers: ["ETag"], content: "ExtendedObject" },
      },
      refusals: WHY_NOT,
    }),
  },
};
