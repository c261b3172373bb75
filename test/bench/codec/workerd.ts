/** Starts the contests' Worker in Miniflare and times requests to it from outside. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { ROOT } from "../../support/local-gateway/bundle.ts";

/** One side of a case, done `repeat` times in one request. */
export interface Run {
  readonly name: string;
  readonly side: "ours" | "peer";
  readonly repeat: number;
  readonly shardCount: number;
}

/** What the Worker says about a run, with what it took seen from here. */
export interface RunOutcome {
  readonly elapsedMs: number;
  readonly memoryBytes: number;
  /** Digest of what the side computed last. */
  readonly result: string;
}

/** A running Worker. */
export interface BenchWorker {
  run(run: Run): Promise<RunOutcome>;
  close(): Promise<void>;
}

/** Bundles the Worker as a deploy would and starts it. */
export async function startBenchWorker(): Promise<BenchWorker> {
  const folder = join(ROOT, "dist/bench-codec");
  const config = join(ROOT, "test/bench/codec/wrangler.toml");
  execFileSync(
    join(ROOT, "node_modules/.bin/wrangler"),
    ["deploy", "--dry-run", "--config", config, "--outdir", folder],
    { cwd: ROOT, stdio: "pipe", env: { ...process.env, WRANGLER_SEND_METRICS: "false" } },
  );
  const wasm = readdirSync(folder)
    .filter((file) => file.endsWith(".wasm"))
    .map((path) => ({
      type: "CompiledWasm" as const,
      path,
      contents: new Uint8Array(readFileSync(join(folder, path))),
    }));
  const contents = readFileSync(join(folder, "worker.js"), "utf8");
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "bench",
      compatibilityDate: "2026-10-23",
      modules: [{ type: "ESModule", path: "worker.js", contents }, ...wasm],
      cf: false,
      host: "127.0.0.1",
      port: 0,
      telemetry: { enabled: false },
    }),
  );
  const origin = await miniflare.ready;
  return {
    async run({ name, side, repeat, shardCount }) {
      const url = new URL("/", origin);
      url.search = new URLSearchParams({
        case: name,
        side,
        repeat: String(repeat),
        shards: String(shardCount),
      }).toString();
      const started = performance.now();
      const response = await fetch(url);
      const body = await response.text();
      const elapsedMs = performance.now() - started;
      if (!response.ok) throw new Error(`Cannot run ${name} in workerd: ${body}`);
      const { memoryBytes, result } = JSON.parse(body) as Omit<RunOutcome, "elapsedMs">;
      return { elapsedMs, memoryBytes, result };
    },
    close: () => miniflare.dispose(),
  };
}
