/** A network that runs: what it says of itself, the admin contract, epoch changes, its end. */
import { saveSnapshot } from "../ledger/persistence.ts";
import { fund } from "../ledger/faucet.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { NodeCluster } from "../storage-node/cluster.ts";
import type { CommitteeView, MemberView } from "../storage-node/committee.ts";
import type { RpcFaultSwitch } from "../sui-rpc/faults.ts";
import type { HttpServer } from "../sui-rpc/serve.ts";
import {
  type CommitteeMemberState,
  finishEpochChange,
  type NetworkEpochState,
  readEpochState,
  setPrices,
  startEpochChange,
  type WalrusDeployment,
} from "../walrus-contract/operations.ts";
import { blobEvents } from "./chain-events.ts";
import type {
  EpochRequest,
  Network,
  NetworkAdmin,
  NetworkDescription,
  NetworkState,
  PricesRequest,
  RpcFaultRequest,
} from "./description.ts";
import { hookSecret, type NodeIdentity, walletKeypair } from "./identities.ts";
import type { CompleteOptions } from "./options.ts";
import { saveDescription } from "./state-dir.ts";

/** What a network is assembled from. */
export interface NetworkParts {
  readonly options: CompleteOptions;
  /** In committee order. */
  readonly identities: readonly NodeIdentity[];
  readonly cluster: NodeCluster;
  readonly ledger: Ledger;
  readonly deployment: WalrusDeployment;
  readonly faults: RpcFaultSwitch;
}

const SUI_TYPE = "0x2::sui::SUI";
/** What one faucet request gives: 1,000 SUI and 1,000 WAL, in MIST and FROST. */
const FAUCET_AMOUNT = 1_000_000_000_000n;
/** Coins the wallet starts with, so that several transactions can run at once. */
const WALLET_COIN_COUNT = 4;
/** Shards that change hands in an epoch change unless told. */
const MOVED_SHARDS_DEFAULT = 0.1;
/** Writes to disk wait this long for more transactions to come. */
const SAVE_DELAY_MS = 500;

type Published = Partial<
  Pick<NetworkDescription, "publisher" | "aggregator" | "renewal" | "tokens">
>;

/** See `Network`. */
export class RunningNetwork implements Network {
  readonly admin: NetworkAdmin;
  readonly #parts: NetworkParts;
  #server: HttpServer | null = null;
  #published: Published = {};
  #cron: (() => Promise<unknown>) | null = null;
  #epochTimer: NodeJS.Timeout | undefined;
  #saveTimer: NodeJS.Timeout | undefined;
  #rpcFaultsLeft = Infinity;
  #lastEpochChange: Promise<unknown> = Promise.resolve();
  #lastSave: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;

