/**
 * `GET /v1/api`: a Worker's OpenAPI document, as JSON or, for browsers, as a page without any
 * script. Pure.
 */
import type { Compat } from "./compat.ts";
import { jsonResponse } from "./respond.ts";

/** The parts of an OpenAPI document that the page shows. */
export interface ApiDocument {
  readonly info: { readonly title: string };
  readonly paths: Readonly<Record<string, object>>;
  readonly components: { readonly schemas: Readonly<Record<string, object>> };
}

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly description: string;
  }[];
  readonly responses: Readonly<Record<string, { readonly description: string }>>;
}

/** Answers by what the client prefers: JSON unless it asks for HTML; in exact mode HTML alone. */
export function apiResponse(document: ApiDocument, request: Request, compat: Compat): Response {
  const wantsPage =
    compat === "exact" || (request.headers.get("Accept") ?? "").includes("text/html");
  const response = wantsPage
    ? new Response(apiPage(document), {
        headers: {
          "Content-Type": "text/html; charset=utf-8",
          "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
          "X-Content-Type-Options": "nosniff",
          "Cache-Control": "no-store",
        },
      })
    : jsonResponse(document);
  response.headers.append("Vary", "Accept");
  return response;
}

/** The page. */
function apiPage(document: ApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      operationHtml(method, path, operation as Operation),
    ),
  );
  const { title } = document.info;
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title>
<style>body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse}td{padding:.2rem 1rem .2rem 0;vertical-align:top}</style>
<h1>${escape(title)}</h1>
${operations.join("\n")}
<h2>Schemas</h2><pre>${escape(JSON.stringify(document.components.schemas, null, 2))}</pre>
</html>`;
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    (each) =>
      `<tr><td><code>${escape(each.name)}</code><td>${escape(each.in)}` +
      `${each.required ? ", required" : ""}<td>${escape(each.description)}`,
  );
  const responses = Object.entries(operation.responses).map(
    ([status, { description }]) => `<tr><td>${escape(status)}<td><td>${escape(description)}`,
  );
  return (
    `<h2><code>${escape(method.toUpperCase())} ${escape(path)}</code></h2>` +
    `<p>${escape(operation.summary)}</p><table>${[...parameters, ...responses].join("")}</table>`
  );
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
