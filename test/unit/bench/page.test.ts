/** The page of all benches: a run replaces its own section and no other. */
import { describe, expect, test } from "vitest";
import { sectionOf, withSection } from "../../bench/page.ts";
import { caseOf } from "../../bench/report.ts";

const report = {
  machine: "2 x test",
  versions: { node: "v24" },
  cases: [caseOf({ name: "store", runtime: "workerd", ours: [2, 1, 4], peer: [10, 8, 12] })],
};

describe("withSection()", () => {
  test("adds sections in a fixed order, whatever the order of runs", () => {
    const page = withSection(withSection("# Old\n\ntext\n", "read", "## R"), "codec", "## C");
    expect(page.indexOf("## C")).toBeLessThan(page.indexOf("## R"));
    expect(page).toBe(withSection(withSection("", "codec", "## C"), "read", "## R"));
  });

  test("replaces a section and leaves the others as they are", () => {
    const before = ["write", "codec-external", "other"].reduce(
      (page, name) => withSection(page, name, `## ${name} 1`),
      "",
    );
    const after = withSection(before, "write", "## write 2");
    expect(after).toBe(before.replace("## write 1", "## write 2"));
  });
});

describe("sectionOf()", () => {
  test("names the machine, the versions and every case with its figures", () => {
    const text = sectionOf("write", { title: "Stores", about: "What." }, report, 0.25);
    expect(text).toContain("2 x test");
    expect(text).toContain("node v24");
    expect(text).toContain("| store | 10.0 ms | 2.0 ms | 1.5 … 3.0 | **5.0×** |  | 3 |");
  });
});
