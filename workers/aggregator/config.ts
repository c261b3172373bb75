/** Reads the aggregator's configuration from its variables; refuses to serve with a broken one. */
import {
  type ConfiguredNetwork,
  configuredNetwork,
  type NetworkVars,
} from "../../shared/protocol/networks.ts";

/** What the aggregator is configured with. */
export interface AggregatorConfig {
  readonly network: ConfiguredNetwork;
}

/**
 * Reads the configuration.
 *
 * @throws {TypeError} When a variable is missing or malformed, naming it.
 */
export function readConfig(vars: NetworkVars): AggregatorConfig {
  return { network: configuredNetwork(vars) };
}
