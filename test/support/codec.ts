/** The codec for Node: reads the kernels that `npm run build` writes. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type Codec, createCodec, type KernelFile, loadKernel } from "../../shared/codec/index.ts";

const buildFolder = fileURLToPath(import.meta.resolve("../../shared/codec/kernel/build/"));

let loading: Promise<Codec> | undefined;

/**
 * Compiles the built kernel once for this process.
 *
 * @throws {Error} When the kernel has not been built.
 */
export function loadCodec(): Promise<Codec> {
  loading ??= compileKernel().then(createCodec);
  return loading;
}

/**
 * The compiled kernel itself, for tests that make several codecs.
 *
 * @param simd Which build; by default what the environment names, or what the engine takes.
 */
export async function compileKernel(
  simd: string | undefined = process.env["KERNEL_SIMD"],
): Promise<WebAssembly.Module> {
  return loadKernel((file) =>
    // An empty file is valid nowhere: the loader falls back to the plain build.
    simd === "plain" && file === "kernel-relaxed.wasm"
      ? Promise.resolve(new Uint8Array(0))
      : readKernel(file),
  );
}

/** The bytes of a built kernel. */
export async function readKernel(file: KernelFile): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(buildFolder + file));
  } catch (cause) {
    throw new Error(`Cannot read ${buildFolder}${file}: run npm run build first`, { cause });
  }
}
