/**
 * The renewal Worker: extends the gateway's leases before they end.
 *
 * Composition root: the only reader of `env`, the only place with real ports. It has no state of its
 * own; the publisher keeps the leases, the wallet and the last report.
 */
import { toHex } from "../../shared/bytes/text.ts";
import { preflightResponse, withCors } from "../../shared/http/cors.ts";
import {
  GLOBAL_DOMAIN,
  internalError,
  methodNotAllowed,
  type Problem,
  problemResponse,
  unknownPath,
} from "../../shared/http/problem.ts";
import { finished, statusResponse } from "../../shared/http/respond.ts";
import { platformPermit } from "../../shared/nodes/permit.ts";
import type { PublisherRpcSurface } from "../../shared/rpc/publisher.ts";
import { createChain } from "../../shared/sui/create-chain.ts";
import { consoleLog, systemClock, systemRandom, systemTimer } from "../../shared/system.ts";
import { requestLine, requestNotes } from "../../shared/telemetry/request-log.ts";
import { renewalConfig, type RenewalVars } from "./config.ts";
import { renew } from "./renew.ts";
import { reportJson } from "./report.ts";

/** Bindings of the renewal Worker. */
export interface RenewalEnv extends RenewalVars {
  readonly PUBLISHER: PublisherRpcSurface;
}

const LAST_REPORT_PATH = "/edge/v1/renewals/last";

const PATHS: readonly string[] = [LAST_REPORT_PATH, "/status"];
const REQUEST_ID_BYTES = 8;

const log = consoleLog("renewal");

const NO_REPORT: Problem = {
  statusWord: "NOT_FOUND",
  reason: "NO_RENEWAL_YET",
  domain: GLOBAL_DOMAIN,
  message: "No renewal has run yet",
};

export default {
  /** One run. The work is awaited: a cron that returns early may be cut off. */
  async scheduled(controller: ScheduledController, env: RenewalEnv): Promise<void> {
    const { network, policy, isDryRun } = renewalConfig(env);
    const chain = createChain({
      ...network,
      fetch: platformPermit().fetch,
      clock: systemClock,
      timer: systemTimer,
    });
    const { PUBLISHER: publisher } = env;
    const ports = { publisher, chain, clock: systemClock, log, policy, isDryRun };
    const report = await renew(ports, controller.scheduledTime);
    await publisher.keepRenewalReport(reportJson(report));
    // The same hour's cron looks after what failed stores have left registered.
    if (!isDryRun) await publisher.sweepOrphans();
  },

  /** `/status`, and the report of the last run: 404 before the first. */
  async fetch(request: Request, env: RenewalEnv): Promise<Response> {
    const notes = requestNotes();
    const requestId = toHex(systemRandom.bytes(REQUEST_ID_BYTES));
    const writeLine = requestLine({ log, clock: systemClock, requestId }, request, notes);
    const { pathname } = new URL(request.url);
    if (PATHS.includes(pathname)) notes.route = pathname;
    const response = withCors(
      request.method === "OPTIONS"
        ? preflightResponse(request)
        : await answer(request, pathname, env).catch((error: unknown) =>
            failed(error, requestId, request.method),
          ),
    );
    writeLine(response.status);
    return finished(response, requestId);
  },
};

/** A bug, or a publisher that cannot be asked: the log has it. */
function failed(error: unknown, requestId: string, method: string): Response {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error({ event: "request.failed", requestId, error: text });
  return problemResponse(internalError(), method);
}

async function answer(request: Request, path: string, env: RenewalEnv): Promise<Response> {
  if (path !== LAST_REPORT_PATH && path !== "/status")
    return problemResponse(unknownPath(), request.method);
  if (request.method !== "GET" && request.method !== "HEAD")
    return problemResponse(methodNotAllowed(["GET", "HEAD", "OPTIONS"]));
  if (path === "/status") return statusResponse();
  const report = await env.PUBLISHER.lastRenewalReport();
  if (report === null) return problemResponse(NO_REPORT, request.method);
  const body = request.method === "HEAD" ? null : report;
  const headers = { "content-type": "application/json", "cache-control": "no-store" };
  return new Response(body, { headers });
}
