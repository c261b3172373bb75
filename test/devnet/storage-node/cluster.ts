/** All storage nodes of a network, seen from the main thread. */
/* oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin */
import { Worker } from "node:worker_threads";
import { PortTakenError } from "../listen.ts";
import type { ChainEvent } from "./chain-view.ts";
import type { CommitteeView } from "./committee.ts";
import { Counters, createCounterMemory, type NodeCounts } from "./counters.ts";
import type { NodeFault } from "./faults.ts";
import type { PendingLimits } from "./pending-cache.ts";
import type { SyncReport } from "./shard-sync.ts";
import type {
  FeedItem,
  ThreadCommand,
  ThreadNode,
  ThreadReport,
  ThreadSetup,
} from "./thread-messages.ts";

/** How long nodes get to take a new committee, transfers included. */
const ASSIGNMENT_TIMEOUT_MS = 60_000;

/** What a cluster is made of. */
export interface ClusterOptions {
  /** The compiled kernel of the codec. */
  readonly kernel: WebAssembly.Module;
  readonly shardCount: number;
  readonly latencyMs: number;
  readonly eventLagMs: number;
  readonly threadCount: number;
  readonly nodes: readonly Omit<ThreadNode, "nodeIndex">[];
  readonly pendingLimits?: PendingLimits | undefined;
  /** See `ThreadSetup`; nodes do not heal unless given. */
  readonly healDelayMs?: number | null | undefined;
}

/** A request too many of one lane. */
export interface ClusterLaneViolation {
  readonly lane: string;
  readonly nodeIndex: number;
  readonly inFlight: number;
}

/** What a node reported after it took a committee. */
export interface Assignment {
  readonly nodeIndex: number;
  readonly report: SyncReport;
}

/** The running nodes. */
export class NodeCluster {
  readonly laneViolations: ClusterLaneViolation[] = [];
  readonly #workers: Worker[] = [];
  readonly #threadOf: number[] = [];
  readonly #counters: Counters;
  readonly #ports: number[] = [];
  readonly #faults: NodeFault["fault"][] = [];
  readonly #pending = new Map<number, { worker: Worker; done: (error: string | null) => void }>();
  readonly #assignmentListeners = new Set<(report: AssignedReport) => void>();
  #nextId = 0;

  private constructor(counters: Counters) {
    this.#counters = counters;
  }

