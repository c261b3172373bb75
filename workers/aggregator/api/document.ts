/**
 * The OpenAPI document of the aggregator: what is really served, and nothing else. Data only; a test
 * holds it against the route table.
 */
import {
  FLAG,
  type Operation,
  type Parameter,
  parameter,
  schema,
  TEXT,
  WHOLE,
} from "../../../shared/http/openapi.ts";
import { INERT_TYPES } from "../content-type.ts";
import { SCHEMAS } from "./schemas.ts";
import { BYTES, CONTENT, HEADERS, refusals, told } from "./words.ts";

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
const PRECONDITIONS = ["If-None-Match", "If-Match"].map((name) =>
  parameter("header", name, "RFC 9110"),
);
const CONDITIONS = [
  ...PRECONDITIONS,
  ...["If-Range", "Range"].map((name) => parameter("header", name, "RFC 9110; ignored by HEAD")),
];
const BINARY = { "*/*": { schema: { type: "string", format: "binary" } } };
const PARTS = { "multipart/byteranges": { schema: { type: "string", format: "binary" } } };
/** Of whatever can be read in part. */
const READ_REFUSALS = [400, 404, 412, 416, 451, 500, 503];

/** GET and HEAD of something that has bytes; `own` are headers of this route. */
function bytes(
  summary: string,
  path: readonly Parameter[],
  query: readonly Parameter[],
  own: readonly string[] = [],
): object {
  const headers = [...CONTENT, ...BYTES, ...own];
  return readable({
    summary,
    parameters: [...path, ...query, ...PRESENTATION, ...CONDITIONS],
    responses: {
      "200": told("The verified bytes", headers, BINARY),
      ...partial(headers, BINARY),
      ...refusals([...READ_REFUSALS, 403]),
    },
  });
}

/** GET and HEAD of something that is told as JSON. */
function json(
  summary: string,
  name: string,
  parameters: readonly Parameter[],
  more: readonly number[] = [],
): object {
  const content = { "application/json": { schema: schema(name) } };
  return readable({
    summary,
    parameters: [...parameters, ...CONDITIONS],
    responses: {
      "200": told("As it is now", CONTENT, content),
      ...partial(CONTENT, { "application/json": {} }),
      ...refusals([...READ_REFUSALS, ...more]),
    },
  });
}

function partial(headers: readonly string[], content: object): Record<string, object> {
  return {
    "206": told("A part, or several", [...headers, "Content-Range"], { ...content, ...PARTS }),
    "304": told("The client has it", headers),
  };
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
      parameters: [...PRESENTATION, ...PRECONDITIONS],
      requestBody: {
        required: true,
        content: { "application/json": { schema: schema("ConcatRequest") } },
      },
      responses: {
        "200": told("The verified bytes", [...CONTENT, ...BYTES], BINARY),
        ...refusals([400, 403, 404, 412, 413, 415, 422, 451, 500, 503]),
      },
    } satisfies Operation,
  },
  "/v1alpha/blobs/{blobId}/stream": bytes("A blob", [BLOB_ID], CONSISTENCY, ["X-Walrus-Streaming"]),
  "/v1/blobs/by-object-id/{objectId}": bytes(
    "The blob of a Blob or SharedBlob object, attributes as headers",
    [parameter("path", "objectId", "0x and up to 64 hex digits, or all 64 of them")],
    CONSISTENCY,
  ),
  "/v1/blobs/by-quilt-patch-id/{patchId}": bytes(
    "One patch of a quilt",
    [parameter("path", "patchId", "50 characters of base64url")],
    [],
    ["X-Quilt-Patch-Identifier"],
  ),
  "/v1/blobs/by-quilt-id/{quiltId}/{identifier}": bytes(
    "One patch of a quilt by its name",
    [QUILT_ID, parameter("path", "identifier", "A / in it is %2F")],
    [],
    ["X-Quilt-Patch-Identifier"],
  ),
  "/v1/quilts/{quiltId}/patches": json("The patches of a quilt", "Patches", [QUILT_ID], [403]),
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
    responses: { "200": told("OK", [], { "text/plain": { schema: TEXT } }) },
  }),
  "/v1/api": readable({
    summary: "This document; as a page for browsers",
    responses: {
      "200": told("OpenAPI", ["X-Content-Type-Options", "Content-Security-Policy", "Vary"], {
        "application/json": { schema: {} },
        "text/html": { schema: TEXT },
      }),
    },
  }),
};

/** The document. */
export const API_DOCUMENT = {
  openapi: "3.1.0",
  info: {
    title: "walrus-edge aggregator",
    version: "1",
    description:
      "As it answers unless COMPAT=exact is set. Any other method is 405, and OPTIONS 200.",
    license: { name: "Apache-2.0" },
  },
  paths: PATHS,
  components: { schemas: SCHEMAS, headers: HEADERS },
} as const;
