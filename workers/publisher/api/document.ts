/**
 * The OpenAPI document of the publisher: what is really served, and nothing else. Data only; a test
 * holds it against the route table, and the tests of the Worker hold every answer against it.
 */
import { FLAG, parameter, TEXT } from "../../../shared/http/openapi.ts";
import { GATE_PATHS } from "./gate-paths.ts";
import { NAME_PATHS } from "./name-paths.ts";
import { OBJECT_PATHS } from "./object-paths.ts";
import { ORPHAN_PATHS } from "./orphan-paths.ts";
import { SCHEMAS } from "./schemas.ts";
import { STORE_PATHS } from "./store-paths.ts";
import { HEADERS, operation, type Paths, readable } from "./words.ts";

const UPLOAD_ID = parameter("path", "uploadId", "Named by a store's Location or Content-Location");

const PATHS: Paths = {
  "/status": readable({
    summary: "The process answers",
    access: "open",
    answers: { 200: { says: "OK", content: { "text/plain": { schema: TEXT } } } },
  }),
  "/metrics": metrics(),
  "/v1/api": readable({
    summary: "This document; as a page for browsers",
    access: "open",
    answers: {
      200: {
        says: "OpenAPI",
        headers: ["Vary", "Content-Security-Policy"],
        content: { "application/json": {}, "text/html": { schema: TEXT } },
      },
    },
  }),
  ...STORE_PATHS,
  "/edge/v1/estimate": {
    post: operation({
      summary: "What a store will cost, in FROST",
      access: "open",
      body: "EstimateRequest",
      answers: { 200: { says: "At the prices of this moment", content: "Estimate" } },
      refusals: [400, 413, 503],
    }),
  },
  "/edge/v1/uploads/{uploadId}": {
    ...readable({
      summary: "State of an upload",
      access: "store",
      parameters: [
        UPLOAD_ID,
        parameter("query", "watch", "Streams every change", FLAG),
        parameter("header", "Last-Event-ID", "With watch: 204 where it was the final state"),
      ],
      answers: {
        204: { says: "The final state has been told: nothing to reconnect for" },
        200: {
          says: "The state",
          content: {
            "application/json": { schema: { $ref: "#/components/schemas/Upload" } },
            "text/event-stream": { schema: TEXT },
          },
        },
      },
      refusals: [404],
    }),
    delete: operation({
      summary: "Ends an upload while nothing is paid",
      access: "store",
      isCounted: true,
      parameters: [UPLOAD_ID],
      answers: { 200: { says: "The final state", content: "Upload" } },
      refusals: [404, 409],
    }),
  },
  ...OBJECT_PATHS,
  ...NAME_PATHS,
  ...ORPHAN_PATHS,
  ...GATE_PATHS,
};

/** Behind a token of its own; without one configured there is no such path. */
function metrics(): Paths[string] {
  const { get, head } = readable({
    summary: "Counters and gauges in Prometheus' text format, behind a token of their own",
    access: "open",
    answers: { 200: { says: "OK", content: { "text/plain": { schema: TEXT } } } },
    refusals: [401, 404],
  });
  const security = [{ metrics: [] }];
  return { get: { ...get, security }, head: { ...head, security } };
}

/** The document. */
export const API_DOCUMENT = {
  openapi: "3.1.0",
  info: { title: "walrus-edge publisher", version: "1", license: { name: "Apache-2.0" } },
  paths: PATHS,
  components: {
    headers: HEADERS,
    schemas: SCHEMAS,
    securitySchemes: {
      token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
      metrics: { type: "http", scheme: "bearer" },
    },
  },
} as const;