  /**
   * Starts every node; they answer 503 until the first committee is fed.
   *
   * @throws {PortTakenError} When a node's port is taken.
   */
  static async start(options: ClusterOptions): Promise<NodeCluster> {
    const memory = createCounterMemory(options.nodes.length);
    const cluster = new NodeCluster(new Counters(memory));
    const threadCount = Math.min(options.threadCount, options.nodes.length);
    const nodes = options.nodes.map((node, nodeIndex) => ({ ...node, nodeIndex }));
    const listening: Promise<void>[] = [];
    for (let thread = 0; thread < threadCount; thread++) {
      const own = nodes.filter(({ nodeIndex }) => nodeIndex % threadCount === thread);
      for (const { nodeIndex } of own) cluster.#threadOf[nodeIndex] = thread;
      const { kernel, shardCount, latencyMs, eventLagMs, pendingLimits } = options;
      const setup: ThreadSetup = {
        kernel,
        shardCount,
        latencyMs,
        eventLagMs,
        healDelayMs: options.healDelayMs ?? null,
        counters: memory,
        pendingLimits,
        nodes: own,
      };
      listening.push(cluster.#startThread(setup));
    }
    const outcomes = await Promise.allSettled(listening);
    const failed = outcomes.find((outcome) => outcome.status === "rejected");
    if (failed !== undefined) {
      await Promise.all(cluster.#workers.map((worker) => worker.terminate()));
      throw failed.reason;
    }
    return cluster;
  }

  get nodeCount(): number {
    return this.#threadOf.length;
  }

  port(nodeIndex: number): number {
    return this.#ports[nodeIndex] ?? 0;
  }

  url(nodeIndex: number): string {
    return `http://127.0.0.1:${this.port(nodeIndex)}`;
  }

  counts(nodeIndex: number): NodeCounts {
    return this.#counters.node(nodeIndex);
  }

  fault(nodeIndex: number): NodeFault["fault"] {
    return this.#faults[nodeIndex] ?? null;
  }

  /** Tells every node of chain events, which they see after the lag (or at once). */
  feed(events: readonly ChainEvent[], atOnce = false): void {
    if (events.length === 0) return;
    this.#broadcast(
      events.map((event) => ({ kind: "event", event })),
      atOnce,
    );
  }

  /** Gives every node a committee; resolves when all have taken it, with what they did for it. */
  async assign(committee: CommitteeView, atOnce = false): Promise<readonly Assignment[]> {
    const done = this.#assignments(committee);
    this.#broadcast([{ kind: "committee", committee }], atOnce);
    return await done;
  }

  async setFault(nodeIndex: number, fault: NodeFault): Promise<void> {
    this.#checkIndex(nodeIndex);
    await this.#command(nodeIndex, (id) => ({ type: "fault", id, nodeIndex, fault }));
    this.#faults[nodeIndex] = fault.fault;
  }

  /** Replaces the deny-list of a node by blob IDs in base64url. */
  async deny(nodeIndex: number, blobKeys: readonly string[]): Promise<void> {
    this.#checkIndex(nodeIndex);
    await this.#command(nodeIndex, (id) => ({ type: "deny", id, nodeIndex, blobKeys }));
  }

  /** Stops every node and ends its thread. */
  async close(): Promise<void> {
    const workers = this.#workers.splice(0);
    await Promise.all(
      workers.map(async (worker) => {
        await this.#ask(worker, (id) => ({ type: "close", id }));
        await worker.terminate();
      }),
    );
  }

  #startThread(setup: ThreadSetup): Promise<void> {
    const worker = new Worker(new URL("./thread.ts", import.meta.url).pathname, {
      workerData: setup,
      execArgv: [],
    });
    this.#workers.push(worker);
    return new Promise((resolve, reject) => {
      let isListening = false;
      worker.on("error", (error) => {
        // A thread that dies later is a bug of the network: it must not go on without its nodes.
        if (isListening) queueMicrotask(() => raise(error));
        else reject(error);
      });
      worker.once("exit", () => {
        for (const pending of this.#pending.values()) {
          if (pending.worker === worker) pending.done("the node thread has ended");
        }
      });
      worker.on("message", (message: ThreadReport) => {
        switch (message.type) {
          case "listening":
            for (const { nodeIndex, port } of message.ports) this.#ports[nodeIndex] = port;
            isListening = true;
            resolve();
            break;
          case "failed":
            reject(
              message.isPortTaken
                ? new PortTakenError(message.port)
                : new Error(`Cannot start node on port ${message.port}: ${message.message}`),
            );
            break;
          case "done":
            this.#pending.get(message.id)?.done(message.error);
            this.#pending.delete(message.id);
            break;
          case "fault-ended":
            this.#faults[message.nodeIndex] = null;
            break;
          case "lane-violation": {
            const { lane, nodeIndex, inFlight } = message;
            this.laneViolations.push({ lane, nodeIndex, inFlight });
            break;
          }
          case "assigned":
            for (const listener of this.#assignmentListeners) listener(message);
        }
      });
    });
  }

  #broadcast(items: readonly FeedItem[], atOnce: boolean): void {
    for (const worker of this.#workers) {
      worker.postMessage({ type: "feed", items, atOnce } satisfies ThreadCommand);
    }
  }

  #assignments(committee: CommitteeView): Promise<readonly Assignment[]> {
    return new Promise((resolve) => {
      const assignments: Assignment[] = [];
      const finish = () => {
        clearTimeout(timer);
        this.#assignmentListeners.delete(listener);
        resolve(assignments);
      };
      const listener = ({ nodeIndex, epoch, changing, report }: AssignedReport) => {
        if (epoch !== committee.epoch || changing !== committee.changing) return;
        assignments.push({ nodeIndex, report });
        if (assignments.length === this.nodeCount) finish();
      };
      const timer = setTimeout(finish, ASSIGNMENT_TIMEOUT_MS);
      this.#assignmentListeners.add(listener);
    });
  }

  #command(nodeIndex: number, command: (id: number) => ThreadCommand): Promise<void> {
    const worker = this.#workers[this.#threadOf[nodeIndex] ?? 0];
    if (worker === undefined) return Promise.reject(new Error("Cannot command: nodes are closed"));
    return this.#ask(worker, command);
  }

  /** Sends a command and waits for its end, or for the thread's. */
  #ask(worker: Worker, command: (id: number) => ThreadCommand): Promise<void> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const done = (error: string | null) => {
        if (error === null) resolve();
        else reject(new Error(error));
      };
      this.#pending.set(id, { worker, done });
      worker.postMessage(command(id));
    });
  }

  #checkIndex(nodeIndex: number): void {
    if (Number.isInteger(nodeIndex) && nodeIndex >= 0 && nodeIndex < this.nodeCount) return;
    throw new RangeError(
      `Cannot find node: expected an index below ${this.nodeCount}, got ${nodeIndex}`,
    );
  }
}

function raise(error: unknown): never {
  throw error;
}

type AssignedReport = ThreadReport & { readonly type: "assigned" };
