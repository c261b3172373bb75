/**
 * `Fill`: the Durable Object through which reads of the same cold content share its node requests.
 *
 * One object is one segment, or one span of columns, of one blob, or its opening. What it does is in
 * `fill-engine.ts`; here is what the platform gives it.
 */
import { DurableObject } from "cloudflare:workers";
import type { RowSpan } from "../../../shared/nodes/read-geometry.ts";
import { platformPipe } from "../../../shared/platform-streams.ts";
import type { Result } from "../../../shared/result.ts";
import { isolateMemory } from "../../../shared/working-memory.ts";
import { type AggregatorEnv, createServices } from "../compose.ts";
import type { AggregatorFailure } from "../failure-to-problem.ts";
import type { Standing } from "../learn-standing.ts";
import type { NetworkView } from "../network-view.ts";
import type { ColumnSpan, FillJob, FillRpc, FoundByFill } from "./fill.ts";
import { FillEngine } from "./fill-engine.ts";

export class Fill extends DurableObject<AggregatorEnv> implements FillRpc {
  readonly #engine = new FillEngine({
    services: () => createServices(this.env, (work) => this.ctx.waitUntil(work)),
    memory: isolateMemory,
    background: (work) => this.ctx.waitUntil(work),
    pipe: platformPipe,
  });

  /** See `FillRpc.rows`. */
  rows(job: FillJob, span: RowSpan): Promise<ReadableStream<Uint8Array>> {
    return this.#engine.rows(job, span);
  }

  /** See `FillRpc.columns`. */
  columns(job: FillJob, span: ColumnSpan): Promise<ReadableStream<Uint8Array>> {
    return this.#engine.columns(job, span);
  }

  /** See `FillRpc.find`. */
  find(view: NetworkView, blobId: Uint8Array): Promise<Result<FoundByFill, AggregatorFailure>> {
    return this.#engine.find(view, blobId);
  }

  /** See `FillRpc.standing`. */
  standing(): Promise<Standing> {
    return this.#engine.standing();
  }
}
