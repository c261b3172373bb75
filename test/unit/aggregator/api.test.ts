import { describe, expect, test } from "vitest";
import { API_DOCUMENT } from "../../../workers/aggregator/api/document.ts";
import { SERVED } from "../../../workers/aggregator/app.ts";

const paths = API_DOCUMENT.paths as Record<
  string,
  Record<string, { parameters?: { name: string; in: string }[]; responses: object }>
>;

describe("the aggregator's OpenAPI document", () => {
  test("tells exactly the routes that are served", () => {
    const served = SERVED.flatMap(({ path, methods }) =>
      methods.map((method) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`),
    );
    const told = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(told.sort()).toEqual(served.sort());
  });

  test("refers only to schemas it has, and names the parameters of its paths", () => {
    const refs = [...JSON.stringify(API_DOCUMENT).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name = ""]) => name,
    );
    expect(new Set(refs)).toEqual(new Set(Object.keys(API_DOCUMENT.components.schemas)));
    for (const [path, operations] of Object.entries(paths)) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const [method, { parameters = [] }] of Object.entries(operations)) {
        const told = parameters.filter((each) => each.in === "path").map(({ name }) => name);
        if (method !== "post") expect(told, `${method} ${path}`).toEqual(named);
      }
    }
  });
});
