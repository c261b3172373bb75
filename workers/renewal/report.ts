/**
 * A renewal report as JSON for people and scripts. Pure.
 */
import { RENEWAL_REPORT_ENTRIES_MAX } from "../../shared/limits.ts";
import type { RenewalReport } from "./renew.ts";

/** JSON text of a report; long lists are cut and counted, amounts are decimal text. */
export function reportJson(report: RenewalReport): string {
  const { planned, extended, skipped, failures, txDigests } = report;
  const cut = {
    ...report,
    plannedCount: planned.length,
    extendedCount: extended.length,
    skippedCount: skipped.length,
    failureCount: failures.length,
    planned: planned.slice(0, RENEWAL_REPORT_ENTRIES_MAX),
    extended: extended.slice(0, RENEWAL_REPORT_ENTRIES_MAX),
    skipped: skipped.slice(0, RENEWAL_REPORT_ENTRIES_MAX),
    failures: failures.slice(0, RENEWAL_REPORT_ENTRIES_MAX),
    txDigests: txDigests.slice(0, RENEWAL_REPORT_ENTRIES_MAX),
  };
  return JSON.stringify(cut, (_key, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}
