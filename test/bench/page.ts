/**
 * The page `docs/benchmarks.md`: one section for each bench, of which a run replaces its own. Pure.
 *
 *     # Benchmarks
 *     <!-- bench codec -->
 *     ## …
 *     <!-- bench write -->
 *     ## …
 */
import type { BenchCase, BenchReport } from "./report.ts";

/** Order of the sections; others follow as they come. */
const ORDER = ["codec", "codec-external", "write", "load", "read", "renew"];

const TITLE = `# Benchmarks

Each section is written by its own \`npm run bench -- <name>\`; do not edit.
`;

const MIB = 1024 * 1024;

/** What a bench says of itself in its section. */
export interface SectionText {
  readonly title: string;
  /** Markdown: what is measured and how. */
  readonly about: string;
  /** Markdown with the results; a table of all cases by default. */
  readonly results?: (report: BenchReport) => string;
}

/** The section of one run. `load`: processes that wanted a processor, averaged over 15 minutes. */
export function sectionOf(
  name: string,
  { title, about, results = casesTable }: SectionText,
  report: BenchReport,
  load: number,
): string {
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return `## ${title}

\`npm run bench -- ${name}\` on ${report.machine}; load average ${load.toFixed(1)} (more than one for
each processor: others were at work). Versions: ${versions.join(", ")}.

${about.trim()}

${results(report).trim()}
`;
}

/** The page with one section replaced or added. */
export function withSection(page: string, name: string, section: string): string {
  const sections = new Map<string, string>();
  const parts = page.split(/^<!-- bench ([a-z-]+) -->$/m).slice(1);
  for (let index = 0; index + 1 < parts.length; index += 2) {
    sections.set(parts[index] ?? "", (parts[index + 1] ?? "").trim());
  }
  sections.set(name, section.trim());
  const others = [...sections.keys()].filter((each) => !ORDER.includes(each)).sort();
  const bodies = [...ORDER, ...others].flatMap((each) => {
    const body = sections.get(each);
    return body === undefined ? [] : [`<!-- bench ${each} -->\n\n${body}\n`];
  });
  return [TITLE, ...bodies].join("\n");
}

/** Cases as a table. */
export function casesTable({ cases }: Pick<BenchReport, "cases">): string {
  const rows = cases.map((each) => row(each));
  return [
    "| case | peer | ours | quartiles | ratio | memory MiB | samples |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

/** Figures, one a line. */
export function figureList({ figures = [] }: Pick<BenchReport, "figures">): string {
  return figures
    .map(({ name, value, unit }) => `- ${name}: ${shown(value, unit)} ${unit}`.trimEnd())
    .join("\n");
}

function shown(value: number, unit: string): string {
  if (unit === "x") return value.toFixed(2);
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}

function row({
  name,
  unit,
  peer,
  ours,
  ratio,
  quartiles,
  memoryBytes,
  samples,
}: BenchCase): string {
  const memory = memoryBytes === undefined ? "" : (memoryBytes / MIB).toFixed(1);
  const range = quartiles?.map((value) => value.toFixed(1)).join(" … ") ?? "";
  const times = [peer, ours].map((value) => `${value.toFixed(1)} ${unit}`);
  return `| ${[name, ...times, range, `**${ratio.toFixed(1)}×**`, memory, samples ?? 1].join(" | ")} |`;
}
