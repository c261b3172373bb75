/**
 * The publisher Worker: composition root, and the objects and entrypoints it exports.
 *
 * Only here, and where a Durable Object composes its own ports, are bindings and real clocks
 * touched.
 */
import { waitUntil } from "cloudflare:workers";
import { toHex } from "../../shared/bytes/text.ts";
import { withCors } from "../../shared/http/cors.ts";
import { problemResponse } from "../../shared/http/problem.ts";
import { finished } from "../../shared/http/respond.ts";
import { platformPermit } from "../../shared/nodes/permit.ts";
import { createAttributedBlobs } from "../../shared/sui/attributed-blob.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import { requestNotes } from "../../shared/telemetry/request-log.ts";
import { consoleLog, systemClock, systemRandom, systemTimer } from "../../shared/system.ts";
import { handleRequest } from "./app.ts";
import { ConfigError, type PublisherConfig, publisherConfig } from "./config.ts";
import type { PublisherEnv } from "./env.ts";
import { failureToProblem } from "./failure-to-problem.ts";
import { GATE_NAME } from "./gate/gate.ts";
import { LEASE_BOOK_NAME } from "./lease-book/leases.ts";
import { METRICS_NAME } from "./metrics/object.ts";
import { isolateSystem } from "./isolate-memory.ts";
import { walletDirectory } from "./wallet/wallets.ts";

export { Token } from "./auth/object.ts";
export { Desk } from "./desk/object.ts";
export { SliverLane } from "./lane/object.ts";
export { Gate } from "./gate/object.ts";
export { LeaseBook } from "./lease-book/object.ts";
export { Metrics } from "./metrics/object.ts";
export { Names } from "./names/object.ts";
export { Quota } from "./quota/object.ts";
export { PublisherRpc } from "./rpc.ts";
export { Recent } from "./recent/object.ts";
export { Upload } from "./upload/object.ts";
export { Wallet } from "./wallet/object.ts";

const REQUEST_ID_BYTES = 8;

const log = consoleLog("publisher");

export default {
  async fetch(request: Request, env: PublisherEnv): Promise<Response> {
    const requestId = toHex(systemRandom.bytes(REQUEST_ID_BYTES));
    let config: PublisherConfig;
    try {
      config = publisherConfig(env);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error({ event: "config.unusable", requestId, problems: error.problems });
      const problem = failureToProblem({ kind: "misconfigured" });
      return finished(withCors(problemResponse(problem, request.method)), requestId);
    }
    const permit = platformPermit();
    return handleRequest(request, {
      config,
      clock: systemClock,
      timer: systemTimer,
      fetch: permit.fetch,
      random: systemRandom,
      log,
      uploads: env.UPLOADS,
      desks: env.DESKS,
      tokens: env.TOKENS,
      quotas: env.QUOTAS,
      gate: () => env.GATES.getByName(GATE_NAME),
      recents: env.RECENTS,
      wallets: walletDirectory(env.WALLETS, config.walletAddresses, config.walletKeys),
      leaseBook: env.LEASE_BOOKS.getByName(LEASE_BOOK_NAME),
      metrics: env.METRICS.getByName(METRICS_NAME),
      names: env.NAMES,
      chain: createChain({
        ...config.network,
        fetch: permit.fetch,
        clock: systemClock,
        timer: systemTimer,
        cache: isolateSystem,
      }),
      readAttributed: createAttributedBlobs({
        suiRpcUrl: config.network.suiRpcUrl,
        fetch: permit.fetch,
        timer: systemTimer,
      }),
      background: waitUntil,
      notes: requestNotes(),
      answerHeaders: new Headers(),
      requestId,
    });
  },
};
