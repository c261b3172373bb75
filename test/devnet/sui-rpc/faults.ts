/** Faults of the RPC node, switched by `POST /admin/rpc`. */

/**
 * - `down`: HTTP 503 to everything
 * - `slow`: every answer waits `slowMs`
 * - `lose-reply`: transactions run, but the connection closes without an answer
 * - `stale-read`: reads answer from the state `staleTransactions` transactions ago
 * - `execute-later`: transactions are accepted (their objects locked) but run only after
 *   `laterCalls` further calls; the caller gets DEADLINE_EXCEEDED
 */
export type RpcFault = "down" | "slow" | "lose-reply" | "stale-read" | "execute-later";

export const RPC_FAULTS: readonly RpcFault[] = [
  "down",
  "slow",
  "lose-reply",
  "stale-read",
  "execute-later",
];

/** The switch: change the fields at any time. */
export interface RpcFaultSwitch {
  fault: RpcFault | null;
  /** Default 2,000. */
  slowMs: number;
  /** Default 5. */
  staleTransactions: number;
  /** Default 3. */
  laterCalls: number;
}

export function noRpcFault(): RpcFaultSwitch {
  return { fault: null, slowMs: 2_000, staleTransactions: 5, laterCalls: 3 };
}
