/** `/edge/v1/objects` in the OpenAPI document. Data only. */
import { header, json, type Json, LIST, MANAGE, path, PROBLEM, query, ref, TEXT } from "./words.ts";

const OBJECT_ID = path("objectId", "The Blob object, or the SharedBlob around it");
const KEY = header("Idempotency-Key", "One key, one change, paid once");
const IF_MATCH = header("If-Match", "ETag of the version that is changed; else 412");
const EPOCH = { type: "integer", minimum: 0 };

const body = (schema: string): Json => ({
  required: true,
  content: { "application/json": { schema: ref(schema) } },
});

/** The paths. */
export const OBJECT_PATHS: Readonly<Record<string, Json>> = {
  "/edge/v1/objects": {
    get: {
      summary: "What this gateway has stored for the caller, newest first",
      ...LIST,
      parameters: [
        query("cursor", TEXT, "`next` of the page before"),
        query(
          "limit",
          { type: "integer", minimum: 1, maximum: 500, default: 100 },
          "Objects on it",
        ),
        query("end_epoch_min", EPOCH, "Ends there or later (exclusive end epochs)"),
        query("end_epoch_max", EPOCH, "Ends there or earlier"),
        query("name", TEXT, "What this name of /edge/v1/names points at"),
        query("attribute.{key}", TEXT, "Has this value; with * at its end, begins so. Repeatable"),
        query("format", { enum: ["json", "jsonl"] }, "jsonl exports all pages, one object a line"),
        header("Accept", "application/jsonl does the same"),
      ],
      responses: {
        "200": {
          description: "A page, or all of them",
          content: {
            "application/json": { schema: ref("ObjectPage") },
            "application/jsonl": { schema: ref("StoredObject") },
          },
        },
        ...PROBLEM,
      },
    },
  },
  "/edge/v1/objects/{objectId}": {
    get: {
      summary: "One object as the chain has it now",
      ...LIST,
      parameters: [OBJECT_ID, header("If-None-Match", "304 while it is this version")],
      responses: {
        "200": json("The object; ETag is its version", "ObjectNow"),
        "304": { description: "Unchanged" },
        ...PROBLEM,
      },
    },
    patch: {
      summary: "Sets attributes, and removes those that are null",
      ...MANAGE,
      parameters: [OBJECT_ID, KEY, IF_MATCH],
      requestBody: body("AttributeChange"),
      responses: { "200": json("The object after it", "ChangedObject"), ...PROBLEM },
    },
    delete: {
      summary: "Deletes a deletable blob; its storage stays with the gateway for reuse",
      ...MANAGE,
      parameters: [OBJECT_ID, KEY, IF_MATCH],
      responses: { "200": json("Deleted", "DeletedObject"), ...PROBLEM },
    },
  },
  "/edge/v1/objects/{objectId}/extend": {
    post: {
      summary: "Buys more epochs, also for a blob in a SharedBlob",
      ...MANAGE,
      parameters: [OBJECT_ID, KEY, IF_MATCH],
      requestBody: body("Extension"),
      responses: { "200": json("The object after it", "ExtendedObject"), ...PROBLEM },
    },
  },
};
