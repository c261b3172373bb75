/**
 * What the two modes answer to the same request: ours, and the official aggregator's as its source
 * has it (`walrus-service client/daemon/routes.rs`, v1.40 and later). Data only.
 */
import type { Case } from "./case.ts";
import { BLOB, type CompatCase, OFFICIAL_LIFETIME, refused, whole } from "./compat-case.ts";
import { COMPAT_REFUSALS } from "./compat-refusals.ts";

const PATCH = "/v1/blobs/by-quilt-patch-id/{patch a.txt}";

const HEADERS: readonly CompatCase[] = [
  {
    name: "a blob",
    path: BLOB,
    ours: whole("blob", {
      etag: '"{blob}"',
      "accept-ranges": "bytes",
      "content-type": "application/octet-stream",
      "access-control-expose-headers": /ETag/,
    }),
    official: whole("blob", {
      etag: "{blob}",
      "accept-ranges": null,
      "content-type": null,
      "cache-control": OFFICIAL_LIFETIME,
      "content-length": "5000",
      "access-control-expose-headers": null,
      "access-control-allow-origin": "*",
      "x-content-type-options": "nosniff",
      vary: "origin, access-control-request-method, access-control-request-headers",
    }),
  },
  {
    name: "a blob whose type the client names",
    path: BLOB,
    headers: { Accept: "image/png" },
    ours: whole("blob", { "content-type": "application/octet-stream" }),
    official: whole("blob", { "content-type": "image/png" }),
  },
  {
    name: "a list of types is a type",
    path: BLOB,
    headers: { Accept: "image/png, image/webp" },
    ours: whole("blob"),
    official: whole("blob", { "content-type": "image/png, image/webp" }),
  },
  {
    name: "a browser's Accept names no type",
    path: "/v1/blobs/{png}",
    headers: { Accept: "text/html,*/*;q=0.8" },
    ours: whole("png", { "content-type": "image/png" }),
    official: whole("png", { "content-type": null }),
  },
  {
    name: "a GET's own Content-Type",
    path: BLOB,
    headers: { "Content-Type": "audio/ogg", Accept: "*/*" },
    ours: whole("blob", { "content-type": "application/octet-stream" }),
    official: whole("blob", { "content-type": "audio/ogg" }),
  },
  {
    name: "HEAD is told what GET is told",
    path: "/v1/blobs/{one}",
    method: "HEAD",
    headers: { Accept: "image/png" },
    ours: { status: 200, has: { etag: '"{one}"', "content-length": "1" } },
    official: {
      status: 200,
      has: { etag: "{one}", "content-length": "1", "content-type": "image/png" },
    },
  },
  {
    name: "HEAD with a Range",
    path: BLOB,
    method: "HEAD",
    headers: { Range: "bytes=0-9" },
    ours: { status: 200, has: { "content-length": "5000", "content-range": null } },
    official: {
      status: 206,
      has: { "content-length": "10", "content-range": "bytes 0-9/5000" },
    },
  },
  {
    name: "a stream",
    path: "/v1alpha/blobs/{blob}/stream?anything=goes",
    ours: whole("blob", { etag: '"{blob}"', "x-walrus-streaming": "true" }),
    official: whole("blob", {
      etag: "{blob}",
      "content-length": "5000",
      "x-walrus-streaming": "true",
    }),
  },
  {
    name: "a patch",
    path: `${PATCH}?content_type=image/png`,
    ours: whole("patch a.txt", { etag: '"{patch a.txt}"', "content-type": "image/png" }),
    official: whole("patch a.txt", {
      etag: "{quilt}",
      "content-type": "text/plain",
      "x-quilt-patch-identifier": "a.txt",
      "cache-control": OFFICIAL_LIFETIME,
    }),
  },
  {
    name: "a patch by its name, with another Accept",
    path: "/v1/blobs/by-quilt-id/{quilt}/a.txt",
    headers: { Accept: "text/markdown" },
    ours: whole("patch a.txt", { "content-type": "text/plain" }),
    official: whole("patch a.txt", { "content-type": "text/markdown", etag: "{quilt}" }),
  },
  {
    name: "the list of patches",
    path: "/v1/quilts/{quilt}/patches",
    headers: { Accept: "text/html" },
    ours: { status: 200, has: { etag: '"{quilt}.patches"' }, holds: ['"patch_id":"'] },
    official: {
      status: 200,
      has: {
        etag: null,
        "cache-tag": null,
        "cache-control": "no-store",
        "content-type": "application/json",
      },
      holds: ['"patch_id":"'],
    },
  },
  {
    name: "a byte range of its own route",
    path: `${BLOB}/byte-range?start=7&length=5`,
    headers: { Range: "bytes=0-0" },
    ours: { status: 206, gives: [["blob", 7, 8]], has: { etag: '"{blob}-7-5"' } },
    official: {
      status: 200,
      gives: [["blob", 7, 12]],
      has: { etag: "{blob}-7-5", "content-range": null },
    },
  },
  {
    name: "a concat",
    path: "/v1alpha/blobs/concat?ids={blob},%20{one},",
    headers: { Range: "bytes=0-0" },
    ours: { status: 206, gives: [["blob", 0, 1]], has: { "content-length": "1" } },
    official: {
      status: 200,
      gives: [["blob"], ["one"]],
      has: { "content-length": null, etag: /^[\w-]{43}$/ },
    },
  },
  {
    name: "the API page",
    path: "/v1/api",
    ours: { status: 200, has: { "content-type": "application/json" } },
    official: { status: 200, has: { "content-type": "text/html; charset=utf-8" } },
  },
  {
    name: "any OPTIONS",
    path: "/nowhere",
    method: "OPTIONS",
    headers: { "Access-Control-Request-Headers": "range, authorization" },
    ours: { status: 200, has: { "access-control-allow-headers": "range, authorization" } },
    official: {
      status: 200,
      has: {
        "access-control-allow-headers": "*",
        "access-control-allow-methods": "*",
        "access-control-max-age": "86400",
      },
    },
  },
];

