/** What well-meaning clients never send, and what must not trip anybody who does. Data only. */
import { type Case, ENVELOPE } from "./case.ts";

const BLOB = "/v1/blobs/{blob}";
const WHOLE = { status: 200, gives: [["blob"]] } as const;
const refused = (name: string, path: string, reason: string): Case => ({
  name,
  path,
  status: 400,
  reason,
  has: ENVELOPE,
});

/** Other spellings of an ID, and what only looks like one. */
const SPELLINGS: readonly Case[] = [
  {
    name: "a blob by its hex ID in capitals",
    path: "/v1/blobs/{blob as capital hex}",
    ...WHOLE,
    has: { etag: '"{blob}"', "cache-tag": "{blob}" },
  },
  {
    name: "a blob ID of which letters are percent-encoded",
    path: "/v1/blobs/{blob as percents}",
    ...WHOLE,
  },
  {
    name: "the largest decimal ID is one",
    path: `/v1/blobs/${2n ** 256n - 1n}`,
    status: 404,
    reason: "BLOB_NOT_FOUND",
  },
  {
    name: "the smallest decimal ID is one",
    path: "/v1/blobs/0",
    status: 404,
    reason: "BLOB_NOT_FOUND",
  },
  refused("a decimal ID of 2^256", `/v1/blobs/${2n ** 256n}`, "INVALID_BLOB_ID"),
  refused("a decimal ID with a zero before it", "/v1/blobs/0{blob as decimal}", "INVALID_BLOB_ID"),
  refused("a hex ID with 0X", `/v1/blobs/0X${"1".repeat(64)}`, "INVALID_BLOB_ID"),
  refused("a hex ID of 63 digits", `/v1/blobs/0x${"1".repeat(63)}`, "INVALID_BLOB_ID"),
  refused("a base64 ID with padding", `${BLOB}=`, "INVALID_BLOB_ID"),
  refused("a base64 ID with bits left over", `/v1/blobs/${"A".repeat(42)}B`, "INVALID_BLOB_ID"),
  refused("a path of 7,000 characters", `/v1/blobs/${"x".repeat(7_000)}`, "INVALID_BLOB_ID"),
  ...["//v1/blobs/{blob}", "/V1/blobs/{blob}", "/v1//blobs/{blob}"].map((path): Case => ({
    name: `another path: ${path}`,
    path,
    status: 404,
    reason: "PATH_NOT_FOUND",
  })),
];

const RANGES: readonly Case[] = (
  [
    ["bytes=0-99999999999999999999999", [0, 5_000]],
    ["bytes=-99999999999999999999999", [0, 5_000]],
    ["bytes=99999999999999999999-", 416],
    ["bytes=-0,0-1", [0, 2]],
    ["bytes=+0-1", null],
    ["bytes=0-1-2", null],
    ["bytes=0-1;", null],
    [`bytes=${Array.from({ length: 500 }, (_, at) => `${2 * at}-${2 * at}`).join()}`, null],
    ["bytes=0-0,5-2", null],
  ] as const
).map(([range, slice]): Case => {
  const asked = { name: `odd Range ${range.slice(0, 40)}`, path: BLOB, headers: { Range: range } };
  if (slice === 416) return { ...asked, status: 416, reason: "INVALID_BYTE_RANGE" };
  if (slice === null) return { ...asked, ...WHOLE, has: { "content-range": null } };
  return { ...asked, status: 206, gives: [["blob", slice[0], slice[1]]] };
});

const CONDITIONS: readonly Case[] = [
  [{ "If-None-Match": '"x", W/"{blob}"' }, { status: 304 }],
  [{ "If-Match": '"x", "{blob}"' }, WHOLE],
  [{ "If-Match": '"x", W/"{blob}"' }, { status: 412, reason: "PRECONDITION_FAILED" }],
  [
    { "If-Match": '"x"', Range: "bytes=9000-" },
    { status: 412, reason: "PRECONDITION_FAILED" },
  ],
  [{ "If-Unmodified-Since": "Wed, 21 Oct 1965 07:28:00 GMT" }, WHOLE],
  [
    { "If-Range": "{blob}", Range: "bytes=0-1" },
    { status: 206, gives: [["blob", 0, 2]] },
  ],
].map(([headers, expected]) => ({
  ...(expected as Pick<Case, "status">),
  name: `odd condition ${JSON.stringify(headers)}`,
  path: BLOB,
  headers: headers as Record<string, string>,
}));