  constructor(parts: NetworkParts) {
    this.#parts = parts;
    this.admin = {
      changeEpoch: (request = {}) => this.#inTurn(() => this.#changeEpoch(request)),
      setPrices: (request) => this.#setPrices(request),
      setRpcFault: (request) => this.#setRpcFault(request),
      setNodeFault: (nodeIndex, fault) => parts.cluster.setFault(nodeIndex, fault),
      denyBlobs: (nodeIndex, blobIds) => parts.cluster.deny(nodeIndex, blobIds),
      faucet: (address) => this.#faucet(address),
      state: () => Promise.resolve(this.#state()),
    };
  }

  /** Feeds the nodes what happened so far, then follows the ledger. Called once. */
  async begin(server: HttpServer): Promise<void> {
    const { ledger, cluster, options, deployment } = this.#parts;
    this.#server = server;
    const { walrusOriginal } = deployment.addresses;
    for (let sequence = 0; sequence < ledger.transactionCount; sequence++) {
      const transaction = ledger.transactionAt(sequence);
      if (transaction !== undefined) cluster.feed(blobEvents(transaction, walrusOriginal), true);
    }
    await cluster.assign(this.#committee(), true);
    ledger.onTransaction((transaction) => {
      cluster.feed(blobEvents(transaction, walrusOriginal));
      this.#saveSoon();
    });
    const address = walletKeypair(options.seed).toSuiAddress();
    if (ledger.balance(address, SUI_TYPE) === 0n) {
      for (let coin = 0; coin < WALLET_COIN_COUNT; coin++) await this.#faucet(address);
    }
    if (options.automaticEpochs) {
      this.#epochTimer = setInterval(
        () => void this.admin.changeEpoch().catch(() => {}),
        options.epochDurationMs,
      );
    }
    await this.#save();
  }

  get description(): NetworkDescription {
    const { options, deployment, cluster, ledger, identities } = this.#parts;
    const state = this.#epochState();
    const url = this.#server?.url ?? "";
    const keypair = walletKeypair(options.seed);
    return {
      ...this.#published,
      rpc: url,
      faucet: `${url}/faucet`,
      systemObject: deployment.systemId,
      stakingObject: deployment.stakingId,
      walType: deployment.walType,
      nShards: options.shardCount,
      nodes: identities.map(({ nodeId }, index) => ({
        id: nodeId,
        url: cluster.url(index),
        shards: shardsOf(state.committee, nodeId),
      })),
      wallet: { address: keypair.toSuiAddress(), secretKey: keypair.getSecretKey() },
      hookSecrets: { local: hookSecret(options.seed) },
      tokens: this.#published.tokens ?? {},
      network: "testnet",
      storageNodeUrlScheme: "http",
      chainId: ledger.chainId,
      packageConfig: {
        systemObjectId: deployment.systemId,
        stakingPoolId: deployment.stakingId,
        exchangeIds: [deployment.exchangeId],
      },
      packageIds: {
        original: deployment.addresses.walrusOriginal,
        latest: deployment.addresses.walrusLatest,
      },
      epoch: state.epoch,
      epochDurationMs: options.epochDurationMs,
    };
  }

  onCron(hook: (() => Promise<unknown>) | null): void {
    this.#cron = hook;
  }

  /** Runs the cron hook. @throws {Error} When no gateway has set one. */
  async fireCron(): Promise<unknown> {
    if (this.#cron === null) throw new RangeError("Cannot fire the cron: no gateway runs");
    return await this.#cron();
  }

  /** Counts an RPC request against a fault that hits only so many. */
  countRpcRequest(): void {
    const { faults } = this.#parts;
    if (faults.fault === null) return;
    this.#rpcFaultsLeft -= 1;
    if (this.#rpcFaultsLeft <= 0) faults.fault = null;
  }

  publish(gateway: Published): Promise<void> {
    this.#published = { ...this.#published, ...gateway };
    return this.#save();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearInterval(this.#epochTimer);
    await this.#lastEpochChange.catch(() => {});
    await this.#server?.close();
    await this.#parts.cluster.close();
    clearTimeout(this.#saveTimer);
    await this.#save();
  }

  async #changeEpoch({ phase, moveShards }: EpochRequest): Promise<{ readonly epoch: number }> {
    const { ledger, deployment, cluster } = this.#parts;
    if (phase !== "finish") {
      const movedShare = moveShards ?? MOVED_SHARDS_DEFAULT;
      ledger.runSystem((context) => startEpochChange(context, deployment, { movedShare }));
      await cluster.assign(this.#committee());
    }
    if (phase !== "start") {
      ledger.runSystem((context) => finishEpochChange(context, deployment));
      await cluster.assign(this.#committee());
    }
    await this.#save();
    return { epoch: this.#epochState().epoch };
  }

  /** One epoch change after the other. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#lastEpochChange.then(change, change);
    this.#lastEpochChange = turn.catch(() => {});
    return turn;
  }

  #setPrices({ storagePrice, writePrice }: PricesRequest): Promise<void> {
    const { ledger, deployment } = this.#parts;
    ledger.runSystem((context) =>
      setPrices(context, deployment, {
        storagePrice: storagePrice === undefined ? undefined : BigInt(storagePrice),
        writePrice: writePrice === undefined ? undefined : BigInt(writePrice),
      }),
    );
    return Promise.resolve();
  }

  #setRpcFault({ fault, ms, times }: RpcFaultRequest): Promise<void> {
    const { faults } = this.#parts;
    faults.fault = fault;
    this.#rpcFaultsLeft = times ?? Infinity;
    if (ms !== undefined) faults.slowMs = ms;
    return Promise.resolve();
  }

  #faucet(address: string): Promise<void> {
    const { ledger, deployment } = this.#parts;
    fund(ledger, address, { [SUI_TYPE]: FAUCET_AMOUNT, [deployment.walType]: FAUCET_AMOUNT });
    return Promise.resolve();
  }

  #state(): NetworkState {
    const { ledger, deployment, cluster, identities, options } = this.#parts;
    const state = this.#epochState();
    const address = walletKeypair(options.seed).toSuiAddress();
    const balance = (coinType: string) => String(ledger.balance(address, coinType));
    return {
      epoch: state.epoch,
      epochChanging: state.phase === "sync",
      transactions: ledger.userTransactionCount,
      refusedTransactions: ledger.refusedCount,
      moveCalls: Object.fromEntries(ledger.moveCalls),
      balances: {
        [SUI_TYPE]: balance(SUI_TYPE),
        [deployment.walType]: balance(deployment.walType),
      },
      nodes: identities.map(({ nodeId }, index) => ({
        id: nodeId,
        fault: cluster.fault(index),
        ...cluster.counts(index),
      })),
      laneViolations: cluster.laneViolations,
    };
  }

  #epochState(): NetworkEpochState {
    const { ledger, deployment } = this.#parts;
    const found = <T>(value: T | undefined, what: string): T => {
      if (value === undefined) throw new TypeError(`Cannot read the ledger: no ${what}`);
      return value;
    };
    const readField = (parentId: string, keyType: string, key: unknown) => ({
      type: "",
      value: found(ledger.fieldValue(parentId, keyType, key), `field of ${parentId}`),
    });
    return readEpochState(
      {
        readObject: (id) => found(ledger.objectValue(id), `object ${id}`),
        readField,
        mutateField: readField,
      },
      deployment,
    );
  }

  #committee(): CommitteeView {
    const state = this.#epochState();
    return {
      epoch: state.epoch,
      changing: state.phase === "sync",
      members: this.#members(state.committee),
      previous: this.#members(state.previousCommittee),
    };
  }

  #members(committee: readonly CommitteeMemberState[]): MemberView[] {
    const { identities, cluster } = this.#parts;
    return committee.map(({ nodeId, shardIndices }) => {
      const index = identities.findIndex((identity) => identity.nodeId === nodeId);
      const publicKey = identities[index]?.publicKey ?? new Uint8Array();
      return { nodeId, publicKey, url: cluster.url(index), shardIndices };
    });
  }

  #saveSoon(): void {
    if (this.#parts.options.stateDir === null) return;
    this.#saveTimer ??= setTimeout(() => {
      this.#saveTimer = undefined;
      void this.#save();
    }, SAVE_DELAY_MS);
  }

  /** One save after the other, since all write to the same files; each saves what there is when it begins. */
  #save(): Promise<void> {
    const { stateDir } = this.#parts.options;
    if (stateDir === null) return Promise.resolve();
    const save = async () => {
      saveDescription(stateDir, this.description);
      await saveSnapshot(stateDir, this.#parts.ledger.snapshot());
    };
    this.#lastSave = this.#lastSave.then(save, save);
    return this.#lastSave;
  }
}

function shardsOf(committee: readonly CommitteeMemberState[], nodeId: string): readonly number[] {
  return committee.find((member) => member.nodeId === nodeId)?.shardIndices ?? [];
}
