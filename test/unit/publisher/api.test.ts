import { describe, expect, test } from "vitest";
import { API_DOCUMENT } from "../../../workers/publisher/api/document.ts";
import { showApi } from "../../../workers/publisher/api/show-api.ts";
import { ROUTES } from "../../../workers/publisher/app.ts";
import { parseStoreQuery } from "../../../workers/publisher/store-query.ts";

const { paths } = API_DOCUMENT;

describe("the OpenAPI document", () => {
  test("tells exactly the routes that are served", () => {
    const served = ROUTES.flatMap(({ path, methods }) =>
      Object.keys(methods)
        .flatMap((method) => (method === "GET" ? [method, "HEAD"] : method))
        .map((method) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`),
    );
    const told = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(told.sort()).toEqual(served.sort());
  });

  test("says of each route which token it asks for", () => {
    for (const { path, methods } of ROUTES) {
      for (const [method, { access }] of Object.entries(methods)) {
        const told = paths[path.replaceAll(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()]?.security;
        const scope = access === "stored" ? "store" : access;
        const isOpen = access === "open" || access === "signed";
        if (isOpen) expect(JSON.stringify(told ?? []), path).not.toContain('"token"');
        else {
          const mayBeOpen = scope === "store" || scope === "list";
          const expected = [...(mayBeOpen ? [{}] : []), { token: [scope] }];
          expect(told, `${method} ${path}`).toEqual(expected);
        }
      }
    }
  });

  test("names every key a store reads: a bad value of each is refused", () => {
    const queryKeys = (paths["/v1/quilts"]?.["put"]?.parameters ?? [])
      .filter((parameter) => parameter.in === "query")
      .map(({ name }) => name);
    expect(queryKeys).toHaveLength(10);
    for (const key of queryKeys) {
      const parsed = parseStoreQuery(new URLSearchParams({ [key]: "nonsense" }));
      expect(parsed, key).toMatchObject({ failure: { parameter: key } });
    }
  });

  test("refers only to schemas it has, and to parameters of its paths", () => {
    const text = JSON.stringify(API_DOCUMENT);
    const names = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(API_DOCUMENT.components.schemas).toHaveProperty(name ?? "");
    for (const [path, methods] of Object.entries(paths)) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters = [] } of Object.values(methods)) {
        const told = parameters.filter((one) => one.in === "path").map(({ name }) => name);
        expect(told).toEqual(inPath);
      }
    }
  });

  test("is JSON, or a page where a browser asks", async () => {
    const json = showApi(new Request("https://p.test/v1/api"));
    expect(await json.json()).toMatchObject({ openapi: "3.1.0" });
    const page = showApi(
      new Request("https://p.test/v1/api", { headers: { accept: "text/html,*/*" } }),
    );
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await page.text();
    for (const path of Object.keys(paths)) expect(html).toContain(path);
    expect(html).not.toContain("<script");
  });
});
