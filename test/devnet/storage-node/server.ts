/**
 * One storage node over HTTP: counting, faults of the transport, latency, and the way from socket
 * to `dispatch` and back.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { listen } from "../listen.ts";
import { type Answer, refusalAnswer } from "./answer.ts";
import type { CommitteeView } from "./committee.ts";
import { type Counters, exceedsLane, type LaneTicket } from "./counters.ts";
import { bodyBytesMax, dispatch } from "./dispatch.ts";
import { Refusal } from "./errors.ts";
import type { NodeFault } from "./faults.ts";
import { FaultPlan } from "./fault-plan.ts";
import { distort, refuseOutright } from "./lie.ts";
import { LANE_HEADER, LANE_REQUESTS_MAX, RECOVERY_REQUESTS_MAX } from "./limits.ts";
import type { StorageNode } from "./node.ts";
import { faultRoute, parseRoute } from "./routes.ts";

const DEFAULT_SLOW_MS = 2_000;
const DEFAULT_DRIP_GAP_MS = 250;
const DRIP_PIECES = 20;
/** Longer than any client keeps an idle connection, so that the client closes first. */
const KEEP_ALIVE_MS = 120_000;
/**
 * A client frees its place the moment it gives up a request; the node hears of it a little later.
 * A seventh request is a violation only if none of the others turns out to have been given up.
 */
const LANE_SETTLE_MS = 50;

const CORS_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "*",
  "access-control-allow-headers": "*",
  "access-control-expose-headers": "*",
};

/** What a server needs besides its node. */
export interface NodeServerOptions {
  readonly nodeIndex: number;
  readonly node: StorageNode;
  readonly counters: Counters;
  readonly latencyMs: number;
  readonly committee: () => CommitteeView | null;
  readonly onLaneViolation: (lane: string, inFlight: number) => void;
  readonly onFaultEnd: () => void;
}

/** The HTTP server of one node. */
export class NodeServer {
  readonly node: StorageNode;
  /** Shards being transferred to this node. */
  syncing: ReadonlySet<number> = new Set();
  readonly #options: NodeServerOptions;
  readonly #plan: FaultPlan;
  readonly #startedMs = performance.now();
  #server: Server | null = null;
  #port = 0;
  #recoveryRequests = 0;

  constructor(options: NodeServerOptions) {
    this.#options = options;
    this.node = options.node;
    this.#plan = new FaultPlan(options.onFaultEnd);
  }

