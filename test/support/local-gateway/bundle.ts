/**
 * Bundles the Workers exactly as a deploy would (`wrangler deploy --dry-run`), all at once, and
 * only when a source has changed since the bundle in `dist/` was made.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The Workers, in the order their bindings need. */
export const WORKER_NAMES = ["publisher", "aggregator", "renewal"] as const;

/** Name of a Worker's environment in wrangler.toml. */
export type WorkerName = (typeof WORKER_NAMES)[number];

/** Folder of the repository. */
export const ROOT: string = fileURLToPath(import.meta.resolve("../../../"));

/** One module of a bundle, as Miniflare takes it. */
export interface BundleModule {
  readonly type: "ESModule" | "CompiledWasm";
  readonly path: string;
  readonly contents: string | Uint8Array<ArrayBuffer>;
}

const STAMP_FILE = ".sources";
const KERNEL_FILE = "shared/codec/kernel/build/kernel.wasm";
const KERNEL_STAMP_FILE = "shared/codec/kernel/build/.sources";

/** Builds the kernel unless the built one is of these sources. */
export async function buildKernel(): Promise<void> {
  const sources = hashOf([
    "shared/codec/kernel/assembly/**/*.ts",
    "scripts/build-kernel.ts",
    "scripts/kernel/*.ts",
  ]);
  const stampFile = join(ROOT, KERNEL_STAMP_FILE);
  if (existsSync(join(ROOT, KERNEL_FILE)) && readStamp(stampFile) === sources) return;
  await run("node", ["scripts/build-kernel.ts"]);
  writeFileSync(stampFile, sources);
}

/** Bundles every Worker into `dist/<name>`. */
export async function bundleWorkers(): Promise<void> {
  await buildKernel();
  const sources = hashOf([
    "workers/**/*.ts",
    "shared/**/*.ts",
    KERNEL_FILE,
    "wrangler.toml",
    "package-lock.json",
  ]);
  await Promise.all(WORKER_NAMES.map((name) => bundleWorker(name, sources)));
}

async function bundleWorker(name: WorkerName, sources: string): Promise<void> {
  const folder = join("dist", name);
  const stampFile = join(ROOT, folder, STAMP_FILE);
  if (readStamp(stampFile) === sources) return;
  // Made beside and then renamed: a start that is interrupted leaves no half bundle.
  const fresh = `${folder}.${process.pid}`;
  await run("wrangler", ["deploy", "--dry-run", "--env", name, "--outdir", fresh]);
  writeFileSync(join(ROOT, fresh, STAMP_FILE), sources);
  rmSync(join(ROOT, folder), { recursive: true, force: true });
  renameSync(join(ROOT, fresh), join(ROOT, folder));
}

/**
 * Bundles the publisher with an entry of a test's own around the product's code.
 *
 * @returns Name of its folder in `dist/`, for `readBundle`.
 */
export async function bundleTestPublisher(entry: string): Promise<string> {
  await buildKernel();
  const name = `test-${entry.split("/").at(-2) ?? "publisher"}`;
  const folder = join("dist", name);
  const flags = ["--compatibility-flags", "nodejs_als", "--outdir", folder];
  await run("wrangler", ["deploy", entry, "--dry-run", "--env", "publisher", ...flags]);
  return name;
}

/** The modules of a bundled Worker, entry first. */
export function readBundle(name: string): BundleModule[] {
  const folder = join(ROOT, "dist", name);
  const wasm = globSync("*.wasm", { cwd: folder }).map((path) => ({
    type: "CompiledWasm" as const,
    path,
    contents: new Uint8Array(readFileSync(join(folder, path))),
  }));
  // Named after the entry.
  const [path = "index.js"] = globSync("*.js", { cwd: folder });
  const contents = readFileSync(join(folder, path), "utf8");
  return [{ type: "ESModule", path, contents }, ...wasm];
}

function readStamp(file: string): string | null {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

function hashOf(patterns: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of globSync([...patterns], { cwd: ROOT }).sort()) {
    hash
      .update(path)
      .update("\0")
      .update(readFileSync(join(ROOT, path)))
      .update("\0");
  }
  return hash.digest("hex");
}

/** Runs a tool of this repository; its output is shown only when it fails. */
function run(command: string, parameters: readonly string[]): Promise<void> {
  const tools = join(ROOT, "node_modules", ".bin");
  const child = spawn(join(tools, command), parameters, {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PATH: `${tools}:${process.env["PATH"] ?? ""}`,
      WRANGLER_SEND_METRICS: "false",
      CI: "true",
    },
  });
  let output = "";
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Cannot build: ${command} ${parameters.join(" ")} failed\n${output}`));
    });
  });
}
