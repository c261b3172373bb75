/** `/edge/v1/names` in the OpenAPI document. Data only. */
import { FLAG, parameter } from "../../../shared/http/openapi.ts";
import { NAME_PAGE_DEFAULT, NAME_PAGE_MAX } from "../../../shared/limits.ts";
import { IDEMPOTENCY_KEY, operation, type Paths, readable } from "./words.ts";

const NAME = parameter("path", "name", "Letters, digits and . _ ~ -, a letter or digit first");
const IF_MATCH = parameter("header", "If-Match", "ETag of the version that is replaced; else 412");
const LIMIT = { type: "integer", minimum: 1, maximum: NAME_PAGE_MAX, default: NAME_PAGE_DEFAULT };
const WHY_NOT = [404, 412, 413, 422];

/** The paths. */
export const NAME_PATHS: Paths = {
  "/edge/v1/names": readable({
    summary: "The caller's names, in their order",
    access: "list",
    parameters: [
      parameter("query", "prefix", "How they begin"),
      parameter("query", "after", "`next` of the page before"),
      parameter("query", "limit", "Names on it", LIMIT),
    ],
    answers: { 200: { says: "A page", content: "NamePage" } },
  }),
  "/edge/v1/names/{name}": {
    ...readable({
      summary: "What a name points at; ETag is its version",
      access: "list",
      parameters: [
        NAME,
        parameter("query", "redirect", "307 to the aggregator's read", FLAG),
        parameter("header", "If-None-Match", "304 while it is this version"),
      ],
      answers: {
        200: { says: "As it stands", headers: ["ETag"], content: "Name" },
        304: { says: "Unchanged", headers: ["ETag"] },
        307: { says: "Where its bytes are read", headers: ["ETag", "Location"] },
      },
      refusals: [404],
    }),
    put: operation({
      summary: "Points a name at a blob, on chain, by compare-and-set",
      access: "manage",
      isCounted: true,
      parameters: [
        NAME,
        IDEMPOTENCY_KEY,
        IF_MATCH,
        parameter("header", "If-None-Match", "* : only where there is none"),
      ],
      body: "NameTarget",
      answers: {
        200: { says: "Changed", headers: ["ETag"], content: "Name" },
        201: { says: "Made", headers: ["ETag"], content: "Name" },
      },
      refusals: WHY_NOT,
    }),
    delete: operation({
      summary: "Takes a name away; its history stays",
      access: "manage",
      isCounted: true,
      parameters: [NAME, IDEMPOTENCY_KEY, IF_MATCH],
      answers: { 200: { says: "The version that says so", headers: ["ETag"], content: "Name" } },
      refusals: WHY_NOT,
    }),
  },
  "/edge/v1/names/{name}/versions": readable({
    summary: "Its history with the transactions that wrote it, latest first",
    access: "list",
    parameters: [
      NAME,
      parameter("query", "before", "`next` of the page before", { type: "integer", minimum: 1 }),
    ],
    answers: { 200: { says: "A page", content: "NameVersions" } },
    refusals: [404],
  }),
};
