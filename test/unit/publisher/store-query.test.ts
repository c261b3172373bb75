import { describe, expect, test } from "vitest";
import type { Compat } from "../../../shared/http/compat.ts";
import { parseStoreQuery } from "../../../workers/publisher/store-query.ts";

const ADDRESS = `0x${"a1".repeat(32)}`;

function parse(query: string, compat?: Compat) {
  return parseStoreQuery(new URLSearchParams(query), compat);
}

describe("the query of a store", () => {
  test("defaults to one epoch, deletable, kept by the gateway", () => {
    expect(parse("")).toEqual({
      ok: true,
      value: {
        epochs: 1,
        deletable: true,
        force: false,
        reuseStorage: false,
        dryRun: false,
        sendObjectTo: null,
        share: false,
      },
    });
  });

  test.each([
    ["epochs=53", { epochs: 53 }],
    ["permanent=true", { deletable: false }],
    ["force=true", { force: true }],
    ["share=true", { share: true, sendObjectTo: null }],
    ["reuse_resources=true", { reuseStorage: true }],
    ["quilt_version=V1", { epochs: 1 }],
    ["deletable=true", { deletable: true }],
    ["deletable=false", { deletable: true }],
    ["permanent=false&deletable=false", { deletable: true }],
    [`send_object_to=${ADDRESS.toUpperCase().replace("0X", "0x")}`, { sendObjectTo: ADDRESS }],
    [`send_object_to=${ADDRESS.slice(2)}`, { sendObjectTo: ADDRESS }],
    ["force=true&encoding_type=RS2&share=false&reuse_resources=false", { epochs: 1 }],
    ["cb=123456&anything=else", { epochs: 1 }],
  ])("reads %s", (query, value) => {
    expect(parse(query)).toMatchObject({ ok: true, value });
  });

  test.each([
    ["epochs=0", "epochs"],
    ["epochs=00", "epochs"],
    ["epochs=-1", "epochs"],
    ["epochs=1.5", "epochs"],
    ["epochs=", "epochs"],
    ["epochs=4294967296", "epochs"],
    ["epochs=max", "epochs"],
    ["permanent=1", "permanent"],
    ["permanent=True", "permanent"],
    ["deletable", "deletable"],
    ["force=yes", "force"],
    ["share=maybe", "share"],
    ["quilt_version=v2", "quilt_version"],
    ["reuse_resources=2", "reuse_resources"],
    ["encoding_type=RedStuff", "encoding_type"],
    ["send_object_to=0xTYPO", "send_object_to"],
    ["send_object_to=0x12", "send_object_to"],
    ["send_object_to=", "send_object_to"],
  ])("refuses %s and names the parameter", (query, parameter) => {
    expect(parse(query)).toMatchObject({ failure: { kind: "query-malformed", parameter } });
  });

  test("accepts the largest number of epochs a u32 holds", () => {
    expect(parse("epochs=4294967295")).toMatchObject({ value: { epochs: 4_294_967_295 } });
  });

  test("refuses a known key given twice", () => {
    expect(parse("epochs=1&epochs=2")).toMatchObject({
      failure: { kind: "query-repeated", parameter: "epochs" },
    });
  });

  test("refuses deletable and permanent at once", () => {
    expect(parse("deletable=true&permanent=true")).toMatchObject({
      failure: { kind: "persistence-conflict" },
    });
  });

  test("refuses share beside send_object_to", () => {
    expect(parse(`share=true&send_object_to=${ADDRESS}`)).toMatchObject({
      failure: { kind: "query-conflict" },
    });
  });

  test.each([
    ["cb=1", { failure: { kind: "query-unknown", parameter: "cb" } }],
    ["dry_run=true", { failure: { kind: "query-unknown", parameter: "dry_run" } }],
    ["epochs=1&epochs=1", { failure: { kind: "query-repeated" } }],
    ["epochs=abc", { failure: { kind: "query-malformed" } }],
    ["epochs=0", { value: { epochs: 0 } }],
    ["send_object_to=0xTYPO&epochs=2", { value: { sendObjectTo: null, epochs: 2 } }],
    [`send_object_to=${ADDRESS.slice(2)}`, { value: { sendObjectTo: ADDRESS } }],
    ["share=maybe", { value: { share: false } }],
    ["quilt_version=v9", { value: { epochs: 1 } }],
    [`share=x&send_object_to=${ADDRESS}`, { failure: { kind: "query-conflict" } }],
  ])("in exact mode %s is read as the official publisher reads it", (query, result) => {
    expect(parse(query, "exact")).toMatchObject(result);
  });
});
