/** The codec bench in small, so that it cannot rot: the same cases at 13 shards, a sample a side. */
import { describe, expect, test } from "vitest";
import { measureCodec, section } from "../../bench/codec.ts";
import { sectionOf } from "../../bench/page.ts";

const NAMES = [
  "metadata 1 B",
  "metadata 1 KiB",
  "metadata 64 KiB",
  "encode 64 KiB",
  "decode 64 KiB one missing",
  "decode 64 KiB spread",
  "degraded read 64 KiB",
];

describe("the codec bench", () => {
  test("measures both sides of every case in Node and in workerd", async () => {
    const report = await measureCodec({ rounds: 1, shardCount: 13, sizeMax: 64 * 1024 });
    for (const runtime of ["node", "workerd"]) {
      const cases = report.cases.filter((each) => each.runtime === runtime);
      expect(cases.map(({ name }) => name)).toEqual(NAMES);
      for (const { memoryBytes } of cases) expect(memoryBytes).toBeGreaterThan(0);
    }
    for (const { value } of report.figures ?? []) expect(value).toBeGreaterThan(0);
    const page = sectionOf("codec", section, report, 0);
    for (const name of NAMES) expect(page).toContain(`| ${name} |`);
    expect(page).toContain("relaxed: BLAKE2b compression");
  });
});
