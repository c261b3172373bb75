/** The operator's rules as their one writer offers them. Types and names only. */
import type { Result } from "../../../shared/result.ts";

/** The gateway has one gate. */
export const GATE_NAME = "gateway";

/** One blocked blob. */
export interface Block {
  /** 43 characters of base64url. */
  readonly blobId: string;
  /** Why, in the operator's words; `null` where nothing was said. */
  readonly reason: string | null;
  /** Subject of the token; `null` on an open gateway. */
  readonly by: string | null;
  readonly blockedAtMs: number;
}

/** A page of blocked blobs, ordered by ID. */
export interface BlockPage {
  readonly blocks: readonly Block[];
  /** Pass as `after` for the next page; `null` on the last one. */
  readonly next: string | null;
}

/** The list is full. */
export interface BlocklistFull {
  readonly kind: "blocklist-full";
  readonly entriesMax: number;
}

/** RPC surface of the Gate object: `env.GATES.getByName(GATE_NAME)`. */
export interface GateRpc {
  /** Blocks a blob; one that is blocked already keeps its first block. */
  block(block: Block): Promise<Result<Block, BlocklistFull>>;
  /** Lets a blob through again; `false` when it was not blocked. */
  unblock(blobId: string): Promise<boolean>;
  blockOf(blobId: string): Promise<Block | null>;
  blocks(after: string | null): Promise<BlockPage>;
  blockCount(): Promise<number>;
  /** Raises the generation of one blob, or of all (`null`); answers the new one. */
  purge(blobId: string | null): Promise<number>;
  /** The rules as JSON text (`shared/cache/gate-rules.ts`); `null` when `knownVersion` is current. */
  rules(knownVersion: number | null): Promise<string | null>;
}
