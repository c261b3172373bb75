/** What one check of the preflight finds. Types and small makers. */

export type Verdict = "pass" | "warn" | "fail";

/** One line of the report. */
export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  /** What was found, with numbers. */
  readonly detail: string;
  /** What to do; `null` where nothing is. */
  readonly advice: string | null;
}

export function pass(name: string, detail: string): Check {
  return { name, verdict: "pass", detail, advice: null };
}

export function warn(name: string, detail: string, advice: string): Check {
  return { name, verdict: "warn", detail, advice };
}

export function fail(name: string, detail: string, advice: string): Check {
  return { name, verdict: "fail", detail, advice };
}
