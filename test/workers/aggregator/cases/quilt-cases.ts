/** Quilts: patches, lists, and what is not there. Data only. */
import { type Case, ENVELOPE } from "./case.ts";

/** Cases of quilts. */
export const QUILT_CASES: readonly Case[] = [
  {
    name: "a patch names its identifier",
    path: "/v1/blobs/by-quilt-patch-id/{patch a.txt}",
    status: 200,
    gives: [["patch a.txt"]],
    has: { "x-quilt-patch-identifier": "a.txt", etag: '"{patch a.txt}"', "cache-tag": "{quilt}" },
  },
  {
    name: "an identifier that is no header text is left out",
    path: "/v1/blobs/by-quilt-patch-id/{patch grüße/b.bin}",
    status: 200,
    has: { "x-quilt-patch-identifier": null },
  },
  {
    name: "an empty patch has no bytes, and tags that mean something stay in the quilt",
    path: "/v1/blobs/by-quilt-id/{quilt}/nothing",
    status: 200,
    gives: [["patch nothing"]],
    has: { "set-cookie": null, link: null, "content-length": "0" },
  },
  ...["missing", "A.TXT", "a.txt%20", "%2E%2E%2Fa.txt"].map((identifier): Case => ({
    name: `no such identifier: ${identifier}`,
    path: `/v1/blobs/by-quilt-id/{quilt}/${identifier}`,
    status: 404,
    reason: "QUILT_PATCH_NOT_FOUND",
    has: ENVELOPE,
  })),
  ...["patch of the index", "patch past the end"].map((id): Case => ({
    name: `no such columns: ${id}`,
    path: `/v1/blobs/by-quilt-patch-id/{${id}}`,
    status: 404,
    reason: "QUILT_PATCH_NOT_FOUND",
  })),
  ...["/v1/quilts/{blob}/patches", "/v1/blobs/by-quilt-id/{blob}/a.txt"].map((path): Case => ({
    name: `not a quilt: ${path}`,
    path,
    status: 404,
    reason: "QUILT_PATCH_NOT_FOUND",
  })),
  {
    name: "a quilt lists its patches in order, with a tag and a lifetime",
    path: "/v1/quilts/{quilt}/patches",
    status: 200,
    has: { "content-type": "application/json", etag: '"{quilt}.patches"', "cache-tag": "{quilt}" },
    holds: [
      '[{"identifier":"a.txt","patch_id":"',
      '"tags":{"content-type":"text/plain"}}',
      '"identifier":"grüße/b.bin"',
      '"identifier":"nothing"',
      '"identifier":"page.html"',
    ],
  },
  {
    name: "a list that has not changed is 304",
    path: "/v1/quilts/{quilt}/patches",
    headers: { "If-None-Match": '"{quilt}.patches"' },
    status: 304,
  },
  {
    name: "a whole quilt is a blob like any other",
    path: "/v1/blobs/{quilt}?strict_consistency_check=true",
    status: 200,
    gives: [["quilt"]],
  },
];
