/** Ranges, conditions, methods and queries, the same on everything that has bytes. Data only. */
import type { Case } from "./case.ts";

interface Resource {
  readonly name: string;
  readonly path: string;
  readonly content: string;
  readonly bytes: number;
  readonly tag: string;
  readonly type: string | null;
  /** What answers a whole one says of the check. */
  readonly verified: string;
}

const RESOURCES: readonly Resource[] = [
  {
    name: "blob",
    path: "/v1/blobs/{blob}",
    content: "blob",
    bytes: 5_000,
    tag: "{blob}",
    type: "application/octet-stream",
    verified: "default",
  },
  {
    name: "stream",
    path: "/v1alpha/blobs/{blob}/stream",
    content: "blob",
    bytes: 5_000,
    tag: "{blob}",
    type: "application/octet-stream",
    verified: "default",
  },
  {
    name: "patch",
    path: "/v1/blobs/by-quilt-patch-id/{patch grüße/b.bin}",
    content: "patch grüße/b.bin",
    bytes: 600,
    tag: "{patch grüße/b.bin}",
    type: "application/octet-stream",
    verified: "slivers",
  },
  {
    name: "patch by identifier",
    path: "/v1/blobs/by-quilt-id/{quilt}/gr%C3%BC%C3%9Fe%2Fb.bin",
    content: "patch grüße/b.bin",
    bytes: 600,
    tag: "{patch grüße/b.bin}",
    type: "application/octet-stream",
    verified: "slivers",
  },
  {
    name: "concat of one",
    path: "/v1alpha/blobs/concat?ids={blob}",
    content: "blob",
    bytes: 5_000,
    tag: "",
    type: null,
    verified: "default",
  },
];

/** `Range` and the slice of `bytes` it means; `null` is the whole, `416` none. */
function ranges(
  bytes: number,
): readonly (readonly [string, readonly [number, number] | null | 416])[] {
  return [
    ["bytes=0-99", [0, 100]],
    ["bytes=0-0", [0, 1]],
    [`bytes=${bytes - 1}-`, [bytes - 1, bytes]],
    ["bytes=500-", [500, bytes]],
    ["bytes=-100", [bytes - 100, bytes]],
    ["bytes=-999999", [0, bytes]],
    ["bytes=400-999999", [400, bytes]],
    ["Bytes = 3 - 5", [3, 6]],
    ["bytes=1-2,", [1, 3]],
    ["bytes=0-1,999999-", [0, 2]],
    [`bytes=${bytes}-`, 416],
    ["bytes=999999-9999999", 416],
    ["bytes=-0", 416],
    ["bytes=5-2", null],
    ["bytes=", null],
    ["bytes=-", null],
    ["bytes=a-b", null],
    ["items=0-1", null],
    ["bytes=0-9,5-14", null],
    ["bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16", null],
  ];
}

function rangeCases({ name, path, content, bytes, verified }: Resource): Case[] {
  return ranges(bytes).map(([range, slice]): Case => {
    const asked = { name: `${name}: Range ${range}`, path, headers: { Range: range } };
    if (slice === 416) {
      const has = { "content-range": `bytes */${bytes}` };
      return { ...asked, status: 416, reason: "INVALID_BYTE_RANGE", has };
    }
    if (slice === null) {
      const has = { "content-range": null, "x-walrus-verified": verified };
      return { ...asked, status: 200, gives: [[content]], has };
    }
    const [start, end] = slice;
    return {
      ...asked,
      status: 206,
      gives: [[content, start, end]],
      has: {
        "content-range": `bytes ${start}-${end - 1}/${bytes}`,
        "content-length": String(end - start),
        "x-walrus-verified": "slivers",
      },
    };
  });
}

