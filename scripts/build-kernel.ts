/**
 * Builds the codec's WebAssembly kernel from AssemblyScript, in two versions.
 *
 * Usage: `node scripts/build-kernel.ts [--simd relaxed|plain]` (part of `npm run build`). Writes
 * to `shared/codec/kernel/build`, which git ignores:
 *
 *     kernel-relaxed.wasm   relaxed SIMD, faster: a swizzle is one instruction
 *     kernel-plain.wasm     plain SIMD, runs wherever WebAssembly has SIMD
 *     kernel.wasm           the one that Workers are bundled with: `--simd`, else KERNEL_SIMD of
 *                           the environment, else relaxed
 *
 * Both come from the same source. The relaxed version reads every `i8x16.swizzle` as
 * `i8x16.relaxed_swizzle`; the two agree for indices below 16, and the kernel uses no others.
 *
 * The optimisation level is pinned at -O1: -O2 and -O3 reorder locals so that the transforms lose
 * a fifth of their speed.
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { KERNEL_MEMORY_BYTES_MAX } from "../shared/limits.ts";
import { roundsSource } from "./kernel/rounds.ts";

/** The part of AssemblyScript's compiler that is used here. */
interface Compiler {
  main(
    options: readonly string[],
    host: {
      readFile(path: string): string | null;
      writeFile(path: string, contents: Uint8Array): void;
      listFiles(): string[];
      readonly stderr: NodeJS.WritableStream;
    },
  ): Promise<{ readonly error: Error | null }>;
}

// By a name that the type checker does not follow: the compiler's own types declare globals, among
// them arrays, for the whole program.
const compilerName = "assemblyscript/asc";
const compiler = (await import(compilerName)) as Compiler;

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const assembly = "shared/codec/kernel/assembly";
const output = join(root, "shared/codec/kernel/build");

/** WebAssembly memory is counted in pages; the binding creates it with the same bounds. */
const PAGE_BYTES = 65_536;
const MEMORY_PAGES_MIN = 1;
const MEMORY_PAGES_MAX = KERNEL_MEMORY_BYTES_MAX / PAGE_BYTES;

const OPTIONS = [
  ["--optimizeLevel", "1"],
  ["--runtime", "stub"],
  ["--enable", "simd"],
  ["--initialMemory", String(MEMORY_PAGES_MIN)],
  ["--maximumMemory", String(MEMORY_PAGES_MAX)],
  ["--memoryBase", "1024"],
  ["--noAssert", "--importMemory"],
].flat();

/** Reads a source file as this version sees it; `rounds.ts` is written here. */
function readSource(path: string, isRelaxed: boolean): string | null {
  let text: string;
  if (path.endsWith("assembly/rounds.ts")) text = roundsSource();
  else {
    try {
      text = readFileSync(join(root, path), "utf8");
    } catch {
      // The compiler asks for every path a module may have.
      return null;
    }
  }
  return isRelaxed ? text.replaceAll("i8x16.swizzle(", "i8x16.relaxed_swizzle(") : text;
}

async function buildVersion(fileName: string, isRelaxed: boolean): Promise<void> {
  const features = isRelaxed ? ["--enable", "relaxed-simd"] : [];
  const source = join(assembly, "index.ts");
  const { error } = await compiler.main([source, "--outFile", fileName, ...OPTIONS, ...features], {
    readFile: (path) => readSource(path, isRelaxed),
    writeFile: (path, contents) => writeFileSync(join(output, basename(path)), contents),
    listFiles: () => [],
    stderr: process.stderr,
  });
  if (error !== null) throw new Error(`Cannot build ${fileName}`, { cause: error });
}

const simdDefault = process.env["KERNEL_SIMD"] ?? "relaxed";
const { values } = parseArgs({ options: { simd: { type: "string", default: simdDefault } } });
if (values.simd !== "relaxed" && values.simd !== "plain") {
  console.error(`Cannot build kernel: expected --simd relaxed or plain, got "${values.simd}"`);
  process.exit(2);
}
mkdirSync(output, { recursive: true });
for (const simd of ["relaxed", "plain"]) {
  const fileName = `kernel-${simd}.wasm`;
  await buildVersion(fileName, simd === "relaxed");
  const { length } = readFileSync(join(output, fileName));
  console.log(`kernel: ${length} bytes in shared/codec/kernel/build/${fileName}`);
}
copyFileSync(join(output, `kernel-${values.simd}.wasm`), join(output, "kernel.wasm"));
