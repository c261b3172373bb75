/** The bench of bursts in small, so that it cannot rot. */
import { expect, test } from "vitest";
import { run, section } from "../../bench/load.ts";
import { sectionOf } from "../../bench/page.ts";

test("the bench of bursts counts transactions and what waiting adds", async () => {
  const report = await run([8]);
  const figures = new Map(report.figures?.map(({ name, value }) => [name, value]));
  expect(figures.get("8 stores: transactions")).toBeLessThan(2 * 8);
  expect(figures.get("8 stores: added latency, 95 %")).toBeGreaterThan(0);
  expect(sectionOf("load", section, report, 0)).toContain("- 8 stores: transactions:");
});
