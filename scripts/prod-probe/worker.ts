/**
 * The Worker that answers what the documents leave open about the platform: one path a question.
 *
 * It measures with its own paths as the other side (`/slow`, `/sink`), so it needs nothing but itself.
 * Every path but those two wants `Authorization: Bearer <PROBE_TOKEN>`.
 */
import { DurableObject, exports, WorkerEntrypoint } from "cloudflare:workers";
import { createCodec } from "../../shared/codec/index.ts";
import kernel from "../../shared/codec/kernel/build/kernel.wasm";

interface ProbeEnv {
  readonly KV: KVNamespace;
  readonly PROBES: DurableObjectNamespace<ProbeObject>;
  readonly PROBE_TOKEN?: string;
}

const MIB = 1024 * 1024;
const SLOW_MS_MAX = 5_000;
const STREAM_SECONDS_MAX = 600;
const ALARM_DELAY_MS = 1_000;
const POLL_MS = 250;
const SPIN = 50_000_000;

/** An invocation of this Worker through `ctx.exports`: what the fan-out's lanes are. */
export class Loopback extends WorkerEntrypoint<ProbeEnv> {
  ping(): Promise<boolean> {
    return Promise.resolve(true);
  }

  /** Arrivals of `count` slow requests at the other side, milliseconds after the first. */
  arrivals(origin: string, count: number, ms: number): Promise<readonly number[]> {
    return arrivalsOf(origin, count, ms);
  }
}

/** A Durable Object: alarms, its own requests, and bodies it sends. */
export class ProbeObject extends DurableObject<ProbeEnv> {
  arrivals(origin: string, count: number, ms: number): Promise<readonly number[]> {
    return arrivalsOf(origin, count, ms);
  }

  /** Milliseconds an alarm came too late. */
  async alarmLateness(): Promise<number> {
    const dueMs = Date.now() + ALARM_DELAY_MS;
    await this.ctx.storage.delete("rangAtMs");
    await this.ctx.storage.setAlarm(dueMs);
    for (;;) {
      await sleep(POLL_MS);
      const rangAtMs = await this.ctx.storage.get<number>("rangAtMs");
      if (rangAtMs !== undefined) return rangAtMs - dueMs;
    }
  }

  /** Whether a body of this size leaves the object and arrives whole. */
  async sends(origin: string, byteCount: number): Promise<boolean> {
    const response = await fetch(`${origin}/sink`, { method: "POST", body: zeros(byteCount) });
    return Number(await response.text()) === byteCount;
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.put("rangAtMs", Date.now());
  }
}

type Probe = (url: URL, env: ProbeEnv) => Promise<object | Response>;

/** Questions by name. */
const PROBES: Readonly<Record<string, Probe>> = {
  ping: () => Promise.resolve({}),
  clock: () => {
    const beforeMs = Date.now();
    let sum = 0;
    for (let step = 0; step < SPIN; step++) sum = (sum + step) % 1_000_003;
    return Promise.resolve({ advancedMs: Date.now() - beforeMs, sum });
  },
  "in-flight": async (url) => ({
    arrivalsMs: await arrivalsOf(url.origin, number(url, "count", 12), number(url, "ms", 1_000)),
  }),
  "in-flight-loopback": async (url) => {
    const { Loopback: lane } = exports as unknown as { Loopback: Loopback };
    const each = [number(url, "count", 6), number(url, "ms", 1_000)] as const;
    const lanes = Array.from({ length: number(url, "lanes", 4) }, () =>
      lane.arrivals(url.origin, ...each),
    );
    return { arrivalsMs: await Promise.all(lanes) };
  },
  "in-flight-objects": async (url, { PROBES: objects }) => {
    const each = [number(url, "count", 6), number(url, "ms", 1_000)] as const;
    const calls = Array.from({ length: number(url, "objects", 4) }, (_, index) =>
      objects.getByName(`in-flight ${index}`).arrivals(url.origin, ...each),
    );
    return { arrivalsMs: await Promise.all(calls) };
  },
  "loopback-cap": async (url) => {
    const { Loopback: lane } = exports as unknown as { Loopback: Loopback };
    const calls = Array.from({ length: number(url, "count", 40) }, () => lane.ping());
    const settled = await Promise.allSettled(calls);
    const refusals = settled.filter((each) => each.status === "rejected");
    return {
      answered: settled.length - refusals.length,
      refused: refusals.length,
      reason: refusals[0] === undefined ? null : String(refusals[0].reason),
    };
  },
  alarm: async (url, { PROBES: objects }) => {
    const lateness = Array.from({ length: number(url, "count", 5) }, (_, index) =>
      objects.getByName(`alarm ${index}`).alarmLateness(),
    );
    return { lateMs: await Promise.all(lateness) };
  },
  kv: async (url, { KV: kv }) => {
    const key = `probe/${crypto.randomUUID()}`;
    const deadlineMs = Date.now() + number(url, "ms", 120_000);
    // A miss is remembered where it was asked; how long, is the question.
    const before = await kv.get(key);
    const putAtMs = Date.now();
    await kv.put(key, "value", { expirationTtl: 300 });
    while (Date.now() < deadlineMs) {
      if ((await kv.get(key)) !== null) {
        return { wasMissing: before === null, visibleAfterMs: Date.now() - putAtMs };
      }
      await sleep(POLL_MS);
    }
    return { wasMissing: before === null, visibleAfterMs: null };
  },
  cache: async (url) => {
    const cache = (caches as unknown as { default: Cache }).default;
    const key = new Request(`${url.origin}/cached/${crypto.randomUUID()}`);
    const headers = { "Cache-Control": "max-age=60" };
    await cache.put(key, new Response("x".repeat(1_000), { headers }));
    const hit = await cache.match(key);
    return { isHit: hit !== undefined, bytes: (await hit?.text())?.length ?? 0 };
  },
  body: async (url, { PROBES: objects }) => {
    const size = number(url, "mib", 1);
    return { arrived: await objects.getByName("body").sends(url.origin, size * MIB) };
  },
  encode: (url) => {
    const size = number(url, "mib", 1);
    const encoded = createCodec(kernel).metadata(zeros(size * MIB), 1_000);
    return Promise.resolve({ ok: encoded.ok });
  },
  memory: (url) => Promise.resolve(new Response(memorySteps(number(url, "mib", 256)))),
  wall: (url) => Promise.resolve(new Response(ticks(number(url, "seconds", 60)))),
};

