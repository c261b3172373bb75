/**
 * The local network without sockets or threads: ledger, RPC node and storage nodes, each a function
 * from Request to Response. The rules are those of `test/devnet`; only the transport is left out.
 */
import { readFileSync } from "node:fs";
import { fromHex } from "../../shared/bytes/text.ts";
import {
  createCodec,
  createExternalCodec,
  type Codec,
  type ExternalCodec,
} from "../../shared/codec/index.ts";
import { fund } from "../devnet/ledger/faucet.ts";
import { Ledger } from "../devnet/ledger/ledger.ts";
import { blobEvents } from "../devnet/network/chain-events.ts";
import {
  nodeIdentities,
  type NodeIdentity,
  treasuryAddress,
  walletKeypair,
} from "../devnet/network/identities.ts";
import { type Answer, refusalAnswer } from "../devnet/storage-node/answer.ts";
import { ChainView } from "../devnet/storage-node/chain-view.ts";
import type { CommitteeView, MemberView } from "../devnet/storage-node/committee.ts";
import { dispatch } from "../devnet/storage-node/dispatch.ts";
import { Refusal } from "../devnet/storage-node/errors.ts";
import { MetadataPool } from "../devnet/storage-node/metadata-pool.ts";
import { StorageNode } from "../devnet/storage-node/node.ts";
import { parseRoute } from "../devnet/storage-node/routes.ts";
import { Signer } from "../devnet/storage-node/signer.ts";
import { SliverLog } from "../devnet/storage-node/sliver-log.ts";
import { noRpcFault, type RpcFaultSwitch } from "../devnet/sui-rpc/faults.ts";
import { createSuiRpc, type SuiRpc } from "../devnet/sui-rpc/server.ts";
import {
  createDeployment,
  finishEpochChange,
  readEpochState,
  startEpochChange,
  type WalrusDeployment,
  walrusPackages,
} from "../devnet/walrus-contract/operations.ts";
import type { Scheduler } from "./scheduler.ts";
import { verifyingOnce } from "./verified-once.ts";

/** Size of a simulated network; the smallest one that bears a fault unless given. */
export interface SimScale {
  readonly nodeCount: number;
  readonly shardCount: number;
}

export const SMALL: SimScale = { nodeCount: 4, shardCount: 4 };
const DAY_MS = 86_400_000;
export const SUI = "0x2::sui::SUI";
/** What a slow node takes for an answer. */
const SLOW_MS = 10_000;
/** Blobs that are stored at the same time in the largest run. */
const BLOBS_AT_ONCE_MAX = 1_024;
/** How long after the chain the nodes hear of an event, at most. */
const EVENT_LAG_MS_MAX = 30;

const KERNEL = new URL("../../shared/codec/kernel/build/kernel.wasm", import.meta.url).pathname;
const { Module } = WebAssembly as unknown as {
  Module: new (bytes: Uint8Array) => WebAssembly.Module;
};
/** Keys, signatures and the codec depend on no run, so all runs of a process share them. */
const kernel = new Module(readFileSync(KERNEL));
export const codec: Codec = createCodec(kernel);
/** What the nodes check with. */
const nodeCodec = verifyingOnce(codec);
export const externalCodec: ExternalCodec = createExternalCodec(kernel);
const known = new Map<
  number,
  { readonly identities: NodeIdentity[]; readonly signers: Signer[] }
>();

function nodesOf(nodeCount: number): { identities: NodeIdentity[]; signers: Signer[] } {
  const made = known.get(nodeCount);
  if (made !== undefined) return made;
  const identities = nodeIdentities("sim", nodeCount);
  const nodes = { identities, signers: identities.map(({ secretKey }) => new Signer(secretKey)) };
  known.set(nodeCount, nodes);
  return nodes;
}
const packages = walrusPackages();

/** What a node may do wrong: answer nothing, an error to all, late, or sign what was not asked. */
export type NodeFault = "down" | "broken" | "slow" | "lies";

