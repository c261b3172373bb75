/**
 * Measures us against a peer and prints a table.
 *
 * Usage: `npm run bench -- <name> [--json]`, where `<name>` is a file of `test/bench`. With
 * `--json` the last line is the whole report as one JSON object.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { BenchReport } from "../test/bench/report.ts";

const { values, positionals } = parseArgs({
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});

const [name = ""] = positionals;
const file = fileURLToPath(import.meta.resolve(`../test/bench/${name}.ts`));
if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
  console.error(`Cannot run bench: expected the name of a file in test/bench, got "${name}"`);
  process.exit(2);
}

const { run } = (await import(file)) as { run?: () => Promise<BenchReport> };
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
if (values.json) console.log(JSON.stringify(report));
