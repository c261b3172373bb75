/** What is particular to one route: IDs, errors, types, verdicts, lists. Data only. */
import { type Case, ENVELOPE } from "./case.ts";
import { CONCAT_CASES } from "./concat-cases.ts";
import { ODD_CASES } from "./odd-cases.ts";
import { QUILT_CASES } from "./quilt-cases.ts";

/** The same blob under its other spellings. */
const ID_CASES: readonly Case[] = [
  ...["{blob as decimal}", "{blob as hex}"].map((id): Case => ({
    name: `a blob by ${id}`,
    path: `/v1/blobs/${id}`,
    status: 200,
    gives: [["blob"]],
    has: { etag: '"{blob}"', "cache-tag": "{blob}" },
  })),
  {
    name: "a quilt by its hex ID lists its patches",
    path: "/v1/quilts/{blob as hex}/patches",
    status: 404,
    reason: "QUILT_PATCH_NOT_FOUND",
  },
  ...["x", "A".repeat(42), "A".repeat(44), "0x12", "-1", "9".repeat(79), "%20", "{blob}%20"].map(
    (id): Case => ({
      name: `a bad blob ID: ${id}`,
      path: `/v1/blobs/${id}`,
      status: 400,
      reason: "INVALID_BLOB_ID",
      has: ENVELOPE,
    }),
  ),
  ...["x", "{blob}", "{patch a.txt}A", "{patch a.txt}AA"].map((id): Case => ({
    name: `a bad patch ID: ${id}`,
    path: `/v1/blobs/by-quilt-patch-id/${id}`,
    status: 400,
    reason: "INVALID_ID_FORMAT",
    has: ENVELOPE,
  })),
  ...["x", "0x", "0xg", `0x${"1".repeat(65)}`, "12"].map((id): Case => ({
    name: `a bad object ID: ${id}`,
    path: `/v1/blobs/by-object-id/${id}`,
    status: 400,
    reason: "INVALID_ID_FORMAT",
    has: ENVELOPE,
  })),
  ...["/v1/quilts/x/patches", "/v1/blobs/by-quilt-id/x/a.txt"].map((path): Case => ({
    name: `a bad quilt ID: ${path}`,
    path,
    status: 400,
    reason: "INVALID_ID_FORMAT",
  })),
  {
    name: "a path that is not UTF-8",
    path: "/v1/blobs/%FF",
    status: 400,
    reason: "INVALID_PARAMETER",
  },
];

const UNKNOWN_PATHS: readonly Case[] = [
  "/",
  "/v1",
  "/v1/blobs",
  "/v1/blobs/{blob}/",
  "/status/",
  "/v1/quilts/{quilt}/patches/",
  "/v1/blobs/{blob}/stream",
  "/v1/blobs/by-quilt-id/{quilt}",
  "/v1/quilts/{quilt}",
  "/v2/blobs/{blob}",
].map((path): Case => ({
  name: `no such path: ${path}`,
  path,
  status: 404,
  reason: "PATH_NOT_FOUND",
  has: ENVELOPE,
}));

/** Unknown and blocked blobs on every route that reads one. */
const ABSENT_CASES: readonly Case[] = ["unknown", "blocked"].flatMap((id) => {
  const status = id === "unknown" ? 404 : 451;
  const reason = id === "unknown" ? "BLOB_NOT_FOUND" : "FORBIDDEN_BLOB";
  const paths = [
    `/v1/blobs/{${id}}`,
    `/v1/blobs/{${id}}/byte-range?start=0&length=1`,
    `/v1alpha/blobs/{${id}}/stream`,
    `/v1/quilts/{${id}}/patches`,
    `/v1/blobs/by-quilt-id/{${id}}/a`,
    `/v1alpha/blobs/concat?ids={${id}}`,
    `/v1alpha/blobs/concat?ids={blob},{${id}}`,
    `/v1/blobs/{${id}}?strict_consistency_check=true`,
  ];
  const plain = paths.map((path): Case => ({
    name: `${id}: ${path}`,
    path,
    status,
    reason,
    has: ENVELOPE,
  }));
  const path = `/v1/blobs/{${id}}`;
  const conditional = [
    { "If-None-Match": `"{${id}}"` },
    { "If-None-Match": "*" },
    { "If-Match": '"x"' },
    { Range: "bytes=999999-" },
  ].map((headers): Case => ({
    name: `${id} wins over ${Object.entries(headers).join()}`,
    path,
    headers: headers as Record<string, string>,
    status,
    reason,
  }));
  return [...plain, ...conditional, { name: `${id}: HEAD`, path, method: "HEAD", status }];
});

