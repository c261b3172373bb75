/**
 * `npm start`: builds, starts a local Walrus network and the three Workers against it, prints their
 * URLs and stays up until Ctrl-C.
 *
 * Usage: `npm start [-- flags]`, see `--help`. Exits 2 for a wrong flag, 1 when it cannot start.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkPortFree, PortTakenError } from "../test/devnet/listen.ts";
import type { Network, NetworkDescription } from "../test/devnet/network/description.ts";
import { startNetwork } from "../test/devnet/network/network.ts";
import { buildKernel } from "../test/support/local-gateway/bundle.ts";
import {
  type Gateway,
  LOCAL_METRICS_TOKEN,
  startGateway,
} from "../test/support/local-gateway/gateway.ts";

const HELP = `Usage: npm start -- [flags]

  --port P            publisher on P, aggregator P+1, renewal P+2, Sui RPC P+3,
                      storage nodes from P+10 (default 8787)
  --nodes N           storage nodes (default 12)
  --shards N          shards (default 100; mainnet has 1000)
  --seed TEXT         everything is derived from it (default walrus-edge)
  --latency MS        added to every answer of a storage node (default 0)
  --event-lag-ms MS   how late storage nodes see the chain (default 200)
  --state DIR         keeps the network in DIR over restarts
  --epoch-seconds T   changes the epoch by itself every T seconds (default: only on demand)
  --allow-few-nodes   accepts fewer than 11 nodes, where the official client breaks
  --verbose           shows what the Workers log
  --json              prints one line of JSON when ready, and nothing else
  --help              this text`;

interface Flags {
  readonly port: number;
  readonly nodeCount: number | undefined;
  readonly shardCount: number | undefined;
  readonly seed: string | undefined;
  readonly latencyMs: number | undefined;
  readonly eventLagMs: number | undefined;
  readonly stateDir: string | undefined;
  readonly epochSeconds: number | undefined;
  readonly allowFewNodes: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
}

const DEFAULT_PORT = 8_787;

/** @throws {TypeError} For an unknown flag or a value that is not a number where one is needed. */
function readFlags(): Flags | null {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      nodes: { type: "string" },
      shards: { type: "string" },
      seed: { type: "string" },
      latency: { type: "string" },
      "event-lag-ms": { type: "string" },
      state: { type: "string" },
      "epoch-seconds": { type: "string" },
      "allow-few-nodes": { type: "boolean" },
      verbose: { type: "boolean" },
      json: { type: "boolean" },
      help: { type: "boolean", short: "h" },
    },
  });
  if (values.help === true) return null;
  return {
    port: number("port", values.port) ?? DEFAULT_PORT,
    nodeCount: number("nodes", values.nodes),
    shardCount: number("shards", values.shards),
    seed: values.seed,
    latencyMs: number("latency", values.latency),
    eventLagMs: number("event-lag-ms", values["event-lag-ms"]),
    stateDir: values.state === undefined ? undefined : resolve(values.state),
    epochSeconds: number("epoch-seconds", values["epoch-seconds"]),
    allowFewNodes: values["allow-few-nodes"] ?? false,
    verbose: values.verbose ?? false,
    json: values.json ?? false,
  };
}

function number(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d+$/.test(text)) return Number(text);
  throw new TypeError(`--${flag} takes a whole number, got ${JSON.stringify(text)}`);
}

function banner({ port, seed }: Flags, description: NetworkDescription): string {
  const { publisher = "", aggregator = "", renewal = "", rpc, nodes, nShards } = description;
  return `
walrus-edge: a local Walrus network with ${nodes.length} storage nodes and ${nShards} shards (epoch ${description.epoch})

  publisher   ${publisher}
  aggregator  ${aggregator}
  renewal     ${renewal}
  Sui RPC     ${rpc}   (faucet ${description.faucet}, admin ${rpc}/admin/state)
  nodes       ${nodes[0]?.url ?? ""} … ${nodes.at(-1)?.url ?? ""}
  wallet      ${description.wallet.address}

Store a file, read it back:

  curl -X PUT "${publisher}/v1/blobs?epochs=5" --upload-file README.md
  curl "${aggregator}/v1/blobs/<blobId>"

Change, delete, name, block or purge: not without a token

  TOKEN=${description.tokens["admin"] ?? ""}
  curl -X DELETE -H "Authorization: Bearer $TOKEN" ${publisher}/edge/v1/objects/<objectId>

Watch the gateway:

  curl -H "Authorization: Bearer ${LOCAL_METRICS_TOKEN}" ${publisher}/metrics

Go on to the next epoch, let the renewal Worker run:

  curl -X POST ${rpc}/admin/epoch
  curl -X POST ${rpc}/admin/cron

${port === 0 ? "Free ports" : `Ports from ${port}`}, seed ${seed ?? "walrus-edge"}. Ctrl-C stops everything.`;
}

async function start(flags: Flags): Promise<void> {
  let network: Network | null = null;
  let gateway: Gateway | null = null;
  let stopping: Promise<void> | null = null;
  const stop = async () => {
    await gateway?.close();
    await network?.close();
  };
  const onSignal = () => {
    stopping ??= stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  const listen = () => {
    for (const signal of ["SIGINT", "SIGTERM"]) {
      // Miniflare exits on a signal at once, before the state of the network is saved.
      process.removeAllListeners(signal);
      process.on(signal, onSignal);
    }
  };
  listen();
  try {
    // Said before anything is built; the nodes' ports are checked as they are bound.
    for (let port = flags.port; flags.port > 0 && port < flags.port + 4; port++) {
      await checkPortFree(port);
    }
    await buildKernel();
    network = await startNetwork({
      ...flags,
      healing: true,
      ...(flags.epochSeconds === undefined
        ? {}
        : { epochDurationMs: flags.epochSeconds * 1_000, automaticEpochs: true }),
    });
    gateway = await startGateway(network, {
      port: flags.port,
      stateDir: flags.stateDir,
      verbose: flags.verbose,
    });
    listen();
  } catch (error) {
    await stop();
    fail(error);
  }
  const { description } = network;
  console.log(flags.json ? JSON.stringify(description) : banner(flags, description));
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof PortTakenError) {
    console.error("Stop what listens there, or choose other ports: npm start -- --port 9000");
  }
  process.exit(1);
}

let flags: Flags | null;
try {
  flags = readFlags();
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
  process.exit(2);
}
if (flags === null) console.log(HELP);
else await start(flags);
