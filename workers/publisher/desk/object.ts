/**
 * `Desk`: the Durable Object that holds the body of one request while it is worked on.
 *
 * It composes the ports; what is done is in `engine.ts`. Its tables are those of an upload
 * (`upload/store.ts`), of which it keeps no journal: a desk that was left behind is cleared by its
 * alarm.
 */
import { DurableObject } from "cloudflare:workers";
import { platformPermit } from "../../../shared/nodes/permit.ts";
import { createChain } from "../../../shared/sui/create-chain.ts";
import { createPaymentReader } from "../../../shared/sui/read-payment.ts";
import { consoleLog, systemClock, systemRandom, systemTimer } from "../../../shared/system.ts";
import { publisherConfig } from "../config.ts";
import type { PublisherEnv } from "../env.ts";
import { isolateSystem } from "../isolate-memory.ts";
import { loopbackLane } from "../lane/loopback.ts";
import { platformPipe } from "../../../shared/platform-streams.ts";
import type { Increment } from "../metrics/counters.ts";
import { METRICS_NAME } from "../metrics/object.ts";
import { relayIncrements } from "../metrics/relay-sample.ts";
import { encodePortsOf } from "../upload/encode-ports.ts";
import { UploadStore } from "../upload/store.ts";
import type { DeskRpc } from "./desk.ts";
import { DeskEngine, type DeskPorts } from "./engine.ts";

const log = consoleLog("publisher");

export class Desk extends DurableObject<PublisherEnv> implements DeskRpc {
  readonly #engine: DeskEngine;

  constructor(ctx: DurableObjectState, env: PublisherEnv) {
    super(ctx, env);
    const store = new UploadStore(ctx.storage.sql);
    this.#engine = new DeskEngine({
      name: ctx.id.toString(),
      store,
      storage: ctx.storage,
      clock: systemClock,
      // Nobody would go on: what is begun here is done in one invocation.
      encode: () => encodePortsOf(store, this, Number.POSITIVE_INFINITY),
      relay: () => this.#relayPorts(),
      sha256: platformSha256,
      pipe: platformPipe,
      background: (work) => ctx.waitUntil(work),
    });
  }

  measure(...args: Parameters<DeskRpc["measure"]>): ReturnType<DeskRpc["measure"]> {
    return this.#engine.measure(...args);
  }

  async relay(...args: Parameters<DeskRpc["relay"]>): ReturnType<DeskRpc["relay"]> {
    const relayed = await this.#engine.relay(...args);
    this.ctx.waitUntil(this.#count(relayIncrements(relayed)));
    return relayed;
  }

  takeForm(...args: Parameters<DeskRpc["takeForm"]>): ReturnType<DeskRpc["takeForm"]> {
    return this.#engine.takeForm(...args);
  }

  quilt(): Promise<ReadableStream<Uint8Array>> {
    return this.#engine.quilt();
  }

  clear(): Promise<void> {
    return this.#engine.clear();
  }

  override alarm(): Promise<void> {
    return this.#engine.alarm();
  }

  async #count(increments: readonly Increment[]): Promise<void> {
    if (increments.length === 0) return;
    try {
      await this.env.METRICS.getByName(METRICS_NAME).add(increments);
    } catch (error) {
      log.warn({ event: "relay.uncounted", error: String(error) });
    }
  }

  #relayPorts(): ReturnType<DeskPorts["relay"]> {
    const config = publisherConfig(this.env);
    const permit = platformPermit();
    const rpc = { fetch: permit.fetch, timer: systemTimer };
    return {
      clock: systemClock,
      random: systemRandom,
      log,
      chain: createChain({
        ...config.network,
        ...rpc,
        clock: systemClock,
        cache: isolateSystem,
      }),
      readPayment: createPaymentReader({ ...rpc, url: config.network.suiRpcUrl }),
      tip: config.relayTip,
      lane: loopbackLane(this.ctx),
      laneCount: config.laneCount,
      pipe: platformPipe,
    };
  }
}

async function platformSha256(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  for await (const chunk of chunks) await writer.write(chunk);
  await writer.close();
  return new Uint8Array(await stream.digest);
}