const BYTE_RANGE = "/v1/blobs/{blob}/byte-range";
const BYTE_RANGE_CASES: readonly Case[] = [
  ...(
    [
      ["start=0&length=100", 0, 100],
      ["start=4999&length=1", 4_999, 5_000],
      ["start=0&length=5000", 0, 5_000],
      ["start=1200&length=200&cb=1", 1_200, 1_400],
      ["start=%2B3&length=4", 3, 7],
    ] as const
  ).map(([query, start, end]): Case => ({
    name: `byte-range ${query}`,
    path: `${BYTE_RANGE}?${query}`,
    status: 200,
    gives: [["blob", start, end]],
    has: { "content-range": null, etag: `"{blob}-${start}-${end - start}"` },
  })),
  ...[
    "start=0&length=0",
    "start=5000&length=1",
    "start=4999&length=2",
    "start=9007199254740991&length=2",
    "start=0&length=99999999999999999999",
  ].map((query): Case => ({
    name: `byte-range ${query} is refused`,
    path: `${BYTE_RANGE}?${query}`,
    status: 400,
    reason: "INVALID_BYTE_RANGE",
  })),
  ...[
    "",
    "start=0",
    "length=1",
    "start=-1&length=1",
    "start=0x0&length=1",
    "start=0&start=0&length=1",
  ].map((query): Case => ({
    name: `byte-range ?${query} is a bad query`,
    path: `${BYTE_RANGE}?${query}`,
    status: 400,
    reason: "INVALID_PARAMETER",
  })),
];

const several = (parts: number) => ({
  "content-type": /^multipart\/byteranges; boundary=[0-9a-f]{32}$/,
  "content-range": null,
  "x-walrus-verified": parts > 0 ? "slivers" : null,
});
const MULTIPART_CASES: readonly Case[] = [
  {
    name: "several ranges of text are parts in the order asked for",
    path: "/v1/blobs/{html}?content_type=text/plain",
    headers: { Range: "bytes=-9,0-8" },
    status: 206,
    has: several(2),
    holds: [
      "Content-Type: text/plain; charset=utf-8\r\nContent-Range: bytes 31-39/40\r\n\r\n</script>\r\n--",
      "Content-Range: bytes 0-8/40\r\n\r\n<!doctype\r\n--",
    ],
  },
  {
    name: "several ranges of a patch",
    path: "/v1/blobs/by-quilt-patch-id/{patch a.txt}",
    headers: { Range: "bytes=0-2,4-8" },
    status: 206,
    has: several(2),
    holds: ["bytes 0-2/15\r\n\r\nthe\r\n--", "bytes 4-8/15\r\n\r\nfirst\r\n--", "--\r\n"],
  },
  {
    name: "as many ranges as are answered one by one",
    path: "/v1/blobs/{blob}",
    headers: { Range: "bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14" },
    status: 206,
    has: several(8),
  },
  {
    name: "several ranges that all lie past the end",
    path: "/v1/blobs/{blob}",
    headers: { Range: "bytes=5000-,6000-" },
    status: 416,
    reason: "INVALID_BYTE_RANGE",
  },
];

/** The verdict of each mode on each kind of blob. */
const VERDICT_CASES: readonly Case[] = (
  [
    ["blob", "", 200, "default"],
    ["blob", "?strict_consistency_check=true", 200, "strict"],
    ["blob", "?skip_consistency_check=true", 200, "slivers"],
    ["blob", "?strict_consistency_check=false", 200, "default"],
    ["empty", "?strict_consistency_check=true", 200, "strict"],
    ["padded", "", 500, null],
    ["padded", "?strict_consistency_check=true", 500, null],
    ["padded", "?skip_consistency_check=true", 200, "slivers"],
    ["crooked", "", 200, "default"],
    ["crooked", "?strict_consistency_check=true", 500, null],
    ["crooked", "?skip_consistency_check=true", 200, "slivers"],
    ["broken", "", 500, null],
    ["broken", "?strict_consistency_check=true", 500, null],
    ["broken", "?skip_consistency_check=true", 500, null],
  ] as const
).map(([content, query, status, verified]): Case => ({
  name: `verdict: ${content}${query}`,
  path: `/v1/blobs/{${content}}${query}`,
  status,
  ...(status === 200
    ? { gives: [[content]] as const, has: { "x-walrus-verified": verified } }
    : { reason: "INTERNAL_ERROR" }),
}));

const FLAG_CASES: readonly Case[] = [
  ...["strict_consistency_check=1", "skip_consistency_check", "skip_consistency_check=TRUE"].map(
    (query): Case => ({
      name: `a flag that is no boolean: ${query}`,
      path: `/v1/blobs/{blob}?${query}`,
      status: 400,
      reason: "INVALID_PARAMETER",
    }),
  ),
  ...["/v1/blobs/{blob}?", "/v1alpha/blobs/concat?ids={blob}&"].map((path): Case => ({
    name: `both flags: ${path}`,
    path: `${path}strict_consistency_check=true&skip_consistency_check=true`,
    status: 400,
    reason: "INVALID_CONSISTENCY_CHECK",
  })),
  {
    name: "a strict range is cut from a checked whole",
    path: "/v1/blobs/{blob}?strict_consistency_check=true",
    headers: { Range: "bytes=7-19" },
    status: 206,
    gives: [["blob", 7, 20]],
    has: { "x-walrus-verified": "strict" },
  },
  {
    name: "a strict range of a crooked blob is refused",
    path: "/v1/blobs/{crooked}?strict_consistency_check=true",
    headers: { Range: "bytes=0-1" },
    status: 500,
    reason: "INTERNAL_ERROR",
  },
];

