/**
 * The OpenAPI document of the publisher: what is really served, and nothing else. Data only; a test
 * holds it against the route table.
 */
import { NAME_PATHS } from "./name-paths.ts";
import { ORPHAN_PATHS } from "./orphan-paths.ts";
import { OBJECT_PATHS } from "./object-paths.ts";
import { SCHEMAS } from "./schemas.ts";
import {
  ADMIN,
  BYTES,
  FLAG,
  header,
  json,
  type Json,
  path,
  PROBLEM,
  query,
  ref,
  TEXT,
  TOKEN,
} from "./words.ts";

const STORE_PARAMETERS = [
  query("epochs", { type: "integer", minimum: 1, default: 1 }, "Epochs from the current one"),
  query("permanent", FLAG, "Nobody can delete it before its end"),
  query("deletable", FLAG, "The default; excludes permanent=true"),
  query("force", FLAG, "Stores a permanent blob though the network has it long enough"),
  query("send_object_to", TEXT, "Sui address that gets the Blob object"),
  query("encoding_type", { const: "RS2" }, "No other"),
  query("share", FLAG, "Wraps the Blob in a SharedBlob; excludes send_object_to"),
  query("reuse_resources", FLAG, "Takes storage the wallet holds before it buys some"),
  query("dry_run", FLAG, "Answers blob ID and cost, and stores nothing"),
  header("Prefer", "respond-async answers 202 when the bytes are durable"),
  header("Idempotency-Key", "One key, one upload; bound to query, attributes and bytes"),
  header("Content-Type", "Becomes the attribute content-type of the Blob; not for a form"),
  header("X-Walrus-Attribute-{key}", "Becomes the attribute {key}, in lower case"),
];

function store(summary: string, result: string, body: Json, more: readonly Json[]): Json {
  return {
    summary,
    ...TOKEN,
    parameters: [...STORE_PARAMETERS, ...more],
    requestBody: { content: body },
    responses: {
      "200": json("Stored", result),
      "202": json("The bytes are durable; follow Location", "Accepted"),
      ...PROBLEM,
    },
  };
}

const UPLOAD_ID = path("uploadId", "Named by a store's Location or Content-Location");

const BLOB_ID = path("blobId", "In any of its three spellings");

const PATHS: Readonly<Record<string, Json>> = {
  "/status": {
    get: {
      summary: "The process answers",
      responses: { "200": { description: "OK", content: { "text/plain": { schema: TEXT } } } },
    },
  },
  "/metrics": {
    get: {
      summary: "Counters and gauges in Prometheus' text format, behind a token of their own",
      security: [{ metrics: [] }],
      responses: {
        "200": { description: "OK", content: { "text/plain": { schema: TEXT } } },
        ...PROBLEM,
      },
    },
  },
  "/v1/api": {
    get: {
      summary: "This document; as a page for browsers",
      responses: {
        "200": {
          description: "OpenAPI",
          content: { "application/json": { schema: {} }, "text/html": { schema: TEXT } },
        },
      },
    },
  },
  "/v1/blobs": { put: store("Stores the body", "StoreResult", BYTES, []) },
  "/v1/quilts": {
    put: store(
      "Stores the files of a form as one quilt; the field _metadata holds tags",
      "QuiltResult",
      {
        "multipart/form-data": {
          schema: { type: "object", additionalProperties: { type: "string", format: "binary" } },
        },
      },
      [query("quilt_version", { enum: ["v1", "V1", "1"] }, "Version of the layout")],
    ),
  },
  "/v1/tip-config": {
    get: {
      summary: "What the upload relay asks for",
      responses: { "200": json("The tip", "TipConfig") },
    },
  },
  "/v1/blob-upload-relay": {
    post: {
      summary: "Encodes and spreads a blob its sender has registered",
      ...TOKEN,
      parameters: [
        query("blob_id", TEXT, "ID the body must have", true),
        query("deletable_blob_object", TEXT, "Blob object; absent for a permanent blob"),
        query("tx_id", TEXT, "Transaction that paid the tip"),
        query("nonce", TEXT, "32 bytes whose hash it holds"),
        query("encoding_type", { const: "RS2" }, "No other"),
      ],
      requestBody: { content: BYTES },
      responses: { "200": json("The certificate", "RelayCertificate"), ...PROBLEM },
    },
  },
  "/edge/v1/estimate": {
    post: {
      summary: "What a store will cost, in FROST",
      requestBody: { content: { "application/json": { schema: ref("EstimateRequest") } } },
      responses: { "200": json("At the prices of this moment", "Estimate"), ...PROBLEM },
    },
  },
  "/edge/v1/uploads/{uploadId}": {
    get: {
      summary: "State of an upload",
      ...TOKEN,
      parameters: [UPLOAD_ID, query("watch", FLAG, "Streams every change")],
      responses: {
        "200": {
          description: "The state",
          content: {
            "application/json": { schema: ref("Upload") },
            "text/event-stream": { schema: TEXT },
          },
        },
        ...PROBLEM,
      },
    },
    delete: {
      summary: "Ends an upload while nothing is paid",
      ...TOKEN,
      parameters: [UPLOAD_ID],
      responses: { "200": json("The final state", "Upload"), ...PROBLEM },
    },
  },
  ...OBJECT_PATHS,
  ...NAME_PATHS,
  ...ORPHAN_PATHS,
  "/edge/v1/purge": {
    post: {
      summary: "What the aggregators have cached of one blob, or of all, is read anew",
      ...ADMIN,
      requestBody: { content: { "application/json": { schema: ref("PurgeRequest") } } },
      responses: { "200": json("In force within effectiveWithinMs", "Purged"), ...PROBLEM },
    },
  },
  "/edge/v1/blocklist": {
    get: {
      summary: "The blocked blobs, by pages",
      ...ADMIN,
      parameters: [query("after", TEXT, "`next` of the page before")],
      responses: { "200": json("A page", "Blocklist"), ...PROBLEM },
    },
  },
  "/edge/v1/blocklist/{blobId}": {
    get: {
      summary: "Whether a blob is blocked, since when and why",
      ...ADMIN,
      parameters: [BLOB_ID],
      responses: { "200": json("It is blocked", "Block"), ...PROBLEM },
    },
    put: {
      summary: "Blocks a blob: reads of it answer 451",
      ...ADMIN,
      parameters: [BLOB_ID, query("reason", TEXT, "Why, for the operators")],
      responses: { "200": json("In force within effectiveWithinMs", "Block"), ...PROBLEM },
    },
    delete: {
      summary: "Lets a blob through again",
      ...ADMIN,
      parameters: [BLOB_ID],
      responses: { "200": json("In force within effectiveWithinMs", "Unblocked"), ...PROBLEM },
    },
  },
  "/edge/v1/hooks/{source}": {
    post: {
      summary: "Stores a signed Standard Webhooks delivery, once for each event",
      parameters: [path("source", "Name of a configured source"), ...STORE_PARAMETERS.slice(0, 5)],
      requestBody: { content: BYTES },
      responses: { "202": json("Taken", "Accepted"), ...PROBLEM },
    },
  },
};

/** The document. */
export const API_DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "walrus-edge publisher", version: "1", license: { name: "Apache-2.0" } },
  paths: PATHS,
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
      metrics: { type: "http", scheme: "bearer" },
    },
  },
} as const;
