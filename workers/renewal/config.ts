/**
 * What the renewal Worker is told by its variables.
 */
import {
  type ConfiguredNetwork,
  configuredNetwork,
  type NetworkVars,
} from "../../shared/protocol/networks.ts";
import type { RenewalPolicy } from "./plan.ts";

/** Variables of the renewal Worker; all are texts. */
export interface RenewalVars extends NetworkVars {
  /** A blob is extended when at most this many epochs of it are left. */
  readonly RENEW_MARGIN_EPOCHS?: string | undefined;
  /** By how many epochs. */
  readonly RENEW_EXTEND_EPOCHS?: string | undefined;
  /** Most FROST one run may spend; absent: no bound but the wallet's balance. */
  readonly RENEW_BUDGET_FROST?: string | undefined;
  /** `true`: a run plans and reports, and neither extends nor sweeps. */
  readonly RENEW_DRY_RUN?: string | undefined;
}

/** The parsed configuration. */
export interface RenewalConfig {
  readonly network: ConfiguredNetwork;
  readonly policy: RenewalPolicy;
  readonly isDryRun: boolean;
}

/** Two epochs: on testnet two days, on mainnet four weeks to notice that something is wrong. */
const MARGIN_EPOCHS_DEFAULT = 2;

/** Few enough that a blob nobody wants does not cost much, more than the margin. */
const EXTEND_EPOCHS_DEFAULT = 5;

/**
 * Reads the configuration.
 *
 * @throws {TypeError} When a variable is malformed, naming it.
 */
export function renewalConfig(vars: RenewalVars): RenewalConfig {
  const marginEpochs = count(
    "RENEW_MARGIN_EPOCHS",
    vars.RENEW_MARGIN_EPOCHS,
    MARGIN_EPOCHS_DEFAULT,
  );
  const extendEpochs = count(
    "RENEW_EXTEND_EPOCHS",
    vars.RENEW_EXTEND_EPOCHS,
    EXTEND_EPOCHS_DEFAULT,
  );
  // A blob with one epoch left must be out of the margin after one extension, or every run extends.
  if (extendEpochs < marginEpochs) {
    throw new TypeError(
      `Cannot configure RENEW_EXTEND_EPOCHS: expected at least RENEW_MARGIN_EPOCHS ` +
        `(${marginEpochs}), got ${extendEpochs}`,
    );
  }
  const budget = vars.RENEW_BUDGET_FROST;
  if (budget !== undefined && !/^\d{1,20}$/.test(budget)) {
    throw new TypeError(`Cannot configure RENEW_BUDGET_FROST: expected digits, got ${budget}`);
  }
  const budgetFrost = budget === undefined ? null : BigInt(budget);
  const policy = { marginEpochs, extendEpochs, budgetFrost };
  return { network: configuredNetwork(vars), policy, isDryRun: flag(vars.RENEW_DRY_RUN) };
}

function flag(text: string | undefined): boolean {
  if (text === undefined || text === "false") return false;
  if (text === "true") return true;
  throw new TypeError(`Cannot configure RENEW_DRY_RUN: expected true or false, got ${text}`);
}

function count(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new TypeError(`Cannot configure ${name}: expected 1 to 9999, got ${text}`);
  }
  return Number(text);
}