export default {
  async fetch(request: Request, env: ProbeEnv): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/slow") {
      const arrivedAtMs = Date.now();
      await sleep(Math.min(number(url, "ms", 0), SLOW_MS_MAX));
      return new Response(String(arrivedAtMs));
    }
    if (url.pathname === "/sink") return new Response(String(await lengthOf(request.body)));
    const probe = PROBES[url.pathname.slice("/probe/".length)];
    const token = env.PROBE_TOKEN ?? "";
    const isAllowed = token !== "" && request.headers.get("Authorization") === `Bearer ${token}`;
    if (!url.pathname.startsWith("/probe/") || probe === undefined || !isAllowed) {
      return new Response("there is nothing at this path", { status: 404 });
    }
    const answer = await probe(url, env);
    return answer instanceof Response ? answer : Response.json(answer);
  },
};

/** When each of several requests sent at once reached the other side. */
async function arrivalsOf(origin: string, count: number, ms: number): Promise<readonly number[]> {
  const answers = await Promise.all(
    Array.from({ length: count }, async () => {
      const response = await fetch(`${origin}/slow?ms=${ms}&once=${crypto.randomUUID()}`);
      return Number(await response.text());
    }),
  );
  const first = Math.min(...answers);
  return answers.map((atMs) => atMs - first).sort((left, right) => left - right);
}

/** A line for each 8 MiB that could be held; the last one before the isolate dies is the answer. */
function memorySteps(mibMax: number): ReadableStream<Uint8Array> {
  const held: Uint8Array[] = [];
  return lines(async () => {
    if (held.length * 8 >= mibMax) return null;
    const block = new Uint8Array(8 * MIB);
    // Untouched pages would not count.
    for (let at = 0; at < block.length; at += 4_096) block[at] = 1;
    held.push(block);
    await sleep(10);
    return String(held.length * 8);
  });
}

/** A line a second; the last one is how long an invocation lives while its client listens. */
function ticks(seconds: number): ReadableStream<Uint8Array> {
  let second = 0;
  return lines(async () => {
    if (second >= Math.min(seconds, STREAM_SECONDS_MAX)) return null;
    await sleep(1_000);
    second += 1;
    return String(second);
  });
}

function lines(next: () => Promise<string | null>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const line = await next();
      if (line === null) controller.close();
      else controller.enqueue(encoder.encode(`${line}\n`));
    },
  });
}

async function lengthOf(body: ReadableStream<Uint8Array> | null): Promise<number> {
  let byteCount = 0;
  for await (const chunk of body ?? []) byteCount += chunk.length;
  return byteCount;
}

function number(url: URL, name: string, usual: number): number {
  const text = url.searchParams.get(name) ?? "";
  return /^\d{1,6}$/.test(text) ? Number(text) : usual;
}

function zeros(byteCount: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(byteCount);
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
