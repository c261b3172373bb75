/** Runs the probe Worker in the local workerd, bundled as a deploy would bundle it. */
import { spawnSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";

/** A running probe. */
export interface LocalProbe {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

const TOKEN = "local-probe-token";

/** @throws {Error} When the Worker cannot be bundled. */
export async function startLocalProbe(configPath: string): Promise<LocalProbe> {
  const folder = mkdtempSync(join(tmpdir(), "walrus-edge-probe-"));
  const bundled = spawnSync(
    "wrangler",
    ["deploy", "--dry-run", "--config", configPath, "--outdir", folder],
    { encoding: "utf8", env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false" } },
  );
  if (bundled.status !== 0) throw new Error(`Cannot bundle the probe: ${bundled.stderr}`);
  const { modulesRules: _, ...declared } =
    unstable_getMiniflareWorkerOptions(configPath).workerOptions;
  // The options of wrangler hold values Miniflare's schema refuses (undefined ones).
  const options = JSON.parse(JSON.stringify(declared)) as { bindings?: object };
  const wasm = globSync("*.wasm", { cwd: folder }).map((path) => ({
    type: "CompiledWasm" as const,
    path,
    contents: new Uint8Array(readFileSync(join(folder, path))),
  }));
  const contents = readFileSync(join(folder, "worker.js"), "utf8");
  const worker = {
    ...options,
    name: "walrus-edge-prod-probe",
    modules: [{ type: "ESModule" as const, path: "worker.js", contents }, ...wasm],
    bindings: { ...options.bindings, PROBE_TOKEN: TOKEN },
  };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [worker],
      cf: false,
      host: "127.0.0.1",
      port: 0,
      log: new Log(LogLevel.ERROR),
      telemetry: { enabled: false },
    }),
  );
  const url = await miniflare.ready;
  return {
    url: url.origin,
    token: TOKEN,
    close: async () => {
      await miniflare.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
