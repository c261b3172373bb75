/** The report of a preflight: a table for people, JSON for programs. Pure. */
import type { Check, Verdict } from "./check.ts";

const MARK: Readonly<Record<Verdict, string>> = { pass: "ok  ", warn: "warn", fail: "FAIL" };

/** One line a check, its advice below it, and what it comes to. */
export function reportText(checks: readonly Check[]): string {
  const width = Math.max(0, ...checks.map(({ name }) => name.length));
  const lines = checks.flatMap(({ name, verdict, detail, advice }) => [
    `${MARK[verdict]}  ${name.padEnd(width)}  ${detail}`,
    ...(advice === null ? [] : [`      ${"".padEnd(width)}  → ${advice}`]),
  ]);
  return [...lines, "", summary(checks)].join("\n");
}

/** One line of JSON. */
export function reportJson(network: string, checks: readonly Check[]): string {
  return JSON.stringify({ network, ready: isReady(checks), checks });
}

/** Whether nothing speaks against a deploy. */
export function isReady(checks: readonly Check[]): boolean {
  return checks.every(({ verdict }) => verdict !== "fail");
}

function summary(checks: readonly Check[]): string {
  const count = (verdict: Verdict) => checks.filter((check) => check.verdict === verdict).length;
  const end = isReady(checks) ? "ready to deploy" : "not ready";
  return `${count("pass")} passed, ${count("warn")} to look at, ${count("fail")} failed: ${end}`;
}
