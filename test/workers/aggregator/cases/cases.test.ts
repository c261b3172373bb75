/// <reference types="@cloudflare/vitest-plugin/types" />
/** The aggregator judged from outside, by named HTTP cases, inside workerd. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { concatBytes } from "../../../../shared/bytes/arrays.ts";
import type { Case } from "./case.ts";
import { casesOf } from "./compat-cases.ts";
import { CONTENT_CASES } from "./content-cases.ts";
import { expectDocumented } from "./documented.ts";
import EXPECTED_PASSES from "./expected-passes.json";
import { expectManners } from "./manners.ts";
import { ROUTE_CASES } from "./route-cases.ts";
import { startWorld, type World } from "./world.ts";

const DEFAULT_CASES = [...CONTENT_CASES, ...ROUTE_CASES, ...casesOf("ours")];
const EXACT_CASES = casesOf("official");
let world: World & { readonly stop: () => void };

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => {
  world.stop();
});

test("the committed list names every case once", () => {
  const names = [...DEFAULT_CASES, ...EXACT_CASES].map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toEqual(EXPECTED_PASSES);
});

describe("case", () => {
  test.each(DEFAULT_CASES)("$name", async (each) => {
    const { response, bytes } = await expectAnswer(each, {});
    expectManners(each, response, bytes);
    expectDocumented({ ...each, path: world.named(each.path) }, response, bytes);
  });

  test.each(EXACT_CASES)("$name", async (each) => {
    await expectAnswer(each, { COMPAT: "exact" });
  });
});

async function expectAnswer(
  each: Case,
  vars: object,
): Promise<{ readonly response: Response; readonly bytes: Uint8Array }> {
  const { path, method = "GET", headers = {}, body } = each;
  const response = await world.ask(
    world.named(path),
    {
      method,
      headers: namedEntries(headers),
      ...(body === undefined ? {} : { body: world.named(body) }),
    },
    vars,
  );
  const bytes = new Uint8Array(await response.arrayBuffer());
  expect(response.status, new TextDecoder().decode(bytes.subarray(0, 500))).toBe(each.status);
  for (const [name, expected] of Object.entries(each.has ?? {})) {
    const actual = response.headers.get(name);
    if (expected instanceof RegExp) expect(actual, name).toMatch(expected);
    else expect(actual, name).toBe(expected === null ? null : world.named(expected));
  }
  expectBody(each, bytes);
  return { response, bytes };
}

function expectBody(each: Case, bytes: Uint8Array): void {
  if (each.reason !== undefined) {
    const { error } = JSON.parse(new TextDecoder().decode(bytes)) as {
      error: { code: number; details: { reason: string }[] };
    };
    expect([error.code, error.details[0]?.reason]).toEqual([each.status, each.reason]);
  }
  if (each.gives !== undefined) {
    const parts = each.gives.map(([name, start, end]) => world.contents[name]?.slice(start, end));
    const expected = concatBytes(...parts.map((part) => part ?? new Uint8Array(0)));
    expect(bytes.length).toBe(expected.length);
    expect(bytes.findIndex((byte, index) => byte !== expected[index])).toBe(-1);
  }
  let rest = new TextDecoder().decode(bytes);
  for (const text of each.holds ?? []) {
    expect(rest).toContain(text);
    rest = rest.slice(rest.indexOf(text) + text.length);
  }
}

function namedEntries(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, world.named(value)]),
  );
}
