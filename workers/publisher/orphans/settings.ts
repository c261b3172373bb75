/**
 * When the sweep looks at an orphan, from the configuration. Pure.
 */
import type { NetworkName } from "../../../shared/protocol/networks.ts";
import { ORPHAN_SWEEP_AFTER_MS, ORPHAN_SWEEP_AFTER_SECONDS_MAX } from "../../../shared/limits.ts";

/** Variables, all optional. */
export interface OrphanVars {
  /** Seconds from a failed upload to the first sweep that looks at its registration. */
  readonly ORPHAN_SWEEP_AFTER_SECONDS?: string;
}

/**
 * The wait in milliseconds, or every problem with the variable. A shorter one than the usual would
 * take a registration from an upload that may still come back for it, so only the local network,
 * where nothing is worth anything, may have it.
 */
export function orphanSettings(
  { ORPHAN_SWEEP_AFTER_SECONDS: text }: OrphanVars,
  network: NetworkName | null,
): { readonly sweepAfterMs: number; readonly problems: readonly string[] } {
  const usual = { sweepAfterMs: ORPHAN_SWEEP_AFTER_MS, problems: [] };
  if (text === undefined) return usual;
  const min = network === "local" ? 0 : ORPHAN_SWEEP_AFTER_MS / 1_000;
  const max = ORPHAN_SWEEP_AFTER_SECONDS_MAX;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (seconds >= min && seconds <= max) return { ...usual, sweepAfterMs: seconds * 1_000 };
  const problem = `ORPHAN_SWEEP_AFTER_SECONDS: expected a whole number from ${min} to ${max}`;
  return { ...usual, problems: [problem] };
}
