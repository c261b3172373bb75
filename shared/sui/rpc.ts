/**
 * One call to a Sui RPC node: through the Fetch port, with a time-out, its failure typed.
 *
 * `SuiGrpcClient` speaks gRPC-web; everything it throws ends here.
 */
import { SuiGrpcClient } from "@mysten/sui/grpc";
import { inTime } from "../in-time.ts";
import { SUI_CALL_TIMEOUT_MS, SUI_ERROR_CHARS_MAX, SUI_READ_ATTEMPTS } from "../limits.ts";
import type { Fetch, Timer } from "../ports.ts";
import { err, ok, type Result } from "../result.ts";
import type { ChainFailure } from "./chain.ts";

/** What the chain port needs of the world. */
export interface RpcOptions {
  readonly url: string;
  readonly fetch: Fetch;
  readonly timer: Timer;
}

/** Calls one RPC node. */
export interface Rpc {
  /** Sends a read; one that fails on the way is sent once more. */
  read<T>(call: string, send: SendCall<T>): Promise<Result<T, ChainFailure>>;
  /** Sends it once. */
  once<T>(call: string, send: SendCall<T>, timeoutMs: number): Promise<Result<T, ChainFailure>>;
}

/** Makes the request; it must pass the signal on. */
export type SendCall<T> = (client: SuiGrpcClient, signal: AbortSignal) => Promise<T>;

/** gRPC statuses that say nothing about the question, only about this attempt. */
const TRANSIENT = new Set(["UNAVAILABLE", "INTERNAL", "ABORTED", "UNKNOWN", "DATA_LOSS"]);

/** Makes the client of one RPC node. */
export function createRpc({ url, fetch, timer }: RpcOptions): Rpc {
  const client = new SuiGrpcClient({
    // The name decides nothing but which name service the client would use, and we use none.
    network: "testnet",
    baseUrl: url,
    fetch: (target, init) => fetch(new Request(target, init)),
  });

  async function once<T>(
    call: string,
    send: SendCall<T>,
    timeoutMs: number,
  ): Promise<Result<T, ChainFailure>> {
    const deadline = new AbortController();
    const sent = send(client, deadline.signal).then(
      (value) => ok(value),
      (error: unknown) => err(failureOf(call, error)),
    );
    const answer = await inTime(timer, timeoutMs, sent, null);
    if (answer !== null) return answer;
    deadline.abort(new DOMException("no answer in time", "TimeoutError"));
    return err({ kind: "rpc-timeout", call, timeoutMs });
  }

  return {
    once,
    async read(call, send) {
      let attempt = await once(call, send, SUI_CALL_TIMEOUT_MS);
      for (let sent = 1; sent < SUI_READ_ATTEMPTS && isTransient(attempt); sent++) {
        attempt = await once(call, send, SUI_CALL_TIMEOUT_MS);
      }
      return attempt;
    },
  };
}

function isTransient<T>(attempt: Result<T, ChainFailure>): boolean {
  if (attempt.ok) return false;
  const { failure } = attempt;
  if (failure.kind === "rpc-unreachable") return true;
  return failure.kind === "rpc-refused" && TRANSIENT.has(failure.code);
}

/** What the client threw: an RpcError carries a gRPC status name as its `code`. */
function failureOf(call: string, error: unknown): ChainFailure {
  const detail = (error instanceof Error ? error.message : String(error)).slice(
    0,
    SUI_ERROR_CHARS_MAX,
  );
  const code = statusCodeOf(error);
  // The transport reports a broken connection as INTERNAL without any trailer of the server.
  if (code === null || (code === "INTERNAL" && !hasTrailers(error))) {
    return { kind: "rpc-unreachable", call, detail };
  }
  return { kind: "rpc-refused", call, code, detail };
}

function statusCodeOf(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

function hasTrailers(error: unknown): boolean {
  if (typeof error !== "object" || error === null || !("meta" in error)) return false;
  return typeof error.meta === "object" && Object.keys(error.meta ?? {}).length > 0;
}
