/**
 * Runs the test suites one after the other and says what each cost.
 *
 * Usage: `npm test [-- suite…]`. Without names every suite of `test/budgets.json` runs, in the
 * order of that file. Prints a table of seconds against the committed budgets and closes with
 * `N passed, N failed`; exits 1 when a test failed, a file could not be loaded, or a suite ran
 * no test at all.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Outcome {
  readonly suite: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  readonly budgetSeconds: number;
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: unknown[];
  }[];
}

const budgets = JSON.parse(readFileSync("test/budgets.json", "utf8")) as Record<string, number>;

/**
 * Gives the browser suite its Chromium where that needs nobody's password: as root, as in a
 * container. Elsewhere the suite itself says what to run.
 */
function installChromium(): void {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || existsSync(process.env["CHROMIUM"] ?? "/usr/bin/chromium")) return;
  spawnSync("bash", ["scripts/install-chromium.sh"], { stdio: "inherit" });
}

function runSuite(suite: string, reportFolder: string): Outcome {
  const reportFile = join(reportFolder, `${suite}.json`);
  const started = performance.now();
  const { status } = spawnSync(
    "vitest",
    [
      "run",
      "--project",
      suite,
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${reportFile}`,
    ],
    {
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, WRANGLER_SEND_METRICS: "false" },
    },
  );
  const seconds = (performance.now() - started) / 1000;
  const budgetSeconds = budgets[suite] ?? 0;
  const report = readReport(reportFile);
  const passed = report?.numPassedTests ?? 0;
  // A file that fails to load reports no assertion, and a crashed run reports nothing at all:
  // both count as one failure so that the closing line can never hide them.
  const unloaded =
    report?.testResults.filter(
      (file) => file.status === "failed" && file.assertionResults.length === 0,
    ).length ?? 0;
  let failed = (report?.numFailedTests ?? 0) + unloaded;
  if (failed === 0 && (status !== 0 || passed === 0)) failed = 1;
  return { suite, passed, failed, seconds, budgetSeconds };
}

function readReport(file: string): Report | null {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Report;
  } catch {
    return null;
  }
}

function printTable(outcomes: readonly Outcome[]): void {
  console.log("\nsuite        passed  failed  seconds  budget");
  for (const { suite, passed, failed, seconds, budgetSeconds } of outcomes) {
    const over = seconds > budgetSeconds ? "  over budget" : "";
    console.log(
      `${suite.padEnd(12)} ${String(passed).padStart(6)}  ${String(failed).padStart(6)}  ` +
        `${seconds.toFixed(1).padStart(7)}  ${String(budgetSeconds).padStart(6)}${over}`,
    );
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((suite) => !(suite in budgets));
if (unknown.length > 0) {
  console.error(
    `Cannot run suite ${unknown.join(", ")}: expected one of ${Object.keys(budgets).join(", ")}`,
  );
  process.exit(2);
}

const reportFolder = mkdtempSync(join(tmpdir(), "walrus-edge-test-"));
try {
  const suites = wanted.length > 0 ? wanted : Object.keys(budgets);
  if (suites.includes("browser")) installChromium();
  const outcomes = suites.map((suite) => runSuite(suite, reportFolder));
  printTable(outcomes);
  const passed = outcomes.reduce((total, outcome) => total + outcome.passed, 0);
  const failed = outcomes.reduce((total, outcome) => total + outcome.failed, 0);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} finally {
  rmSync(reportFolder, { recursive: true, force: true });
}
