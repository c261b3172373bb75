/** Reads the aggregator's configuration from its variables; refuses to serve with a broken one. */
import { type Compat, parseCompat } from "../../shared/http/compat.ts";
import { GATE_HOLD_MS, NODE_PATIENCE_MS_MAX } from "../../shared/limits.ts";
import {
  type ConfiguredNetwork,
  configuredNetwork,
  type NetworkVars,
} from "../../shared/protocol/networks.ts";

/** The variables. */
export interface AggregatorVars extends NetworkVars {
  /** `exact` answers exactly as the official daemon; `default` unless given. */
  readonly COMPAT?: string;
  /** Longest hold of blocklist, purge generations and epoch, ms; `GATE_HOLD_MS` unless given. */
  readonly GATE_HOLD_MS?: string;
  /** Shortest silence of a storage node before a competitor is asked, ms; built-in unless given. */
  readonly NODE_PATIENCE_MS?: string;
  /** Largest blob served, bytes; any unless given. */
  readonly MAX_BLOB_BYTES?: string;
}

/** What the aggregator is configured with. */
export interface AggregatorConfig {
  readonly network: ConfiguredNetwork;
  readonly compat: Compat;
  readonly gateHoldMs: number;
  /** See `ReadPorts`. */
  readonly patienceMs: number;
  /** `null` for no limit of its own. */
  readonly blobBytesMax: number | null;
}

/**
 * Reads the configuration.
 *
 * @throws {TypeError} When a variable is missing or malformed, naming it.
 */
export function readConfig(vars: AggregatorVars): AggregatorConfig {
  const compat = parseCompat(vars.COMPAT);
  if (compat === null) {
    throw new TypeError(`Cannot configure COMPAT: expected default or exact, got ${vars.COMPAT}`);
  }
  return {
    network: configuredNetwork(vars),
    compat,
    gateHoldMs: readWhole("GATE_HOLD_MS", vars.GATE_HOLD_MS, GATE_HOLD_MS) ?? GATE_HOLD_MS,
    patienceMs: readWhole("NODE_PATIENCE_MS", vars.NODE_PATIENCE_MS, NODE_PATIENCE_MS_MAX) ?? 0,
    blobBytesMax: readWhole("MAX_BLOB_BYTES", vars.MAX_BLOB_BYTES, Number.MAX_SAFE_INTEGER),
  };
}

function readWhole(name: string, text: string | undefined, max: number): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= max) return value;
  throw new TypeError(
    `Cannot configure ${name}: expected a whole number from 1 to ${max}, got ${text}`,
  );
}