function conditionCases({ name, path, content, bytes, tag }: Resource): Case[] {
  if (tag === "") return [];
  const whole = { status: 200, gives: [[content]] } as const;
  const same = { status: 304, has: { etag: `"${tag}"`, "content-length": null } };
  const other = { status: 412, reason: "PRECONDITION_FAILED" };
  const first = { status: 206, gives: [[content, 0, 2]] } as const;
  const rows: readonly (readonly [Record<string, string>, Partial<Case> & { status: number }])[] = [
    [{ "If-None-Match": `"${tag}"` }, same],
    [{ "If-None-Match": `W/"${tag}"` }, same],
    [{ "If-None-Match": tag }, same],
    [{ "If-None-Match": "*" }, same],
    [{ "If-None-Match": `"x", "${tag}"` }, same],
    [{ "If-None-Match": '"x"' }, whole],
    [{ "If-None-Match": `"${tag}"`, Range: "bytes=0-1" }, same],
    [{ "If-Match": `"${tag}"` }, whole],
    [{ "If-Match": "*" }, whole],
    [{ "If-Match": '"x"' }, other],
    [{ "If-Match": `W/"${tag}"` }, other],
    [{ "If-Match": '"x"', "If-None-Match": `"${tag}"` }, other],
    [{ "If-Match": `"${tag}"`, "If-None-Match": `"${tag}"` }, same],
    [{ "If-Range": `"${tag}"`, Range: "bytes=0-1" }, first],
    [{ "If-Range": '"x"', Range: "bytes=0-1" }, whole],
    [{ "If-Range": `W/"${tag}"`, Range: "bytes=0-1" }, whole],
    [{ "If-Range": "Wed, 21 Oct 2015 07:28:00 GMT", Range: "bytes=0-1" }, whole],
    [{ "If-Range": '"x"', Range: `bytes=${bytes}-` }, whole],
    [{ "If-Modified-Since": "Wed, 21 Oct 2065 07:28:00 GMT" }, whole],
  ];
  return rows.map(([headers, expected]): Case => {
    const asked = Object.entries(headers).map((entry) => entry.join(" "));
    return { name: `${name}: ${asked.join(", ")}`, path, headers, ...expected };
  });
}

function methodCases({ name, path, content, bytes, tag, type }: Resource): Case[] {
  const allow = name.startsWith("concat") ? "GET, HEAD, POST, OPTIONS" : "GET, HEAD, OPTIONS";
  const etag = tag === "" ? /^"[\w-]{43}"$/ : `"${tag}"`;
  const refused = ["PUT", "DELETE", "PATCH"].map((method): Case => ({
    name: `${name}: ${method}`,
    path,
    method,
    status: 405,
    reason: "METHOD_NOT_ALLOWED",
    has: { allow },
  }));
  return [
    {
      name: `${name}: GET`,
      path,
      status: 200,
      gives: [[content]],
      has: { "accept-ranges": "bytes", "content-type": type, etag, "content-encoding": null },
    },
    {
      name: `${name}: HEAD`,
      path,
      method: "HEAD",
      status: 200,
      has: { "content-length": String(bytes), etag, "accept-ranges": "bytes" },
    },
    {
      name: `${name}: HEAD ignores Range`,
      path,
      method: "HEAD",
      headers: { Range: "bytes=0-1" },
      status: 200,
      has: { "content-length": String(bytes), "content-range": null },
    },
    {
      name: `${name}: OPTIONS`,
      path,
      method: "OPTIONS",
      headers: { "Access-Control-Request-Headers": "range, authorization" },
      status: 200,
      has: { "access-control-allow-headers": "range, authorization" },
    },
    ...refused,
  ];
}

function queryCases({ name, path, content }: Resource): Case[] {
  const ask = (query: string) => `${path}${path.includes("?") ? "&" : "?"}${query}`;
  const whole = { status: 200, gives: [[content]] } as const;
  const bad = { status: 400, reason: "INVALID_PARAMETER" };
  const rows: readonly (readonly [string, Partial<Case> & { status: number }])[] = [
    ["cb=1700000000", whole],
    ["cb=1&cb=2", whole],
    ["content_type=image/png", { ...whole, has: { "content-type": "image/png" } }],
    ["content_type=text/plain", { ...whole, has: { "content-type": "text/plain; charset=utf-8" } }],
    ["content_type=text/html", bad],
    ["content_type=image/svg%2Bxml", bad],
    ["content_type=application/xhtml%2Bxml", bad],
    ["content_type=image/png&content_type=image/png", bad],
    ["download", { ...whole, has: { "content-disposition": "attachment" } }],
    ["download=true", { ...whole, has: { "content-disposition": "attachment" } }],
    ["download=false", { ...whole, has: { "content-disposition": null } }],
    ["download=maybe", bad],
    [
      "filename=a%22b.txt&download",
      {
        ...whole,
        has: {
          "content-disposition": `attachment; filename="a_b.txt"; filename*=UTF-8''a%22b.txt`,
        },
      },
    ],
    [
      "filename=gr%C3%BC%C3%9Fe.txt",
      {
        ...whole,
        has: {
          "content-disposition": `inline; filename="gr__e.txt"; filename*=UTF-8''gr%C3%BC%C3%9Fe.txt`,
        },
      },
    ],
    ["filename=a%0D%0AX-Evil:%201", bad],
    ["filename=a%2Fb", bad],
    ["filename=", bad],
  ];
  return rows.map(([query, expected]): Case => ({
    name: `${name}: ?${query}`,
    path: ask(query),
    ...expected,
  }));
}

/** Every case of every resource. */
export const CONTENT_CASES: readonly Case[] = RESOURCES.flatMap((resource) => [
  ...methodCases(resource),
  ...rangeCases(resource),
  ...conditionCases(resource),
  ...queryCases(resource),
]);
