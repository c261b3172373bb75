/** The codec for Node: reads the kernel that `npm run build` writes. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { createCodec, type Codec } from "../../shared/codec/index.ts";

const kernelFile = fileURLToPath(
  import.meta.resolve("../../shared/codec/kernel/build/kernel.wasm"),
);

/** Missing from the Workers types, because workerd refuses to compile at run time. */
interface Compiler {
  compile(bytes: Uint8Array): Promise<WebAssembly.Module>;
}

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

/** The compiled kernel itself, for tests that make several codecs. */
export async function compileKernel(): Promise<WebAssembly.Module> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = new Uint8Array(await readFile(kernelFile));
  } catch (cause) {
    throw new Error(`Cannot read ${kernelFile}: run npm run build first`, { cause });
  }
  return (WebAssembly as unknown as Compiler).compile(bytes);
}
