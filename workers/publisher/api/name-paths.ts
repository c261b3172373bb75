/** `/edge/v1/names` in the OpenAPI document. Data only. */
import { header, json, type Json, LIST, MANAGE, path, PROBLEM, query, ref } from "./words.ts";

const NAME = path("name", "Letters, digits and . _ ~ -, a letter or digit first");
const KEY = header("Idempotency-Key", "One key, one change; a repetition gets its answer");
const IF_MATCH = header("If-Match", "ETag of the version that is replaced; else 412");

/** The paths. */
export const NAME_PATHS: Readonly<Record<string, Json>> = {
  "/edge/v1/names": {
    get: {
      summary: "The caller's names, in their order",
      ...LIST,
      parameters: [
        query("prefix", { type: "string" }, "How they begin"),
        query("after", { type: "string" }, "`next` of the page before"),
        query("limit", { type: "integer", minimum: 1, maximum: 500, default: 100 }, "Names on it"),
      ],
      responses: { "200": json("A page", "NamePage"), ...PROBLEM },
    },
  },
  "/edge/v1/names/{name}": {
    get: {
      summary: "What a name points at; ETag is its version",
      ...LIST,
      parameters: [
        NAME,
        query("redirect", { type: "boolean", default: false }, "307 to the aggregator's read"),
        header("If-None-Match", "304 while it is this version"),
      ],
      responses: {
        "200": json("As it stands", "Name"),
        "304": { description: "Unchanged" },
        "307": { description: "Where its bytes are read" },
        ...PROBLEM,
      },
    },
    put: {
      summary: "Points a name at a blob, on chain, by compare-and-set",
      ...MANAGE,
      parameters: [NAME, KEY, IF_MATCH, header("If-None-Match", "* : only where there is none")],
      requestBody: {
        required: true,
        content: { "application/json": { schema: ref("NameTarget") } },
      },
      responses: {
        "200": json("Changed", "Name"),
        "201": json("Made", "Name"),
        ...PROBLEM,
      },
    },
    delete: {
      summary: "Takes a name away; its history stays",
      ...MANAGE,
      parameters: [NAME, KEY, IF_MATCH],
      responses: { "200": json("The version that says so", "Name"), ...PROBLEM },
    },
  },
  "/edge/v1/names/{name}/versions": {
    get: {
      summary: "Its history with the transactions that wrote it, latest first",
      ...LIST,
      parameters: [
        NAME,
        query("before", { type: "integer", minimum: 1 }, "`next` of the page before"),
      ],
      responses: { "200": json("A page", "NameVersions"), ...PROBLEM },
    },
  },
};