/** Nothing here is compressed, so the tag is that of the bytes whatever the client takes. */
const ENCODINGS: readonly Case[] = ["gzip, br", "zstd", "identity;q=0", "*"].map((encoding) => ({
  name: `Accept-Encoding: ${encoding}`,
  path: "/v1/blobs/{text}",
  headers: { "Accept-Encoding": encoding },
  status: 200,
  gives: [["text"]],
  has: { "content-encoding": null, etag: '"{text}"' },
}));

const QUERIES: readonly Case[] = [
  ...["%2E", "%2E%2E", "a%5Cb", "x".repeat(256)].map((name) =>
    refused(
      `no name of a file: ${name.slice(0, 9)}`,
      `${BLOB}?filename=${name}`,
      "INVALID_PARAMETER",
    ),
  ),
  {
    name: "a name of a file outside the alphabet",
    path: `${BLOB}?filename=%F0%9F%90%8B;x`,
    ...WHOLE,
    has: {
      "content-disposition": "inline; filename=\"__;x\"; filename*=UTF-8''%F0%9F%90%8B%3Bx",
    },
  },
  { name: "800 unknown keys", path: `${BLOB}?${"k=1&".repeat(800)}`, ...WHOLE },
  { name: "keys without a name", path: `${BLOB}?=&&=1&%00`, ...WHOLE },
];

const METHODS: readonly Case[] = [
  ...["PROPFIND", "PURGE", "POST"].map((method): Case => ({
    name: `${method} of a blob`,
    path: BLOB,
    method,
    status: 405,
    reason: "METHOD_NOT_ALLOWED",
    has: { allow: "GET, HEAD, OPTIONS" },
  })),
  ...(
    [
      ["/v1/blobs/x", 400],
      ["/v1/blobs/{unknown}", 404],
      ["/nowhere", 404],
      ["/v1alpha/blobs/concat?ids={text},{unknown}", 404],
      ["/v1/quilts/{blob}/patches", 404],
      ["/edge/v1/blobs/{blocked}/proof", 451],
      ["/v1/blobs/{blob}/byte-range?start=0&length=0", 400],
    ] as const
  ).map(([path, status]): Case => ({
    name: `HEAD of what is refused: ${path}`,
    path,
    method: "HEAD",
    status,
    has: ENVELOPE,
  })),
  ...["/v1/quilts/{quilt}/patches", "/edge/v1/blobs/{blob}/status", "/v1/api", "/status"].map(
    (path): Case => ({ name: `HEAD of ${path}`, path, method: "HEAD", status: 200 }),
  ),
];

const PROOFS: readonly Case[] = [
  ...["5-2", "0-0,2-3", "", "bytes=0-1", "x", "0-1&range=0-1"].map((range) =>
    refused(
      `no range of a proof: ${range}`,
      `/edge/v1/blobs/{blob}/proof?range=${range}`,
      "INVALID_PARAMETER",
    ),
  ),
  {
    name: "a range of a proof past the end is cut to it",
    path: "/edge/v1/blobs/{blob}/proof?range=4990-99999999999999999999",
    status: 200,
    holds: ['"range":{"start":4990,"end":5000}'],
  },
  {
    name: "a range of a proof that begins past the end",
    path: "/edge/v1/blobs/{blob}/proof?range=5000-",
    status: 416,
    reason: "INVALID_BYTE_RANGE",
    has: { "content-range": "bytes */5000" },
  },
  ...["status", "proof"].map((what): Case => ({
    name: `a part of a ${what}`,
    path: `/edge/v1/blobs/{blob}/${what}`,
    headers: { Range: "bytes=0-9" },
    status: 206,
    holds: ['{"blobId":'],
  })),
];

/** Every odd case. */
export const ODD_CASES: readonly Case[] = [
  ...SPELLINGS,
  ...RANGES,
  ...CONDITIONS,
  ...ENCODINGS,
  ...QUERIES,
  ...METHODS,
  ...PROOFS,
];
