/**
 * House checks over the source text, each with its reason. Part of `npm run check`.
 *
 * Usage: `node scripts/tidy.ts`. Prints one line per finding and exits 1 when there is any.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { LOG_FIELDS } from "../shared/telemetry/log-fields.ts";
import { LIMITS_PAGE, limitsPage } from "./limits-page.ts";

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const findings: Finding[] = [];
const report = (file: string, line: number, message: string) =>
  findings.push({ file, line, message });

/** Tracked and untracked files, ignored ones left out, as git sees the working tree. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && existsSync(file));
const sources = files.filter((file) => /\.(ts|mts)$/.test(file) && !file.endsWith(".d.ts"));
const text = new Map(sources.map((file) => [file, readFileSync(file, "utf8")]));

/** A skipped test proves nothing and is forgotten; a test that cannot pass here is deleted. */
function checkNoSkippedTests(): void {
  const skipped =
    /\b(?:test|it|describe|suite)\s*\.\s*(skip|todo|only|fails|skipIf|runIf)\b|\bctx\.skip\(/;
  forEachLine((file, line, index) => {
    if (file.startsWith("test/") && skipped.test(line)) {
      report(file, index + 1, "Skipped, exclusive or todo test: make it pass or remove it");
    }
  });
}

/** The reader comes first: every module opens by saying what it does. Tests say it by their names. */
function checkModuleHeaders(): void {
  for (const [file, body] of text) {
    if (file.endsWith(".test.ts")) continue;
    if (!/^(#!.*\n)?\/\*\*/.test(body)) {
      report(file, 1, "No module header: open with /** what the module does and may not do */");
    }
  }
}

/** Work that is not done belongs in an issue, where somebody sees it. */
function checkNoLeftovers(): void {
  const leftover = /\b(?:TO[D]O|FIX[M]E|XX[X])\b/;
  forEachLine((file, line, index) => {
    if (leftover.test(line)) report(file, index + 1, "Leftover marker: do it or file it");
  });
}

/** Limits are a promise to users: the page is written from the constants and may not be stale. */
function checkLimitsPage(): void {
  if (readFileSync(LIMITS_PAGE, "utf8") !== limitsPage()) {
    report(LIMITS_PAGE, 1, "Stale: run node scripts/limits-page.ts");
  }
}

/** Clients act on reasons: each that a Worker can answer is explained in docs/errors.md. */
function checkReasonsDocumented(): void {
  const page = readFileSync("docs/errors.md", "utf8");
  const statusWords = new Set(
    text.get("shared/http/problem.ts")?.match(/\b[A-Z][A-Z_]+(?=: \d{3})/g),
  );
  for (const [file, body] of text) {
    if (!/^(workers|shared\/http)\//.test(file)) continue;
    // Files of problems name reasons in other ways, too.
    const isOfProblems = file.endsWith("problem.ts");
    const reasons = isOfProblems ? /"([A-Z][A-Z_]*_[A-Z_]*[A-Z])"/g : /reason: "([A-Z_]+)"/g;
    for (const [, reason = ""] of body.matchAll(reasons)) {
      if (!statusWords.has(reason) && !page.includes(`\`${reason}\``)) {
        report("docs/errors.md", 1, `Does not explain ${reason} of ${file}`);
      }
    }
  }
}

/** Whoever reads a log looks its words up: every event and field is explained in docs/operations.md. */
function checkLogWordsDocumented(): void {
  const page = readFileSync("docs/operations.md", "utf8");
  const explain = (file: string, word: string) => {
    if (!page.includes(`\`${word}\``))
      report("docs/operations.md", 1, `Does not explain ${word} of ${file}`);
  };
  for (const [file, body] of text) {
    if (!/^(workers|shared)\//.test(file)) continue;
    for (const [, event = ""] of body.matchAll(/event: "([a-z.-]+)"/g)) explain(file, event);
  }
  for (const field of Object.keys(LOG_FIELDS)) explain("shared/telemetry/log-fields.ts", field);
}

/** Who deploys sets vars and secrets: each that a Worker reads is explained in docs/operations.md. */
function checkVarsDocumented(): void {
  const page = readFileSync("docs/operations.md", "utf8");
  forEachLine((file, line, index) => {
    const [, name] = /^  readonly ([A-Z][A-Z0-9_]*)\??: string/.exec(line) ?? [];
    if (isProduct(file) && name !== undefined && !new RegExp(`\\b${name}\\b`).test(page))
      report(file, index + 1, `docs/operations.md does not explain ${name}`);
  });
}

/** Clients find every route: each that a Worker serves is named on the page of its API. */
function checkRoutesDocumented(): void {
  for (const [app, page] of [
    ["workers/publisher/app.ts", "docs/http-api.md"],
    ["workers/aggregator/app.ts", "docs/http-api-aggregator.md"],
  ] as const) {
    const shown = readFileSync(page, "utf8");
    for (const [, path = ""] of text.get(app)?.matchAll(/"(\/[a-z][^"]*)"/g) ?? []) {
      const named = path.replaceAll(/:(\w+)/g, "{$1}");
      // Tables shorten what a path has in common with the one before it.
      const shortened = named.replace(/^.*(?=\/[^/{]+$)/, "…");
      if (!shown.includes(named) && !shown.includes(shortened))
        report(page, 1, `Does not name ${named}`);
    }
  }
}

/** A newcomer types what the README says. */
function checkReadmeCommands(): void {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const page of ["README.md", "CONTRIBUTING.md"]) {
    for (const [, name = ""] of readFileSync(page, "utf8").matchAll(/npm run ([a-z:-]+)/g)) {
      if (!(name in scripts))
        report(page, 1, `Names npm run ${name}, which package.json does not have`);
    }
  }
}

/** Links between our own pages, and the modules they name, must lead somewhere. */
function checkDocLinks(): void {
  for (const page of files.filter((file) => file.endsWith(".md"))) {
    for (const [, target = ""] of readFileSync(page, "utf8").matchAll(
      /\]\((?!https?:|#|mailto:)([^)#\s]+)/g,
    )) {
      if (!existsSync(join(dirname(page), target)))
        report(page, 1, `Links to ${target}, which does not exist`);
    }
    for (const [, name = ""] of readFileSync(page, "utf8").matchAll(/`([\w./-]+\.ts)`/g)) {
      if (!files.some((file) => file === name || file.endsWith(`/${name}`)))
        report(page, 1, `Names ${name}, which does not exist`);
    }
  }
}

/** Code nobody imports is code nobody tests: every product module is reached from a Worker or a test. */
function checkNoDeadModules(): void {
  const imported = new Set<string>();
  for (const [file, body] of text) {
    for (const [, target = ""] of body.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
      imported.add(normalize(join(dirname(file), target)));
    }
  }
  for (const file of sources) {
    const entry = /^workers\/[^/]+\/index\.ts$/.test(file) || file.includes("/assembly/");
    if (isProduct(file) && !entry && !imported.has(file))
      report(file, 1, "Imported by nothing: remove it or use it");
  }
}

/** What nobody uses is read by everybody: an export serves a Worker, a script or the local network. */
function checkNoDeadExports(): void {
  const uses = new Map<string, number>();
  for (const [file, body] of text) {
    if (/^test\/(?!devnet\/)/.test(file)) continue;
    const code = body.replaceAll(/\/\*[^]*?\*\/|\/\/[^\n]*/g, "");
    for (const [word] of code.matchAll(/\b[A-Za-z_]\w*\b/g))
      uses.set(word, (uses.get(word) ?? 0) + 1);
  }
  const exported = /^export (?:async )?(?:const|function\*?|class|interface|type) (\w+)/;
  forEachLine((file, line, index) => {
    if (!isProduct(file) || file.includes("/assembly/")) return;
    const [, name] = exported.exec(line) ?? [];
    // The API document is held against what a Worker says it serves.
    if (name !== undefined && name !== "SERVED" && uses.get(name) === 1) {
      report(file, index + 1, `Only tests use ${name}, or nobody: remove it`);
    }
  });
}

/** Bounds are looked for in one place. The sizes of the code's own layout are none of them. */
function checkBoundsAreNamedTogether(): void {
  const bound =
    /^(?:export )?const ((?!U\d+_MAX|(?:HOUR|DAY)_MS)[A-Z0-9_]+_(?:MAX|MS|SECONDS|ATTEMPTS))\b[^=]*= *[\d(]/;
  forEachLine((file, line, index) => {
    if (!isProduct(file) || file === "shared/limits.ts" || file.startsWith("shared/codec/")) return;
    const [, name] = bound.exec(line) ?? [];
    if (name !== undefined)
      report(file, index + 1, `${name} is a bound: name it in shared/limits.ts`);
  });
}

function isProduct(file: string): boolean {
  return file.startsWith("shared/") || file.startsWith("workers/");
}

function forEachLine(visit: (file: string, line: string, index: number) => void): void {
  for (const [file, body] of text) {
    body.split("\n").forEach((line, index) => visit(file, line, index));
  }
}

checkNoSkippedTests();
checkModuleHeaders();
checkNoLeftovers();
checkLimitsPage();
checkReasonsDocumented();
checkLogWordsDocumented();
checkVarsDocumented();
checkRoutesDocumented();
checkReadmeCommands();
checkDocLinks();
checkNoDeadModules();
checkNoDeadExports();
checkBoundsAreNamedTogether();

for (const { file, line, message } of findings) console.error(`${file}:${line}: ${message}`);
console.log(`tidy: ${sources.length} modules, ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
