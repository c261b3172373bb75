/**
 * `Gate`: the Durable Object that is the one writer of blocklist and purge generations. Two
 * operators at once lose nothing, because each change is a row of its own.
 */
import { DurableObject } from "cloudflare:workers";
import { createKeyValue } from "../../../shared/cache/kv.ts";
import type { Result } from "../../../shared/result.ts";
import { consoleLog, systemClock } from "../../../shared/system.ts";
import type { Block, BlocklistFull, BlockPage, GateRpc } from "./gate.ts";
import { createPublisher } from "./publish.ts";
import { createGateRows, type GateRows } from "./rows.ts";

export class Gate extends DurableObject<{ readonly BLOBS: KVNamespace }> implements GateRpc {
  readonly #rows: GateRows;
  readonly #publish: () => Promise<void>;

  constructor(ctx: DurableObjectState, env: { readonly BLOBS: KVNamespace }) {
    super(ctx, env);
    this.#rows = createGateRows(ctx.storage.sql);
    this.#publish = createPublisher({
      rows: this.#rows,
      kv: createKeyValue(env.BLOBS),
      clock: systemClock,
      log: consoleLog("publisher"),
      setAlarm: (atMs) => ctx.storage.setAlarm(atMs),
    });
  }

  async block(block: Block): Promise<Result<Block, BlocklistFull>> {
    const blocked = this.#rows.block(block);
    await this.#durable();
    return blocked;
  }

  async unblock(blobId: string): Promise<boolean> {
    const wasBlocked = this.#rows.unblock(blobId);
    await this.#durable();
    return wasBlocked;
  }

  async blockOf(blobId: string): Promise<Block | null> {
    return this.#rows.blockOf(blobId);
  }

  async blocks(after: string | null): Promise<BlockPage> {
    return this.#rows.blocks(after);
  }

  async blockCount(): Promise<number> {
    return this.#rows.blockCount();
  }

  async purge(blobId: string | null): Promise<number> {
    const generation = this.#rows.purge(blobId);
    await this.#durable();
    return generation;
  }

  async rules(knownVersion: number | null): Promise<string | null> {
    return this.#rows.version() === knownVersion ? null : this.#rows.rules();
  }

  override async alarm(): Promise<void> {
    await this.#publish();
  }

  /** An operator is told of a change when it can no longer be lost; the copy in KV may follow. */
  async #durable(): Promise<void> {
    await this.#publish();
    await this.ctx.storage.sync();
  }
}
