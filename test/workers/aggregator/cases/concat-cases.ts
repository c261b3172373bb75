/** Several blobs in one answer. Data only. */
import type { Case } from "./case.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const post = (name: string, body: string, rest: Partial<Case> & { status: number }): Case => ({
  name: `concat POST ${name}`,
  path: "/v1alpha/blobs/concat",
  method: "POST",
  headers: JSON_TYPE,
  body,
  ...rest,
});
const get = (query: string, rest: Partial<Case> & { status: number }): Case => ({
  name: `concat GET ${query}`,
  path: `/v1alpha/blobs/concat${query}`,
  ...rest,
});
const ids = (count: number) => Array.from({ length: count }, () => "{one}");
/** Cases of concat. */
export const CONCAT_CASES: readonly Case[] = [
  get("?ids={text},{png}", {
    status: 200,
    gives: [["text"], ["png"]],
    has: { "cache-tag": "{text},{png}" },
  }),
  get("?ids=%20{text}%20,,{empty},{text}", { status: 200, gives: [["text"], ["text"]] }),
  get("?ids={blob},{text}&strict_consistency_check=true", {
    status: 200,
    gives: [["blob"], ["text"]],
    has: { "x-walrus-verified": "strict" },
  }),
  get(`?ids=${ids(64).join(",")}`, { status: 200, has: { "content-length": "64" } }),
  get(`?ids=${ids(65).join(",")}`, { status: 400, reason: "INVALID_PARAMETER" }),
  get("", { status: 400, reason: "INVALID_PARAMETER" }),
  get("?ids=", { status: 400, reason: "INVALID_PARAMETER" }),
  get("?ids=,,", { status: 400, reason: "INVALID_PARAMETER" }),
  get("?ids={blob}&ids={blob}", { status: 400, reason: "INVALID_PARAMETER" }),
  get("?ids={blob},x", { status: 400, reason: "INVALID_ID_FORMAT" }),
  get("?ids={blob},{crooked}&strict_consistency_check=1", {
    status: 400,
    reason: "INVALID_PARAMETER",
  }),
  {
    name: "concat: a range across two blobs",
    path: "/v1alpha/blobs/concat?ids={blob},{text},{blob}",
    headers: { Range: "bytes=4998-5025" },
    status: 206,
    gives: [["blob", 4_998], ["text"], ["blob", 0, 5]],
  },
  post("two blobs", '{"ids":["{text}","{png}"]}', { status: 200, gives: [["text"], ["png"]] }),
  post("flags may be null", '{"ids":["{text}"],"skip_consistency_check":null}', {
    status: 200,
    gives: [["text"]],
  }),
  post("strict", '{"ids":["{text}"],"strict_consistency_check":true}', {
    status: 200,
    has: { "x-walrus-verified": "strict" },
  }),
  post("of a range is the whole: a Range is for GET", '{"ids":["{text}"]}', {
    headers: { ...JSON_TYPE, Range: "bytes=0-1" },
    status: 200,
    gives: [["text"]],
    has: { "content-range": null },
  }),
  post("of what must not exist yet", '{"ids":["{text}"]}', {
    headers: { ...JSON_TYPE, "If-None-Match": "*" },
    status: 412,
    reason: "PRECONDITION_FAILED",
  }),
  post("on condition", '{"ids":["{text}"]}', {
    headers: { ...JSON_TYPE, "If-Match": '"x"' },
    status: 412,
    reason: "PRECONDITION_FAILED",
  }),
  post(
    "both flags",
    '{"ids":["{text}"],"strict_consistency_check":true,"skip_consistency_check":true}',
    {
      status: 400,
      reason: "INVALID_CONSISTENCY_CHECK",
    },
  ),
  post("no IDs", '{"ids":[]}', { status: 400, reason: "INVALID_PARAMETER" }),
  post("a bad ID", '{"ids":["x"]}', { status: 400, reason: "INVALID_ID_FORMAT" }),
  post("no JSON", "{", { status: 400, reason: "INVALID_BODY" }),
  post("no ids", "{}", { status: 422, reason: "INVALID_BODY" }),
  post("ids that are no list", '{"ids":"{text}"}', { status: 422, reason: "INVALID_BODY" }),
  post("an unknown key", '{"ids":["{text}"],"x":1}', {
    status: 422,
    reason: "INVALID_BODY",
    holds: ['"message":"the body at x: Invalid key'],
  }),
  post("a long body", `{"ids":["${"x".repeat(16 * 1024)}"]}`, {
    status: 413,
    reason: "INVALID_BODY",
  }),
  post("another type", '{"ids":["{text}"]}', {
    headers: { "Content-Type": "text/plain" },
    status: 415,
    reason: "INVALID_BODY",
  }),
];
