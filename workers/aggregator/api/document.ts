/**
 * The OpenAPI document of the aggregator: what is really served, and nothing else. Data only; a test
 * holds it against the route table.
 */
import { INERT_TYPES } from "../content-type.ts";
import { SCHEMAS } from "./schemas.ts";

interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly description: string;
  readonly schema: object;
}

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean", default: false } as const;
const WHOLE = { type: "integer", minimum: 0 } as const;

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly Parameter[];
  readonly responses: Readonly<Record<string, object>>;
}

function parameter(
  place: Parameter["in"],
  name: string,
  description: string,
  schema: object = TEXT,
  required: boolean = place === "path",
): Parameter {
  return { name, in: place, required, description, schema };
}

const BLOB_ID_FORMS = "43 characters of base64url, 0x and 64 hex digits, or the decimal u256";
const BLOB_ID = parameter("path", "blobId", BLOB_ID_FORMS);
const QUILT_ID = parameter("path", "quiltId", BLOB_ID_FORMS);
const CONSISTENCY = [
  parameter("query", "strict_consistency_check", "Encodes the whole blob again first", FLAG),
  parameter("query", "skip_consistency_check", "Checks no more than slivers", FLAG),
];
const PRESENTATION = [
  parameter("query", "content_type", "Replaces what is stored or guessed", {
    enum: [...INERT_TYPES],
  }),
  parameter("query", "filename", "For Content-Disposition"),
  parameter("query", "download", "To be saved, not shown", FLAG),
];
const CONDITIONS = ["If-None-Match", "If-Match", "If-Range", "Range"].map((name) =>
  parameter("header", name, "RFC 9110"),
);

const schema = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const told = (description: string, name: string) => ({
  description,
  content: { "application/json": { schema: schema(name) } },
});
const BINARY = { "*/*": { schema: { type: "string", format: "binary" } } };
const PROBLEM = told("A refusal or failure", "Error");

/** GET and HEAD of something that has bytes. */
function bytes(
  summary: string,
  path: readonly Parameter[],
  query: readonly Parameter[],
  hasRanges = true,
): object {
  const operation = {
    summary,
    parameters: [...path, ...query, ...PRESENTATION, ...CONDITIONS],
    responses: {
      "200": { description: "The verified bytes", content: BINARY },
      ...(hasRanges ? { "206": { description: "A part of them", content: BINARY } } : {}),
      "304": { description: "The client has them" },
      "404": told("Nothing under this ID", "Error"),
      "412": told("If-Match names other content", "Error"),
      ...(hasRanges ? { "416": told("The range lies outside", "Error") } : {}),
      "451": told("Blocked", "Error"),
      "503": told("Not at the moment; with Retry-After", "Error"),
      default: PROBLEM,
    },
  };
  return readable(operation);
}

/** GET and HEAD of something that is told as JSON. */
function json(summary: string, name: string, parameters: readonly Parameter[]): object {
  return readable({
    summary,
    parameters: [...parameters, ...CONDITIONS],
    responses: { "200": told("As it is now", name), default: PROBLEM },
  });
}

function readable(get: Operation): object {
  return { get, head: { ...get, summary: `${get.summary}: headers only` } };
}

const PATHS: Readonly<Record<string, object>> = {
  "/v1alpha/blobs/concat": {
    ...bytes(
      "Several blobs end to end",
      [],
      [
        parameter("query", "ids", "Blob IDs and object IDs, separated by commas", TEXT, true),
        ...CONSISTENCY,
      ],
    ),
    post: {
      summary: "Several blobs end to end",
      parameters: PRESENTATION,
      requestBody: { content: { "application/json": { schema: schema("ConcatRequest") } } },
      responses: {
        "200": { description: "The verified bytes", content: BINARY },
        default: PROBLEM,
      },
    },
  },
  "/v1alpha/blobs/{blobId}/stream": bytes("A blob", [BLOB_ID], CONSISTENCY),
  "/v1/blobs/by-object-id/{objectId}": bytes(
    "The blob of a Blob or SharedBlob object, attributes as headers",
    [parameter("path", "objectId", "0x and up to 64 hex digits")],
    CONSISTENCY,
  ),
  "/v1/blobs/by-quilt-patch-id/{patchId}": bytes(
    "One patch of a quilt",
    [parameter("path", "patchId", "50 characters of base64url")],
    [],
  ),
  "/v1/blobs/by-quilt-id/{quiltId}/{identifier}": bytes(
    "One patch of a quilt by its name",
    [QUILT_ID, parameter("path", "identifier", "A / in it is %2F")],
    [],
  ),
  "/v1/quilts/{quiltId}/patches": json("The patches of a quilt", "Patches", [QUILT_ID]),
  "/v1/blobs/{blobId}/byte-range": bytes(
    "A part of a blob with status 200",
    [BLOB_ID],
    [
      parameter("query", "start", "First byte", WHOLE, true),
      parameter("query", "length", "Bytes", { ...WHOLE, minimum: 1 }, true),
    ],
  ),
  "/v1/blobs/{blobId}": bytes("A blob", [BLOB_ID], CONSISTENCY),
  "/edge/v1/blobs/{blobId}/status": json("What is known of a blob's lease", "Status", [BLOB_ID]),
  "/edge/v1/blobs/{blobId}/proof": json("What shows that bytes belong to the ID", "Proof", [
    BLOB_ID,
    parameter("query", "range", "first-last, first- or -length"),
  ]),
  "/status": readable({
    summary: "The process answers",
    responses: { "200": { description: "OK", content: { "text/plain": { schema: TEXT } } } },
  }),
  "/v1/api": readable({
    summary: "This document; as a page for browsers",
    responses: {
      "200": {
        description: "OpenAPI",
        content: { "application/json": { schema: {} }, "text/html": { schema: TEXT } },
      },
    },
  }),
};

/** The document. */
export const API_DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "walrus-edge aggregator", version: "1", license: { name: "Apache-2.0" } },
  paths: PATHS,
  components: { schemas: SCHEMAS },
} as const;
