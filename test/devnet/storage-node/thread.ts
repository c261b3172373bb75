/** Entry of a worker thread: runs some of the network's storage nodes until told to close. */
import { parentPort, workerData } from "node:worker_threads";
import { createCodec } from "../../../shared/codec/index.ts";
import { PortTakenError } from "../listen.ts";
import { ChainView } from "./chain-view.ts";
import type { CommitteeView } from "./committee.ts";
import { Counters } from "./counters.ts";
import { MetadataPool } from "./metadata-pool.ts";
import { StorageNode } from "./node.ts";
import { NodeServer } from "./server.ts";
import { recoverMissing, syncShards } from "./shard-sync.ts";
import { Signer } from "./signer.ts";
import { SliverLog } from "./sliver-log.ts";
import type { FeedItem, ThreadCommand, ThreadReport, ThreadSetup } from "./thread-messages.ts";

interface Running {
  readonly nodeIndex: number;
  readonly server: NodeServer;
  readonly log: SliverLog;
  readonly denied: Set<string>;
}

const setup = workerData as ThreadSetup;
const codec = createCodec(setup.kernel);
const chain = new ChainView();
const pool = new MetadataPool(codec, setup.shardCount);
const counters = new Counters(setup.counters);
let committee: CommitteeView | null = null;

function report(message: ThreadReport): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origin
  parentPort?.postMessage(message);
}

const running: Running[] = setup.nodes.map(({ nodeIndex, nodeId, secretKey, logPath }) => {
  const log = new SliverLog(logPath);
  const denied = new Set<string>();
  const node = new StorageNode({
    nodeId,
    shardCount: setup.shardCount,
    signer: new Signer(secretKey),
    codec,
    chain,
    pool,
    log,
    denied,
    pendingLimits: setup.pendingLimits,
    nowMs: () => performance.now(),
  });
  const server = new NodeServer({
    nodeIndex,
    node,
    counters,
    latencyMs: setup.latencyMs,
    committee: () => committee,
    onLaneViolation: (lane, inFlight) =>
      report({ type: "lane-violation", nodeIndex, lane, inFlight }),
    onFaultEnd: () => report({ type: "fault-ended", nodeIndex }),
  });
  return { nodeIndex, server, log, denied };
});

function take(item: FeedItem): void {
  if (item.kind === "committee") {
    takeCommittee(item.committee);
    return;
  }
  chain.apply(item.event);
  if (item.event.kind === "registered") {
    for (const { server } of running) server.node.flushPending(item.event.blobKey);
  }
  if (item.event.kind === "certified") healLater(item.event.blobKey);
}

/** Nodes rebuild by themselves what a client never gave them. */
function healLater(blobKey: string): void {
  const heal = async () => {
    for (const { server } of running) {
      const { node } = server;
      if (committee === null || committee.changing || !chain.isCertified(blobKey)) return;
      if (node.missingPairs(blobKey).length > 0) {
        await recoverMissing(node, committee.members, [blobKey]);
      }
    }
  };
  if (setup.healDelayMs !== null) setTimeout(() => void heal(), setup.healDelayMs).unref();
}

function takeCommittee(next: CommitteeView): void {
  committee = next;
  chain.enterEpoch(next.epoch);
  for (const each of running) void assign(each, next);
}

async function assign({ nodeIndex, server }: Running, next: CommitteeView): Promise<void> {
  const { node } = server;
  const shardsIn = (members: CommitteeView["members"]) =>
    members.find(({ nodeId }) => nodeId === node.parts.nodeId)?.shardIndices ?? [];
  const owned = shardsIn(next.members);
  const former = next.changing ? shardsIn(next.previous) : [];
  node.assign(owned, former);
  let synced = { transferred: 0, recovered: 0, missing: 0 };
  if (next.changing) {
    const gained = owned.filter((shardIndex) => !former.includes(shardIndex));
    server.syncing = new Set(gained);
    synced = await syncShards(node, next, gained);
    server.syncing = new Set();
  } else {
    node.collectGarbage();
  }
  const { epoch, changing } = next;
  report({ type: "assigned", nodeIndex, epoch, changing, report: synced });
}

async function obey(command: ThreadCommand): Promise<void> {
  switch (command.type) {
    case "feed": {
      const takeAll = () => command.items.forEach(take);
      if (command.atOnce || setup.eventLagMs === 0) takeAll();
      // Timers of equal length fire in the order they were set, so the feed stays in order.
      else setTimeout(takeAll, setup.eventLagMs);
      return;
    }
    case "fault":
      await running
        .find(({ nodeIndex }) => nodeIndex === command.nodeIndex)
        ?.server.setFault(command.fault);
      return;
    case "deny": {
      const denied = running.find(({ nodeIndex }) => nodeIndex === command.nodeIndex)?.denied;
      denied?.clear();
      for (const blobKey of command.blobKeys) denied?.add(blobKey);
      return;
    }
    case "close":
      await Promise.all(running.map(({ server }) => server.close()));
      for (const { log } of running) log.close();
  }
}

parentPort?.on("message", (command: ThreadCommand) => {
  const answer = (error: string | null) => {
    if (command.type === "feed") return;
    report({ type: "done", id: command.id, error });
  };
  obey(command).then(
    () => answer(null),
    (error: unknown) => answer(error instanceof Error ? error.message : String(error)),
  );
});

/** A failure is reported and not thrown: the thread's error would overtake the report of it. */
async function listenAll(): Promise<ThreadReport> {
  const ports: { nodeIndex: number; port: number }[] = [];
  for (const [position, { nodeIndex, server }] of running.entries()) {
    const port = setup.nodes[position]?.port ?? 0;
    try {
      ports.push({ nodeIndex, port: await server.listen(port) });
    } catch (error) {
      const isPortTaken = error instanceof PortTakenError;
      const message = error instanceof Error ? error.message : String(error);
      return { type: "failed", port, isPortTaken, message };
    }
  }
  return { type: "listening", ports };
}

report(await listenAll());
