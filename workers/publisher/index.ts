/**
 * The publisher Worker: composition root, and the objects and entrypoints it exports.
 *
 * Only here, and where a Durable Object composes its own ports, are bindings and real clocks
 * touched.
 */
import { toHex } from "../../shared/bytes/text.ts";
import { withCors } from "../../shared/http/cors.ts";
import { problemResponse } from "../../shared/http/problem.ts";
import { consoleLog, systemClock, systemRandom } from "../../shared/system.ts";
import { handleRequest } from "./app.ts";
import { ConfigError, type PublisherConfig, publisherConfig } from "./config.ts";
import type { PublisherEnv } from "./env.ts";
import { failureToProblem } from "./failure-to-problem.ts";

export { SliverLane } from "./lane/object.ts";
export { LeaseBook } from "./lease-book/object.ts";
export { PublisherRpc } from "./rpc.ts";
export { Upload } from "./upload/object.ts";
export { Wallet } from "./wallet/object.ts";

const REQUEST_ID_BYTES = 8;

const log = consoleLog("publisher");

export default {
  async fetch(request: Request, env: PublisherEnv): Promise<Response> {
    let config: PublisherConfig;
    try {
      config = publisherConfig(env);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      log.error({ event: "config.unusable", problems: error.problems });
      return withCors(problemResponse(failureToProblem({ kind: "misconfigured" }), request.method));
    }
    return handleRequest(request, {
      config,
      clock: systemClock,
      random: systemRandom,
      log,
      uploads: env.UPLOADS,
      requestId: toHex(systemRandom.bytes(REQUEST_ID_BYTES)),
    });
  },
};
