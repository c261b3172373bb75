/** Why a blob cannot be read from the storage nodes: data, never prose. */
import type { NodeFailure } from "./failure.ts";

/** A read that gave nothing, or nothing more. */
export type ReadFailure =
  /** Nodes of a quorum of shards say that they have no such blob. */
  | { readonly kind: "blob-not-found" }
  /** Nodes of a quorum of shards say so or block it, and more block it. */
  | { readonly kind: "blob-blocked" }
  | {
      /** No node gave metadata that hashes to the blob ID. */
      readonly kind: "metadata-unavailable";
      /** Shards whose nodes said that there is no such blob. */
      readonly notFoundWeight: number;
      readonly causes: readonly NodeCause[];
    }
  | {
      /** Too few verified slivers or symbols to rebuild a row within the time allowed. */
      readonly kind: "slivers-unavailable";
      readonly rowIndex: number;
      readonly verified: number;
      readonly required: number;
      readonly causes: readonly NodeCause[];
    }
  | {
      /** As `slivers-unavailable`, of a column (secondary sliver). */
      readonly kind: "column-unavailable";
      readonly columnIndex: number;
      readonly verified: number;
      readonly required: number;
      readonly causes: readonly NodeCause[];
    }
  | {
      /** The writer's encoding is not what it should be: no honest reader accepts this blob. */
      readonly kind: "blob-inconsistent";
      readonly what: "padding" | "row";
      readonly rowIndex: number;
    }
  | {
      readonly kind: "blob-inconsistent";
      readonly what: "column";
      readonly columnIndex: number;
    };

/** What one node did wrong, in short. */
export interface NodeCause {
  readonly nodeId: string;
  /** Kind of the transport's or the codec's failure, or what the node refused with. */
  readonly kind: string;
}

/** The short form of a node's failure; a refusal keeps its status and reason. */
export function causeOf(
  nodeId: string,
  failure: NodeFailure | { readonly kind: string },
): NodeCause {
  const refused = failure.kind === "refused" && "status" in failure;
  const kind = refused
    ? `refused ${failure.status} ${failure.reason ?? ""}`.trimEnd()
    : failure.kind;
  return { nodeId, kind };
}
