import { describe, expect, test } from "vitest";
import { utf8Bytes } from "../../../shared/bytes/arrays.ts";
import {
  ATTRIBUTE_KEY_BYTES_MAX,
  ATTRIBUTE_VALUE_BYTES_MAX,
  ATTRIBUTES_BYTES_MAX,
  ATTRIBUTES_PER_BLOB_MAX,
} from "../../../shared/limits.ts";
import { attributeChange, attributesOfStore } from "../../../workers/publisher/attributes.ts";

const ofBlob = (headers: Record<string, string>) => attributesOfStore(new Headers(headers), "blob");

describe("attributes of a store", () => {
  test("are the content type and the headers named so, by key", () => {
    expect(
      ofBlob({
        "X-Walrus-Attribute-Zebra": "1",
        "Content-Type": "image/png",
        "X-Walrus-Attribute-Author": "Ünï",
        Accept: "*/*",
      }),
    ).toEqual({
      ok: true,
      value: { author: "Ünï", "content-type": "image/png", zebra: "1" },
    });
    expect(ofBlob({})).toEqual({ ok: true, value: {} });
  });

  test.each([
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "Application/X-WWW-Form-Urlencoded; charset=utf-8",
  ])("leave out %s, which says how a form travels", (type) => {
    expect(ofBlob({ "Content-Type": type })).toEqual({ ok: true, value: {} });
  });

  test("of a quilt mark it, and do not tell the type of the form", () => {
    const headers = new Headers({
      "Content-Type": "multipart/form-data; boundary=x",
      "X-Walrus-Attribute-a": "b",
    });
    expect(attributesOfStore(headers, "quilt")).toEqual({
      ok: true,
      value: { a: "b", _walrusBlobType: "quilt" },
    });
  });

  test("an explicit one wins over the content type", () => {
    const both = { "Content-Type": "text/plain", "X-Walrus-Attribute-Content-Type": "image/gif" };
    expect(ofBlob(both)).toMatchObject({ value: { "content-type": "image/gif" } });
  });

  test.each([
    { "X-Walrus-Attribute-_walrusBlobType": "quilt" },
    { "X-Walrus-Attribute-": "no key" },
    { [`X-Walrus-Attribute-${"k".repeat(ATTRIBUTE_KEY_BYTES_MAX + 1)}`]: "v" },
    { "X-Walrus-Attribute-k": "v".repeat(ATTRIBUTE_VALUE_BYTES_MAX + 1) },
    { "Content-Type": `text/${"x".repeat(ATTRIBUTE_VALUE_BYTES_MAX)}` },
  ])("are refused by name: %#", (headers) => {
    expect(ofBlob(headers)).toMatchObject({ failure: { kind: "attribute-malformed" } });
  });

  test("reach their bounds, and no further", () => {
    const key = "k".repeat(ATTRIBUTE_KEY_BYTES_MAX);
    const value = "v".repeat(ATTRIBUTE_VALUE_BYTES_MAX);
    expect(ofBlob({ [`X-Walrus-Attribute-${key}`]: value }).ok).toBe(true);
    const many = (count: number) =>
      ofBlob(
        Object.fromEntries(
          Array.from({ length: count }, (_, index) => [`X-Walrus-Attribute-k${index}`, "v"]),
        ),
      );
    expect(many(ATTRIBUTES_PER_BLOB_MAX).ok).toBe(true);
    expect(many(ATTRIBUTES_PER_BLOB_MAX + 1)).toMatchObject({
      failure: { kind: "attributes-too-many" },
    });
    const large = (bytes: number) => {
      const parts = Math.ceil(bytes / ATTRIBUTE_VALUE_BYTES_MAX);
      const headers: Record<string, string> = {};
      for (let index = 0; index < parts; index++) {
        headers[`X-Walrus-Attribute-${index}`] = "v".repeat(Math.floor(bytes / parts) - 1);
      }
      return ofBlob(headers);
    };
    expect(large(ATTRIBUTES_BYTES_MAX).ok).toBe(true);
    expect(large(ATTRIBUTES_BYTES_MAX + 9)).toMatchObject({
      failure: { kind: "attributes-too-many" },
    });
  });
});

describe("a change of attributes", () => {
  const change = (json: unknown) => attributeChange(utf8Bytes(JSON.stringify(json)));

  test("sets and removes", () => {
    expect(change({ attributes: { b: "2", a: "1", gone: null } })).toEqual({
      ok: true,
      value: { set: { a: "1", b: "2" }, remove: ["gone"] },
    });
  });

  test.each([
    null,
    [],
    {},
    { attributes: {} },
    { attributes: { a: 1 } },
    { attributes: { a: "1" }, other: 1 },
  ])("is refused when it is none: %j", (json) => {
    expect(change(json)).toMatchObject({ failure: { kind: "attributes-body-malformed" } });
  });

  test("is refused by what stands in it", () => {
    const flaw = { parameter: "attributes.size", value: "5" };
    expect(change({ attributes: { size: 5 } })).toMatchObject({ failure: { flaw } });
    // A lenient decoder would have something else stored, and paid for.
    const body = Uint8Array.of(...utf8Bytes('{"attributes":{"a":"'), 0xff, ...utf8Bytes('"}}'));
    expect(attributeChange(body)).toMatchObject({ failure: { flaw: { parameter: "body" } } });
  });

  test.each([
    { _walrusBlobType: null },
    { _walrusBlobType: "blob" },
    { a: "line\nbreak" },
    { "\ud800": "x" },
    { a: "\udc00" },
    { "": "x" },
  ])("is refused by name: %j", (attributes) => {
    expect(change({ attributes })).toMatchObject({
      failure: { kind: "attribute-malformed" },
    });
  });

  test("counts what it removes, too", () => {
    const removed = Array.from({ length: ATTRIBUTES_PER_BLOB_MAX }, (_, index) => [
      `k${index}`,
      null,
    ]);
    expect(change({ attributes: Object.fromEntries(removed) }).ok).toBe(true);
    expect(change({ attributes: { ...Object.fromEntries(removed), more: "x" } })).toMatchObject({
      failure: { kind: "attributes-too-many" },
    });
    expect(change({ attributes: { ...Object.fromEntries(removed), more: null } })).toMatchObject({
      failure: { kind: "attributes-too-many" },
    });
  });
});
