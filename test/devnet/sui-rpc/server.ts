/**
 * The RPC node: gRPC-web requests in, replies out, faults in between.
 *
 * Each method's message types come from the service descriptors of `@mysten/sui/grpc`.
 */
import { GrpcStatusCode, GrpcTypes } from "@mysten/sui/grpc";
import type { Timer } from "../../../shared/ports.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { executionMethods } from "./execution-service.ts";
import { LostReply, RpcFailure } from "./failure.ts";
import type { RpcFaultSwitch } from "./faults.ts";
import { contentTypeOf, formatOf, readMessage, type WebFormat, writeReply } from "./framing.ts";
import { ledgerMethods } from "./ledger-service.ts";
import type { RpcMethod, RpcNode } from "./node.ts";
import { packageMethods } from "./package-service.ts";
import { stateMethods } from "./state-service.ts";

export interface SuiRpcOptions {
  readonly ledger: Ledger;
  readonly faults: RpcFaultSwitch;
  readonly timer: Timer;
  /** What `GetServiceInfo` names the chain (default "testnet"). */
  readonly chain?: string;
}

/**
 * Answers `POST /sui.rpc.v2.<Service>/<Method>` and CORS preflights; `null` for any other path, so
 * that the caller can route `/admin/…` itself. Rejects (`LostReply`) when the reply is to be
 * dropped: `serve` then closes the connection.
 */
export type SuiRpc = (request: Request) => Promise<Response | null>;

const SERVICES = [
  GrpcTypes.LedgerService,
  GrpcTypes.StateService,
  GrpcTypes.MovePackageService,
  GrpcTypes.TransactionExecutionService,
  GrpcTypes.SubscriptionService,
  GrpcTypes.SignatureVerificationService,
  GrpcTypes.NameService,
];
const METHODS: readonly RpcMethod[] = [
  ...ledgerMethods,
  ...stateMethods,
  ...packageMethods,
  ...executionMethods,
];
const PATH_PREFIX = "/sui.rpc.v2.";

const CORS_HEADERS = {
  "access-control-allow-origin": "*",
  "access-control-allow-methods": "POST, OPTIONS",
  "access-control-allow-headers": "*",
  "access-control-expose-headers": "*",
  "access-control-max-age": "86400",
};

export function createSuiRpc(options: SuiRpcOptions): SuiRpc {
  const deferred = new DeferredWork();
  const node = createNode(options, deferred);
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith(PATH_PREFIX)) return null;
    if (request.method === "OPTIONS")
      return new Response(null, { status: 204, headers: CORS_HEADERS });
    const { faults, timer } = options;
    if (faults.fault === "down") {
      return new Response("RPC node is down", { status: 503, headers: CORS_HEADERS });
    }
    if (faults.fault === "slow") await timer.sleep(faults.slowMs);
    const format = formatOf(request.headers.get("content-type"));
    if (request.method !== "POST" || format === null) {
      const headers = { ...CORS_HEADERS, allow: "POST, OPTIONS" };
      return new Response("expected a gRPC-web POST", { status: 415, headers });
    }
    const body = new Uint8Array(await request.arrayBuffer());
    const reply = await call(node, pathname.slice(1), body, format);
    deferred.countCall();
    return reply;
  };
}

function createNode(options: SuiRpcOptions, deferred: DeferredWork): RpcNode {
  const { ledger, faults } = options;
  const lag = (): number => (faults.fault === "stale-read" ? faults.staleTransactions : 0);
  return {
    ledger,
    faults,
    chain: options.chain ?? "testnet",
    view: () => (lag() > 0 ? ledger.pastView(lag()) : ledger.view),
    knownTransactions: () => Math.max(1, ledger.transactionCount - lag()),
    defer: (work) => deferred.add(work, faults.laterCalls),
  };
}

async function call(
  node: RpcNode,
  path: string,
  body: Uint8Array,
  format: WebFormat,
): Promise<Response> {
  try {
    const [service = "", name = ""] = path.split("/");
    const info = SERVICES.find(({ typeName }) => typeName === service)?.methods.find(
      (candidate) => candidate.name === name,
    );
    const handler = METHODS.find((method) => method.service === service && method.name === name);
    if (info === undefined || handler === undefined) {
      throw new RpcFailure(GrpcStatusCode.UNIMPLEMENTED, `${path} is not implemented here`);
    }
    const request = parseRequest(() => info.I.fromBinary(readMessage(body, format)) as object);
    const reply = await handler.handle(request, node);
    const status = { code: GrpcStatusCode.OK, message: "" };
    return respond(writeReply(info.O.toBinary(reply), status, format), format);
  } catch (error) {
    if (error instanceof LostReply) throw error;
    const failure =
      error instanceof RpcFailure
        ? error
        : new RpcFailure(GrpcStatusCode.INTERNAL, `ledger bug: ${describe(error)}`);
    return respond(writeReply(null, failure, format), format);
  }
}

function parseRequest(parse: () => object): object {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RpcFailure) throw error;
    throw new RpcFailure(
      GrpcStatusCode.INVALID_ARGUMENT,
      `Cannot parse the request: ${(error as Error).message}`,
    );
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function respond(body: Uint8Array<ArrayBuffer>, format: WebFormat): Response {
  const headers = { ...CORS_HEADERS, "content-type": contentTypeOf(format) };
  return new Response(body, { headers });
}

/** Work that waits for a number of later calls. */
class DeferredWork {
  #waiting: { readonly work: () => void; callsLeft: number }[] = [];

  add(work: () => void, calls: number): void {
    // The call that adds it counts itself down right away.
    this.#waiting.push({ work, callsLeft: calls + 1 });
  }

  countCall(): void {
    const due: (() => void)[] = [];
    this.#waiting = this.#waiting.filter((entry) => {
      entry.callsLeft--;
      if (entry.callsLeft > 0) return true;
      due.push(entry.work);
      return false;
    });
    for (const work of due) work();
  }
}
