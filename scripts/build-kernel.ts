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

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kernel = join(root, "shared/codec/kernel");
const output = join(kernel, "build/kernel.wasm");

/** Pages of 64 KiB; `kernel/memory.ts` creates the memory with the same maximum. */
const MEMORY_PAGES_MIN = 1;
const MEMORY_PAGES_MAX = 1536;

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
