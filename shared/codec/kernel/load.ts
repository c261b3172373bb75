/**
 * Loads the better of the two kernels that the engine understands, in Node and browsers.
 *
 * workerd refuses to compile WebAssembly at run time: there `npm run build` chooses, and a Worker
 * imports the compiled module.
 */

/** The files that `scripts/build-kernel.ts` writes. */
export type KernelFile = "kernel-relaxed.wasm" | "kernel-plain.wasm";

/** Missing from the Workers types, because workerd has none of it. */
interface Compiler {
  compile(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module>;
  validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

/**
 * Compiles the kernel with relaxed SIMD where the engine takes it, else the plain one.
 *
 * @param read The content of one of the built files.
 * @throws {WebAssembly.CompileError} When the engine has no SIMD at all.
 */
export async function loadKernel(
  read: (file: KernelFile) => Promise<Uint8Array<ArrayBuffer>>,
): Promise<WebAssembly.Module> {
  const compiler = WebAssembly as unknown as Compiler;
  const relaxed = await read("kernel-relaxed.wasm");
  if (compiler.validate(relaxed)) return compiler.compile(relaxed);
  return compiler.compile(await read("kernel-plain.wasm"));
}