/** The network of one run. */
export class SimNetwork {
  readonly ledger: Ledger;
  readonly deployment: WalrusDeployment;
  readonly faults: RpcFaultSwitch = noRpcFault();
  /** gRPC methods called so far. */
  readonly calls: string[] = [];
  /** Nodes that do not do what they should. */
  readonly badNodes = new Map<number, NodeFault>();
  /** Told of every submission of the gateway's before it runs. */
  onSubmission: (() => void) | null = null;
  /** Requests of the gateway's that met a fault, and epochs that have changed. */
  disturbances = 0;
  /** Whether no node answers anything, whatever else is wrong with them. */
  areNodesAway = false;
  readonly #rpc: SuiRpc;
  readonly #clientRpc: SuiRpc;
  readonly #chain = new ChainView();
  readonly #nodes: readonly StorageNode[];
  readonly #logs: readonly SliverLog[];
  readonly #identities: readonly NodeIdentity[];
  #committee: CommitteeView;
  #lost: Uint8Array | null = null;

  constructor(scheduler: Scheduler, { nodeCount, shardCount }: SimScale) {
    const { identities, signers } = nodesOf(nodeCount);
    this.#identities = identities;
    const made: WalrusDeployment[] = [];
    this.ledger = new Ledger({
      clock: scheduler,
      seed: "sim",
      packages,
      genesis: (context) => made.push(createDeployment(context, genesis(identities, shardCount))),
    });
    const [deployment] = made;
    if (deployment === undefined) throw new TypeError("Cannot start: genesis did not run");
    this.deployment = deployment;
    this.#rpc = createSuiRpc({ ledger: this.ledger, faults: this.faults, timer: scheduler });
    const noFaults = noRpcFault();
    this.#clientRpc = createSuiRpc({ ledger: this.ledger, faults: noFaults, timer: scheduler });
    const pool = new MetadataPool(nodeCodec, shardCount, BLOBS_AT_ONCE_MAX);
    this.#logs = identities.map(() => new SliverLog(null));
    this.#nodes = identities.map(({ nodeId }, index) => {
      const [signer, log] = [signers[index], this.#logs[index]];
      if (signer === undefined || log === undefined) throw new TypeError("Cannot start node");
      return new StorageNode({
        nodeId,
        shardCount,
        signer,
        codec: nodeCodec,
        chain: this.#chain,
        pool,
        log,
        denied: new Set(),
        nowMs: () => scheduler.nowMs(),
      });
    });
    this.#committee = this.#takeCommittee();
    this.ledger.onTransaction((transaction) => {
      const events = blobEvents(transaction, deployment.addresses.walrusOriginal);
      if (events.length === 0) return;
      scheduler.after(scheduler.someMs(EVENT_LAG_MS_MAX), () => {
        for (const event of events) this.#chain.apply(event);
      });
    });
  }

  /** Of Walrus. */
  get epoch(): number {
    return this.#committee.epoch;
  }

  close(): void {
    for (const log of this.#logs) log.close();
  }

  fund(address: string, amounts: { readonly sui?: bigint; readonly wal?: bigint }): void {
    if (amounts.sui !== undefined) fund(this.ledger, address, { [SUI]: amounts.sui });
    if (amounts.wal !== undefined) {
      fund(this.ledger, address, { [this.deployment.walType]: amounts.wal });
    }
  }

  /** Both halves of an epoch change at once; so large a share of the shards gets a new owner. */
  changeEpoch(movedShare = 0): void {
    this.disturbances++;
    this.ledger.runSystem((context) => startEpochChange(context, this.deployment, { movedShare }));
    this.ledger.runSystem((context) => finishEpochChange(context, this.deployment));
    this.#committee = this.#takeCommittee();
  }

  /** Transactions of this address are answered by nobody, and never come to be; `null` ends it. */
  loseSubmissionsOf(address: string | null): void {
    this.#lost = address === null ? null : fromHex(address.slice(2));
  }

  /** How long the answer to a request stays out. */
  delayMs(request: Request): number {
    const index = Number(new URL(request.url).port) - 1;
    return this.badNodes.get(index) === "slow" ? SLOW_MS : 0;
  }

  /** Answers as a socket would: rejects where no answer comes. */
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.hostname === "sui.sim") {
      if (this.faults.fault !== null) this.disturbances++;
      return this.#askChain(request, url);
    }
    const index = Number(url.port) - 1;
    const node = this.#nodes[index];
    const fault = this.badNodes.get(index) ?? null;
    if (fault !== null) this.disturbances++;
    if (node === undefined || fault === "down" || this.areNodesAway)
      throw new TypeError("connection refused");
    const { status, contentType, body } =
      fault === null || fault === "slow"
        ? await this.#askNode(node, request, url)
        : await this.#askBadNode(fault, node, request, url);
    return new Response(Uint8Array.from(body), {
      status,
      headers: { "content-type": contentType },
    });
  }

  /** The chain by the RPC node of a client of its own, which nothing is wrong with. */
  async askAsClient(request: Request): Promise<Response> {
    return (await this.#clientRpc(request)) ?? new Response(null, { status: 404 });
  }

  async #askChain(request: Request, url: URL): Promise<Response> {
    const method = url.pathname.split("/").at(-1) ?? "";
    this.calls.push(method);
    if (method === "ExecuteTransaction" && this.#lost !== null) {
      // gRPC-web as text: the frame in base64.
      const body = Buffer.from(await request.clone().text(), "base64");
      // The sender's 32 bytes stand in every transaction of its own.
      if (body.includes(this.#lost)) throw new TypeError("connection lost");
    }
    if (method === "ExecuteTransaction") {
      this.onSubmission?.();
    }
    return (await this.#rpc(request)) ?? new Response(null, { status: 404 });
  }

  async #askBadNode(
    fault: Exclude<NodeFault, "down" | "slow">,
    node: StorageNode,
    request: Request,
    url: URL,
  ): Promise<Answer> {
    if (fault === "broken") {
      return { status: 500, contentType: "text/html", body: Buffer.from("out of order") };
    }
    const answer = await this.#askNode(node, request, url);
    if (!url.pathname.includes("/confirmation/") || answer.status !== 200) return answer;
    // The right message under a signature of other bytes.
    const forged = JSON.parse(Buffer.from(answer.body).toString()) as {
      success: { data: { signed: { signature: string } } };
    };
    const lie = node.parts.signer.sign(Buffer.from("another message"));
    forged.success.data.signed.signature = Buffer.from(lie).toString("base64");
    return { ...answer, body: Buffer.from(JSON.stringify(forged)) };
  }

  async #askNode(node: StorageNode, request: Request, url: URL): Promise<Answer> {
    try {
      const parsed = parseRoute(request.method, url);
      const body = new Uint8Array(await request.arrayBuffer());
      // A node would wait for the registration; here its client has to ask again.
      const asked = parsed.route === "confirmation" ? { ...parsed, waitMs: 0 } : parsed;
      const headers = Object.fromEntries(request.headers);
      const surroundings = { committee: this.#committee, uptimeMs: 1, syncing: new Set<number>() };
      return await dispatch(node, { parsed: asked, headers, body }, surroundings);
    } catch (error) {
      if (error instanceof Refusal) return refusalAnswer(error);
      throw error;
    }
  }

  #takeCommittee(): CommitteeView {
    const taken: CommitteeView[] = [];
    this.ledger.runSystem((context) => {
      const { epoch, committee, previousCommittee } = readEpochState(context, this.deployment);
      const members = (all: typeof committee): MemberView[] =>
        all.map(({ nodeId, shardIndices }) => {
          const index = this.#identities.findIndex((identity) => identity.nodeId === nodeId);
          const publicKey = this.#identities[index]?.publicKey ?? new Uint8Array();
          return { nodeId, publicKey, url: nodeUrl(index), shardIndices };
        });
      const previous = members(previousCommittee);
      taken.push({ epoch, changing: false, members: members(committee), previous });
    });
    const [committee] = taken;
    if (committee === undefined) throw new TypeError("Cannot read committee");
    this.#chain.enterEpoch(committee.epoch);
    for (const node of this.#nodes) {
      const own = committee.members.find(({ nodeId }) => nodeId === node.parts.nodeId);
      node.assign(own?.shardIndices ?? [], []);
    }
    return committee;
  }
}

function genesis(
  identities: readonly NodeIdentity[],
  shardCount: number,
): Parameters<typeof createDeployment>[1] {
  return {
    nodes: identities.map(({ nodeId, name, publicKey, networkPublicKey }, index) => ({
      nodeId,
      name,
      networkAddress: nodeUrl(index).replace("http://", ""),
      publicKey,
      networkPublicKey,
    })),
    shardCount,
    epochDurationMs: DAY_MS,
    treasuryAddress: treasuryAddress("sim"),
    storagePrice: 5n,
    writePrice: 1n,
    capacityBytes: 10n ** 12n,
  };
}

const nodeUrl = (index: number): string => `http://127.0.0.1:${index + 1}`;

/** Of the tokens of a run. */
export const JWT_SECRET = new Uint8Array(32).fill(7);

/** `suiprivkey…` of the wallet of a run. */
export const WALLET_SECRET_KEY = walletKeypair("sim").getSecretKey();
