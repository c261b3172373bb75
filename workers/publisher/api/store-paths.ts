/** Stores, the upload relay and webhooks in the OpenAPI document. Data only. */
import { FLAG, parameter, TEXT } from "../../../shared/http/openapi.ts";
import { operation, type Paths, readable, type Told } from "./words.ts";

const BYTES = { "application/octet-stream": { schema: { type: "string", format: "binary" } } };
const FORM = {
  "multipart/form-data": {
    schema: { type: "object", additionalProperties: { type: "string", format: "binary" } },
  },
};

const EPOCHS = { type: "integer", minimum: 1, default: 1 };

/** What a store and a delivery may ask for. */
const QUERY = [
  parameter("query", "epochs", "Epochs from the current one", EPOCHS),
  parameter("query", "permanent", "Nobody can delete it before its end", FLAG),
  parameter("query", "deletable", "The default; excludes permanent=true", FLAG),
  parameter(
    "query",
    "force",
    "Stores a permanent blob though the network has it long enough",
    FLAG,
  ),
  parameter("query", "send_object_to", "Sui address that gets the Blob object"),
  parameter("query", "encoding_type", "No other", { const: "RS2" }),
  parameter("query", "share", "Wraps the Blob in a SharedBlob; excludes send_object_to", FLAG),
  parameter("query", "reuse_resources", "Takes storage at hand before it buys some", FLAG),
  parameter("query", "quilt_version", "Version of a quilt's layout", { enum: ["v1", "V1", "1"] }),
];

const STORE_PARAMETERS = [
  ...QUERY,
  parameter("query", "dry_run", "Answers blob ID and cost, and stores nothing", FLAG),
  parameter("header", "Prefer", "respond-async answers 202 when the bytes are durable"),
  parameter("header", "Idempotency-Key", "One upload; bound to query, attributes and bytes"),
  parameter("header", "Content-Type", "Becomes the attribute content-type; not for a form"),
  parameter("header", "X-Walrus-Attribute-{key}", "Becomes the attribute {key}, in lower case"),
];

const ACCEPTED: Told = {
  says: "The bytes are durable; follow Location",
  headers: ["Location", "Preference-Applied"],
  content: "Accepted",
};

/** What a body can be refused for. */
const OF_BODIES = [400, 413, 451, 503, 504];

function store(summary: string, result: string, body: object, more: readonly number[]) {
  return operation({
    summary,
    access: "stored",
    isCounted: true,
    parameters: STORE_PARAMETERS,
    body,
    answers: {
      200: { says: "Stored", headers: ["Content-Location"], content: result },
      202: ACCEPTED,
    },
    refusals: [...OF_BODIES, 409, 422, ...more],
  });
}

/** The paths. */
export const STORE_PATHS: Paths = {
  "/v1/blobs": { put: store("Stores the body", "StoreResult", BYTES, []) },
  "/v1/quilts": {
    put: store(
      "Stores the files of a form as one quilt; the field _metadata holds tags",
      "QuiltResult",
      FORM,
      [415],
    ),
  },
  "/v1/tip-config": readable({
    summary: "What the upload relay asks for",
    access: "open",
    answers: { 200: { says: "The tip", content: "TipConfig" } },
  }),
  "/v1/blob-upload-relay": {
    post: operation({
      summary: "Encodes and spreads a blob its sender has registered",
      access: "stored",
      isCounted: true,
      parameters: [
        parameter("query", "blob_id", "ID the body must have", TEXT, true),
        parameter("query", "deletable_blob_object", "Blob object; absent for a permanent blob"),
        parameter("query", "tx_id", "Transaction that paid the tip"),
        parameter("query", "nonce", "32 bytes whose hash it holds"),
        parameter("query", "encoding_type", "No other", { const: "RS2" }),
      ],
      body: BYTES,
      answers: { 200: { says: "The certificate", content: "RelayCertificate" } },
      refusals: [...OF_BODIES, 402],
    }),
  },
  "/edge/v1/hooks/{source}": {
    post: operation({
      summary: "Stores a signed Standard Webhooks delivery, once for each event",
      access: "signed",
      isCounted: true,
      parameters: [
        parameter("path", "source", "Name of a configured source"),
        parameter("header", "webhook-id", "The event; one upload for each", TEXT, true),
        parameter("header", "webhook-timestamp", "Seconds since 1970, now", TEXT, true),
        parameter("header", "webhook-signature", "v1 signatures, separated by spaces", TEXT, true),
        parameter("header", "Content-Type", "Becomes the attribute content-type"),
        ...QUERY,
      ],
      body: BYTES,
      answers: { 202: { ...ACCEPTED, says: "Taken; follow Location" } },
      refusals: [...OF_BODIES, 404, 422],
    }),
  },
};
