/**
 * Measures us against a peer, prints a table and writes the bench's section of
 * `docs/benchmarks.md`.
 *
 * Usage: `npm run bench -- <name> [--json] [--dry-run]`, where `<name>` is a file of `test/bench`.
 * With `--json` the last line is the whole report as one JSON object; with `--dry-run` the page
 * stays as it is.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sectionOf, withSection } from "../test/bench/page.ts";
import type { Bench } from "../test/bench/report.ts";

const { values, positionals } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    "dry-run": { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const [name = ""] = positionals;
const file = fileURLToPath(import.meta.resolve(`../test/bench/${name}.ts`));
if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
  console.error(`Cannot run bench: expected the name of a file in test/bench, got "${name}"`);
  process.exit(2);
}

const { run, section } = (await import(file)) as Bench;
if (run === undefined) {
  console.error(`Cannot run bench: test/bench/${name}.ts has no run()`);
  process.exit(2);
}
const report = await run();

console.log(`${report.machine}; ${JSON.stringify(report.versions)}`);
console.log(`${"case".padEnd(32)} ${"peer".padStart(10)} ${"ours".padStart(10)}   ratio`);
for (const { name, runtime, unit, peer, ours, ratio } of report.cases) {
  const columns = [peer, ours].map((value) => `${value.toFixed(1)} ${unit}`.padStart(10));
  const label = `${runtime}: ${name}`.padEnd(32);
  console.log(`${label} ${columns.join(" ")} ${ratio.toFixed(1).padStart(6)}x`);
}
for (const { name, value, unit } of report.figures ?? []) {
  console.log(`${name.padEnd(60)} ${value.toFixed(1)} ${unit}`);
}
if (section !== undefined && !values["dry-run"]) {
  const page = fileURLToPath(import.meta.resolve("../docs/benchmarks.md"));
  const text = sectionOf(name, section, report, loadavg()[2] ?? 0);
  writeFileSync(page, withSection(readFileSync(page, "utf8"), name, text));
}
if (values.json) console.log(JSON.stringify(report));
