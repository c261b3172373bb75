/**
 * Builds the codec's WebAssembly kernel from AssemblyScript.
 *
 * Usage: `node scripts/build-kernel.ts` (part of `npm run build`). Writes
 * `shared/codec/kernel/build/kernel.wasm`, which git ignores.
 *
 * The optimisation level is pinned at -O1: -O2 and -O3 reorder locals so that the transforms lose
 * a fifth of their speed.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { KERNEL_MEMORY_BYTES_MAX } from "../shared/limits.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kernel = join(root, "shared/codec/kernel");
const output = join(kernel, "build/kernel.wasm");

/** WebAssembly memory is counted in pages; the binding creates it with the same bounds. */
const PAGE_BYTES = 65_536;
const MEMORY_PAGES_MIN = 1;
const MEMORY_PAGES_MAX = KERNEL_MEMORY_BYTES_MAX / PAGE_BYTES;

mkdirSync(dirname(output), { recursive: true });
execFileSync(
  process.execPath,
  [
    join(root, "node_modules/assemblyscript/bin/asc.js"),
    join(kernel, "assembly/index.ts"),
    "--outFile",
    output,
    "--optimizeLevel",
    "1",
    "--noAssert",
    "--runtime",
    "stub",
    "--enable",
    "simd",
    "--importMemory",
    "--initialMemory",
    String(MEMORY_PAGES_MIN),
    "--maximumMemory",
    String(MEMORY_PAGES_MAX),
    "--memoryBase",
    "1024",
  ],
  { cwd: root, stdio: "inherit" },
);
console.log(`kernel: ${statSync(output).size} bytes in shared/codec/kernel/build/kernel.wasm`);
