/** What every RPC method works with, and how methods are declared. */
import type { GrpcTypes } from "@mysten/sui/grpc";
import type { Ledger } from "../ledger/ledger.ts";
import type { ObjectView } from "../ledger/store.ts";
import type { RpcFaultSwitch } from "./faults.ts";

export interface RpcNode {
  readonly ledger: Ledger;
  readonly faults: RpcFaultSwitch;
  /** Name of the chain in `GetServiceInfo`. */
  readonly chain: string;
  /** The state reads answer from: the present, or the past under `stale-read`. */
  readonly view: () => ObjectView;
  /** Number of transactions reads know of. */
  readonly knownTransactions: () => number;
  /** Runs `work` after some later calls (the `execute-later` fault). */
  readonly defer: (work: () => void) => void;
}

/** One unary method. The request and reply types belong to its service and name. */
export interface RpcMethod {
  readonly service: string;
  readonly name: string;
  handle(request: object, node: RpcNode): object | Promise<object>;
}

/** Declares a unary method; `handle` takes the request message its service names. */
export function method(
  service: typeof GrpcTypes.LedgerService,
  name: string,
  handle: (request: never, node: RpcNode) => object | Promise<object>,
): RpcMethod {
  return {
    service: service.typeName,
    name,
    handle: (request, node) => handle(request as never, node),
  };
}

/** Reads `limit` items after `token`, which is the last key of the page before. */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  request: { readonly pageSize?: number; readonly pageToken?: Uint8Array },
  bounds: { readonly usual: number; readonly most: number },
): { readonly items: readonly T[]; readonly nextPageToken?: Uint8Array } {
  const after = request.pageToken === undefined ? "" : new TextDecoder().decode(request.pageToken);
  const size = Math.min(Math.max(1, request.pageSize || bounds.usual), bounds.most);
  const rest = items.filter((item) => keyOf(item) > after);
  const taken = rest.slice(0, size);
  const last = taken.at(-1);
  if (last === undefined || rest.length === taken.length) return { items: taken };
  return { items: taken, nextPageToken: new TextEncoder().encode(keyOf(last)) };
}