/** No condition is ever evaluated officially. */
const CONDITIONS: readonly CompatCase[] = (
  [
    [{ "If-None-Match": '"{blob}"' }, { status: 304 }],
    [{ "If-None-Match": "*" }, { status: 304 }],
    [{ "If-Match": '"x"' }, refused(412, "PRECONDITION_FAILED")],
    [{ "If-Modified-Since": "Wed, 21 Oct 2065 07:28:00 GMT" }, whole("blob")],
  ] as const
).map(([headers, ours]): CompatCase => ({
  name: `${Object.keys(headers).join()}: ${Object.values(headers).join()}`,
  path: BLOB,
  headers: headers as Record<string, string>,
  ours,
  official: whole("blob", { etag: "{blob}" }),
}));

const RANGES: readonly CompatCase[] = (
  [
    ["bytes=0-99", [0, 100], [0, 100]],
    [" bytes=0-99 ", [0, 100], [0, 100]],
    ["bytes=4999-4999", [4_999, 5_000], [4_999, 5_000]],
    ["bytes=500-", [500, 5_000], null],
    ["bytes=-100", [4_900, 5_000], null],
    ["bytes=4900-5999", [4_900, 5_000], null],
    ["bytes=5-2", "whole", null],
    ["bytes=", "whole", null],
    ["items=0-1", "whole", null],
    ["bytes=0-1,5-6", "parts", null],
    ["bytes=6000-6999", null, null],
  ] as const
).map(([range, ours, official]): CompatCase => ({
  name: `Range ${range}`,
  path: BLOB,
  headers: { Range: range },
  ours:
    ours === null
      ? { ...refused(416, "INVALID_BYTE_RANGE"), has: { "content-range": "bytes */5000" } }
      : ours === "parts"
        ? { status: 206, has: { "content-type": /^multipart\/byteranges/ } }
        : ours === "whole"
          ? whole("blob")
          : { status: 206, gives: [["blob", ours[0], ours[1]]] },
  official:
    official === null
      ? { ...refused(416, "INVALID_BYTE_RANGE"), has: { "content-range": null } }
      : {
          status: 206,
          gives: [["blob", official[0], official[1]]],
          has: {
            etag: "{blob}",
            "content-range": `bytes ${official[0]}-${official[1] - 1}/5000`,
            "cache-control": OFFICIAL_LIFETIME,
            "x-walrus-verified": "slivers",
          },
        },
}));

/** Every request with its two answers. */
export const COMPAT_CASES: readonly CompatCase[] = [
  ...HEADERS,
  ...CONDITIONS,
  ...RANGES,
  ...COMPAT_REFUSALS,
];

/** The answers of one mode as cases. */
export function casesOf(mode: "ours" | "official"): readonly Case[] {
  return COMPAT_CASES.map(({ ours, official, ...asked }) => ({
    ...asked,
    ...(mode === "ours" ? ours : official),
    name: `${mode === "ours" ? "COMPAT=default" : "COMPAT=exact"}: ${asked.name}`,
  }));
}