  /** Listens on 127.0.0.1; resolves with the port. @throws {PortTakenError} See `listen`. */
  async listen(port: number): Promise<number> {
    const server = createServer((request, response) => {
      void this.#serve(request, response).catch(() => response.destroy());
    });
    server.keepAliveTimeout = KEEP_ALIVE_MS;
    this.#port = await listen(server, port);
    this.#server = server;
    return this.#port;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }

  /** A node that is down as a whole stops listening; any other fault is met request by request. */
  async setFault(fault: NodeFault): Promise<void> {
    this.#plan.set(fault);
    const wholly = fault.fault === "down" && fault.route === undefined && fault.times === undefined;
    if (wholly) await this.close();
    else if (this.#server === null) await this.listen(this.#port);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { counters, nodeIndex } = this.#options;
    counters.beginRequest(nodeIndex);
    response.once("close", () => counters.endRequest(nodeIndex));
    const lane = request.headers[LANE_HEADER];
    if (typeof lane !== "string") return await this.#respond(request, response, () => {});
    const ticket = counters.enterLane(lane);
    let released = false;
    const release = (abandoned: boolean) => {
      if (!released) ticket.release(abandoned);
      released = true;
    };
    response.once("close", () => release(true));
    if (exceedsLane(ticket.inFlight) && (await this.#isViolation(ticket))) {
      this.#options.onLaneViolation(lane, ticket.inFlight);
      request.resume();
      const message = `lane ${lane} has ${ticket.inFlight} requests in flight, ${LANE_REQUESTS_MAX} are allowed`;
      write(response, refusalAnswer(new Refusal("UNAVAILABLE", message)), () => release(false));
      return;
    }
    await this.#respond(request, response, () => release(false));
  }

  async #isViolation(ticket: LaneTicket): Promise<boolean> {
    const abandonedBefore = ticket.abandoned();
    await new Promise((resolve) => {
      setTimeout(resolve, LANE_SETTLE_MS);
    });
    return exceedsLane(ticket.inFlight - (ticket.abandoned() - abandonedBefore));
  }

  async #respond(
    request: IncomingMessage,
    response: ServerResponse,
    onHeaders: () => void,
  ): Promise<void> {
    if (request.method === "OPTIONS") {
      onHeaders();
      response.writeHead(200, { ...CORS_HEADERS, "content-length": 0 }).end();
      return;
    }
    const { answer, fault } = await this.#answer(request, response);
    if (answer === null || response.destroyed) {
      response.destroy();
      return;
    }
    await send(response, answer, fault, onHeaders);
  }

  /** The answer with every lie in it; `null` for none at all. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<{ readonly answer: Answer | null; readonly fault: NodeFault | null }> {
    let fault: NodeFault | null = null;
    try {
      const method = request.method === "HEAD" ? "GET" : (request.method ?? "GET");
      const parsed = parseRoute(method, new URL(request.url ?? "/", "http://node"));
      fault = this.#plan.take(faultRoute(parsed));
      if (fault?.fault === "down") return { answer: null, fault };
      const body = await readBody(request, bodyBytesMax(parsed, this.node.parts.shardCount));
      const slowMs = fault?.fault === "slow" ? (fault.ms ?? DEFAULT_SLOW_MS) : 0;
      await pause(response, this.#options.latencyMs + slowMs);
      const outright = refuseOutright(fault?.fault ?? null, parsed);
      if (outright !== null) return { answer: outright, fault };
      const committee = this.#options.committee();
      if (committee === null) throw new Refusal("UNAVAILABLE", "the node has no committee yet");
      const honest = await this.#limited(parsed.route === "recovery-symbols", () =>
        dispatch(
          this.node,
          { parsed, headers: request.headers, body },
          { committee, uptimeMs: performance.now() - this.#startedMs, syncing: this.syncing },
        ),
      );
      return { answer: distort(fault?.fault ?? null, parsed, honest, this.node), fault };
    } catch (error) {
      if (error instanceof Refusal) return { answer: refusalAnswer(error), fault };
      if (request.destroyed && !request.complete) return { answer: null, fault };
      const message = error instanceof Error ? error.message : String(error);
      return { answer: refusalAnswer(new Refusal("INTERNAL_ERROR", message)), fault };
    }
  }

  async #limited<T>(limited: boolean, body: () => Promise<T>): Promise<T> {
    if (!limited) return await body();
    if (this.#recoveryRequests >= RECOVERY_REQUESTS_MAX) {
      throw new Refusal("UNAVAILABLE", "the service is currently unavailable");
    }
    this.#recoveryRequests += 1;
    try {
      return await body();
    } finally {
      this.#recoveryRequests -= 1;
    }
  }
}

/** Writes an answer the way the fault wants it written. */
async function send(
  response: ServerResponse,
  answer: Answer,
  fault: NodeFault | null,
  onHeaders: () => void,
): Promise<void> {
  if (fault?.fault === "stall-after-headers") {
    writeHead(response, answer, onHeaders);
    response.flushHeaders();
    await pause(response, fault.ms ?? null);
    response.end(answer.body);
  } else if (fault?.fault === "reset") {
    writeHead(response, answer, onHeaders);
    response.write(answer.body.subarray(0, answer.body.length >> 1), () => response.destroy());
  } else if (fault?.fault === "drip") {
    writeHead(response, answer, onHeaders);
    const pieceBytes = Math.max(1, Math.ceil(answer.body.length / DRIP_PIECES));
    for (let at = 0; at < answer.body.length && !response.destroyed; at += pieceBytes) {
      response.write(answer.body.subarray(at, at + pieceBytes));
      await pause(response, fault.ms ?? DEFAULT_DRIP_GAP_MS);
    }
    response.end();
  } else {
    write(response, answer, onHeaders);
  }
}

function write(response: ServerResponse, answer: Answer, onHeaders: () => void): void {
  writeHead(response, answer, onHeaders);
  response.end(answer.body);
}

/** A lane's place is free once the headers are out, as on the platform. */
function writeHead(response: ServerResponse, answer: Answer, onHeaders: () => void): void {
  onHeaders();
  response.writeHead(answer.status, {
    ...CORS_HEADERS,
    "content-type": answer.contentType,
    "content-length": answer.body.length,
  });
}

/** Waits, or until the client leaves; `null` waits for that alone. */
function pause(response: ServerResponse, durationMs: number | null): Promise<void> {
  if (durationMs === 0 || response.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      response.off("close", done);
      resolve();
    };
    const timer = durationMs === null ? undefined : setTimeout(done, durationMs);
    response.once("close", done);
  });
}

/** The whole body. @throws {Refusal} 413 beyond `bytesMax`; the rest is read and thrown away. */
async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length <= bytesMax) parts.push(part);
  }
  if (length > bytesMax) {
    throw new Refusal("BODY_TOO_LARGE", `the body has ${length} bytes, ${bytesMax} are allowed`);
  }
  return Buffer.concat(parts);
}
