/**
 * The Walrus networks we know by name. Data only.
 *
 * Package IDs are not here: calls go to `System.package_id` as read from the chain, types carry the
 * package of the System object's own type, and the WAL type is read from the staking package, so
 * that an upgrade or a wiped testnet needs no new constant. Source of the values: the walrus
 * repository's `setup/client_config_{mainnet,testnet}.yaml`.
 */

/** Networks that may be named in the configuration. `local` has no built-in addresses. */
export type NetworkName = "mainnet" | "testnet" | "local";

/** How a storage node is reached; `http` only in the local network. */
export type StorageNodeUrlScheme = "https" | "http";

/** Where a Walrus deployment lives on Sui. */
export interface NetworkAddresses {
  /** Base URL of a Sui full node that speaks gRPC-web. */
  readonly suiRpcUrl: string;
  /** Shared object of type `walrus::system::System`. */
  readonly systemObjectId: string;
  /** Shared object of type `walrus::staking::Staking`. */
  readonly stakingObjectId: string;
  readonly storageNodeUrlScheme: StorageNodeUrlScheme;
}

/** Addresses built in, by network. */
export const NETWORKS: Readonly<Record<Exclude<NetworkName, "local">, NetworkAddresses>> = {
  mainnet: {
    suiRpcUrl: "https://fullnode.mainnet.sui.io:443",
    systemObjectId: "0x2134d52768ea07e8c43570ef975eb3e4c27a39fa6396bef985b5abc58d03ddd2",
    stakingObjectId: "0x10b9d30c28448939ce6c4d6c6e0ffce4a7f8a4ada8248bdad09ef8b70e4a3904",
    storageNodeUrlScheme: "https",
  },
  testnet: {
    suiRpcUrl: "https://fullnode.testnet.sui.io:443",
    systemObjectId: "0x6c2547cbbc38025cf3adac45f63cb0a8d12ecf777cdc75a4971612bf97fdf6af",
    stakingObjectId: "0xbe46180321c30aab2f8b3501e24048377287fa708018a5b7c2792b35fe339ee3",
    storageNodeUrlScheme: "https",
  },
};

/** Configuration variables of a Worker that say which network it serves; all are texts. */
export interface NetworkVars {
  readonly NETWORK?: string | undefined;
  readonly SUI_RPC_URL?: string | undefined;
  readonly SYSTEM_OBJECT_ID?: string | undefined;
  readonly STAKING_OBJECT_ID?: string | undefined;
  readonly STORAGE_NODE_URL_SCHEME?: string | undefined;
}

/** A network as configured: the built-in addresses with any variable set over them. */
export interface ConfiguredNetwork extends NetworkAddresses {
  readonly name: NetworkName;
}

const OBJECT_ID = /^0x[0-9a-f]{64}$/;

/**
 * Reads the network a Worker serves from its variables.
 *
 * @throws {TypeError} When a variable is missing or malformed, naming it: a Worker with a broken
 *   configuration must not start to serve.
 */
export function configuredNetwork(vars: NetworkVars): ConfiguredNetwork {
  const name = vars.NETWORK;
  if (name !== "mainnet" && name !== "testnet" && name !== "local") {
    throw new TypeError(
      `Cannot configure NETWORK: expected mainnet, testnet or local, got ${String(name)}`,
    );
  }
  const known = name === "local" ? undefined : NETWORKS[name];
  const scheme = setting(
    "STORAGE_NODE_URL_SCHEME",
    vars.STORAGE_NODE_URL_SCHEME ?? known?.storageNodeUrlScheme ?? "https",
    (text) => text === "https" || text === "http",
    "https or http",
  );
  return {
    name,
    suiRpcUrl: setting(
      "SUI_RPC_URL",
      vars.SUI_RPC_URL ?? known?.suiRpcUrl,
      isHttpUrl,
      "a URL",
    ).replace(/\/+$/, ""),
    systemObjectId: objectIdSetting(
      "SYSTEM_OBJECT_ID",
      vars.SYSTEM_OBJECT_ID,
      known?.systemObjectId,
    ),
    stakingObjectId: objectIdSetting(
      "STAKING_OBJECT_ID",
      vars.STAKING_OBJECT_ID,
      known?.stakingObjectId,
    ),
    storageNodeUrlScheme: scheme as StorageNodeUrlScheme,
  };
}

function objectIdSetting(name: string, value: string | undefined, known?: string): string {
  return setting(
    name,
    value ?? known,
    (text) => OBJECT_ID.test(text),
    "0x and 64 lowercase hex digits",
  );
}

function setting(
  name: string,
  value: string | undefined,
  accepts: (text: string) => boolean,
  expected: string,
): string {
  if (value === undefined || !accepts(value)) {
    // Without the value: the URL of an RPC server may hold a key, and this gets into the log.
    const flaw = value === undefined ? "it is missing" : "what is set is not";
    throw new TypeError(`Cannot configure ${name}: expected ${expected}, ${flaw}`);
  }
  return value;
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
