/** The judge of answers by an OpenAPI document: what it lets pass, and what it finds. */
import { describe, expect, test } from "vitest";
import { type Answered, type ApiDocument, untold } from "../support/api-judge.ts";

const DOCUMENT: ApiDocument = {
  paths: {
    "/things/{id}": {
      get: {
        responses: {
          "200": {
            headers: { ETag: {} },
            content: { "application/json": { schema: { $ref: "#/components/schemas/Thing" } } },
          },
        },
      },
    },
  },
  components: {
    schemas: {
      Thing: {
        type: "object",
        properties: {
          id: { type: "string", pattern: "^t" },
          kind: { oneOf: [{ const: "a" }, { enum: ["b", "c"] }] },
          counts: { type: "array", items: { type: ["integer", "null"] } },
        },
        required: ["id"],
      },
    },
  },
};

const ANSWERED: Answered = {
  method: "GET",
  path: "/things/1?x",
  status: 200,
  headers: new Headers({ "content-type": "application/json; charset=utf-8", etag: '"1"' }),
  text: '{"id":"t1","kind":"b","counts":[1,null]}',
};

const found = (change: Partial<Answered>) => untold(DOCUMENT, { ...ANSWERED, ...change });

describe("the judge of answers", () => {
  test("has nothing to say of one that is told", () => {
    expect(found({})).toEqual([]);
  });

  test.each<[Partial<Answered>, RegExp]>([
    [{ status: 404 }, /^status 404$/],
    [{ headers: new Headers({ "content-type": "application/json", vary: "x" }) }, /^header vary/],
    [{ headers: new Headers({ "content-type": "text/plain" }) }, /^type text\/plain/],
    [{ text: "{}" }, /id is missing$/],
    [{ text: '{"id":"t","more":1}' }, /more is not told$/],
    [{ text: '{"id":"x"}' }, /does not fit/],
    [{ text: '{"id":"t","kind":"d"}' }, /fits 0 of oneOf$/],
    [{ text: '{"id":"t","counts":["1"]}' }, /is not integer or null$/],
    [{ method: "PUT", status: 201 }, /^status 201$/],
  ])("finds %j", (change, words) => {
    expect(found(change)).toEqual([expect.stringMatching(words)]);
  });

  test("knows that only nothing, or a preflight, is left where there is no operation", () => {
    expect(found({ method: "OPTIONS" })).toEqual([]);
    expect(found({ path: "/others", status: 404 })).toEqual([]);
    expect(found({ path: "/others", status: 500 })).toEqual(["status 500"]);
  });
});
