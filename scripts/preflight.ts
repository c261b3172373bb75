/**
 * `npm run preflight`: looks at a real network before the first deploy. Reads only: nothing is
 * signed, sent or changed.
 *
 * Usage: `npm run preflight [-- --address 0x… --json]`. The configuration is that of
 * `[env.publisher.vars]` in wrangler.toml; environment variables of the same names win. The address is
 * that of WALLET_SECRET_KEY where none is given; the key itself is never shown or sent. Exits 1 when a
 * check fails, 2 for a wrong flag.
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import "../test/support/local-gateway/quiet-wrangler.ts";
import { SuiGrpcClient } from "@mysten/sui/grpc";
import { unstable_readConfig } from "wrangler";
import { createNodeClient } from "../shared/nodes/client.ts";
import { createPermit } from "../shared/nodes/permit.ts";
import { type ConfiguredNetwork, configuredNetwork } from "../shared/protocol/networks.ts";
import { createChain } from "../shared/sui/create-chain.ts";
import { createSigner } from "../shared/sui/signer.ts";
import { systemClock, systemTimer } from "../shared/system.ts";
import { loadCodec } from "../test/support/codec.ts";
import { checkRpc, checkSystem, messageOf } from "./preflight/chain-checks.ts";
import { type Check, fail, pass } from "./preflight/check.ts";
import { checkNodes } from "./preflight/node-checks.ts";
import { isReady, reportJson, reportText } from "./preflight/report.ts";
import { checkWallet } from "./preflight/wallet-checks.ts";

const HELP = `Usage: npm run preflight -- [flags]

  --address 0x…   the paying address (default: that of WALLET_SECRET_KEY, if it is set)
  --json          prints one line of JSON: {network, ready, checks: [{name, verdict, detail, advice}]}
  --help          this text

Reads the vars of [env.publisher] in wrangler.toml; environment variables win. Changes nothing.`;

/** The id wrangler.toml comes with: a namespace has 32 hex digits. */
const KV_ID = /^[0-9a-f]{32}$/;
const ADDRESS = /^0x[0-9a-f]{64}$/;
const NETWORK_VARS = [
  "NETWORK",
  "SUI_RPC_URL",
  "SYSTEM_OBJECT_ID",
  "STAKING_OBJECT_ID",
  "STORAGE_NODE_URL_SCHEME",
];

function readConfiguration(): { network: ConfiguredNetwork; checks: readonly Check[] } {
  const config = unstable_readConfig({ config: "wrangler.toml", env: "publisher" });
  const given = Object.fromEntries(
    NETWORK_VARS.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const network = configuredNetwork({ ...config.vars, ...given });
  const [kv] = config.kv_namespaces;
  const isLocal = network.name === "local";
  const namespace =
    isLocal || KV_ID.test(kv?.id ?? "")
      ? pass("configuration", `network ${network.name}, RPC ${network.suiRpcUrl}`)
      : fail(
          "configuration",
          `network ${network.name}; the KV namespace has no id of an account`,
          "npx wrangler kv namespace create walrus-edge-blobs, then put its id into wrangler.toml",
        );
  return { network, checks: [namespace] };
}

/** @throws {TypeError} For an address or key that is none. */
function readAddress(flag: string | undefined): string | null {
  if (flag !== undefined) {
    if (ADDRESS.test(flag)) return flag;
    throw new TypeError("--address takes 0x and 64 lowercase hex digits");
  }
  const secretKey = process.env["WALLET_SECRET_KEY"];
  if (secretKey === undefined) return null;
  const signer = createSigner(secretKey);
  if (!signer.ok) throw new TypeError("WALLET_SECRET_KEY is no suiprivkey… of an Ed25519 key");
  return signer.value.address;
}

async function preflight(address: string | null): Promise<[string, readonly Check[]]> {
  const { network, checks } = readConfiguration();
  const permit = createPermit(fetch);
  const sui = new SuiGrpcClient({ network: "testnet", baseUrl: network.suiRpcUrl });
  const ports = { clock: systemClock, timer: systemTimer };
  const chain = createChain({ ...network, ...ports, fetch });
  const rpc = await checkRpc(sui, systemClock.nowMs());
  if (rpc.some(({ name, verdict }) => name === "rpc" && verdict === "fail")) {
    return [network.name, [...checks, ...rpc]];
  }
  const { checks: contract, system } = await checkSystem(chain);
  if (system === null) return [network.name, [...checks, ...rpc, ...contract]];
  const client = createNodeClient({ permit, timer: systemTimer, lane: "preflight" });
  const [nodes, wallet] = await Promise.all([
    checkNodes(client, system.current),
    checkWallet({ chain, sui, codec: await loadCodec() }, system, address),
  ]);
  return [network.name, [...checks, ...rpc, ...contract, nodes, ...wallet]];
}

function readFlags(): { address: string | null; json: boolean } | null {
  const { values } = parseArgs({
    options: {
      address: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return values.help ? null : { address: readAddress(values.address), json: values.json };
}

if (!existsSync("wrangler.toml")) process.chdir(new URL("..", import.meta.url).pathname);
let flags: ReturnType<typeof readFlags>;
try {
  flags = readFlags();
} catch (error) {
  console.error(`${messageOf(error)}\n\n${HELP}`);
  process.exit(2);
}
if (flags === null) console.log(HELP);
else {
  try {
    const [network, checks] = await preflight(flags.address);
    console.log(flags.json ? reportJson(network, checks) : reportText(checks));
    process.exitCode = isReady(checks) ? 0 : 1;
  } catch (error) {
    console.error(`Cannot look at the network: ${messageOf(error)}`);
    process.exitCode = 1;
  }
}