const TYPE_CASES: readonly Case[] = (
  [
    ["png", "/v1/blobs/{png}", "image/png", null],
    ["text", "/v1/blobs/{text}", "text/plain; charset=utf-8", null],
    ["html", "/v1/blobs/{html}", "text/plain; charset=utf-8", null],
    ["one", "/v1/blobs/{one}", "application/octet-stream", null],
    ["empty", "/v1/blobs/{empty}", "application/octet-stream", null],
    ["patch a.txt", "/v1/blobs/by-quilt-patch-id/{patch a.txt}", "text/plain", null],
    ["patch page.html", "/v1/blobs/by-quilt-patch-id/{patch page.html}", "text/html", "sandbox"],
    [
      "patch page.html",
      "/v1/blobs/by-quilt-patch-id/{patch page.html}?content_type=text/plain",
      "text/plain; charset=utf-8",
      null,
    ],
  ] as const
).map(([content, path, type, policy]): Case => ({
  name: `type of ${path}`,
  path,
  status: 200,
  gives: [[content]],
  has: { "content-type": type, "content-security-policy": policy },
}));

const OTHER_CASES: readonly Case[] = [
  { name: "/status", path: "/status", status: 200, has: { "cache-control": "no-store" } },
  {
    name: "/v1/api lists the routes",
    path: "/v1/api",
    status: 200,
    has: { "content-type": "application/json" },
    holds: ['"openapi":"3.1.0"', '"/v1alpha/blobs/concat":', '"/v1/api":'],
  },
  ...["status", "proof", "proof?range=0-9"].flatMap((route): Case[] => [
    {
      name: `edge ${route}`,
      path: `/edge/v1/blobs/{blob}/${route}`,
      status: 200,
      has: { "content-type": "application/json", "cache-tag": "{blob}" },
      holds: ['{"blobId":"', '"unencodedBytes":5000,"shardCount":10'],
    },
    {
      name: `edge ${route} of an unknown blob`,
      path: `/edge/v1/blobs/{unknown}/${route}`,
      status: 404,
      reason: "BLOB_NOT_FOUND",
    },
    {
      name: `edge ${route} of a blocked blob`,
      path: `/edge/v1/blobs/{blocked}/${route}`,
      status: 451,
      reason: "FORBIDDEN_BLOB",
    },
    {
      name: `edge ${route} of no blob`,
      path: `/edge/v1/blobs/x/${route}`,
      status: 400,
      reason: "INVALID_BLOB_ID",
    },
    {
      name: `edge ${route}: POST`,
      path: `/edge/v1/blobs/{blob}/${route}`,
      method: "POST",
      status: 405,
    },
  ]),
  { name: "/status: POST", path: "/status", method: "POST", status: 405 },
  {
    name: "a preflight on a path that is not there",
    path: "/nowhere",
    method: "OPTIONS",
    status: 200,
  },
  {
    name: "stream says that it streams",
    path: "/v1alpha/blobs/{text}/stream",
    status: 200,
    gives: [["text"]],
    has: { "x-walrus-streaming": "true" },
  },
  {
    name: "an empty blob has no bytes",
    path: "/v1/blobs/{empty}",
    status: 200,
    gives: [["empty"]],
  },
  {
    name: "a suffix of an empty blob is all of it",
    path: "/v1/blobs/{empty}",
    headers: { Range: "bytes=-5" },
    status: 200,
    gives: [["empty"]],
    has: { "content-range": null },
  },
  {
    name: "no range of an empty blob can be proven",
    path: "/edge/v1/blobs/{empty}/proof?range=-5",
    status: 416,
    reason: "INVALID_BYTE_RANGE",
  },
  {
    name: "no range of an empty blob can be given",
    path: "/v1/blobs/{empty}",
    headers: { Range: "bytes=0-" },
    status: 416,
    reason: "INVALID_BYTE_RANGE",
    has: { "content-range": "bytes */0" },
  },
];

/** Every case of every route. */
export const ROUTE_CASES: readonly Case[] = [
  ...ID_CASES,
  ...UNKNOWN_PATHS,
  ...ABSENT_CASES,
  ...BYTE_RANGE_CASES,
  ...MULTIPART_CASES,
  ...VERDICT_CASES,
  ...FLAG_CASES,
  ...TYPE_CASES,
  ...QUILT_CASES,
  ...CONCAT_CASES,
  ...OTHER_CASES,
  ...ODD_CASES,
];
