/**
 * Kernel instances for one operation at a time.
 *
 * Operations may be nested (an encoded blob keeps its kernel while others run), so instances are
 * borrowed. A memory that has grown large is dropped instead of kept: WebAssembly memory never
 * shrinks, and an isolate has 128 MB for everything.
 */
import { KERNELS_IDLE_MAX, KERNEL_IDLE_BYTES_MAX } from "../../limits.ts";
import { Kernel, type KeptTables } from "./kernel.ts";

/** Lends kernels of one module. */
export class KernelPool {
  readonly #module: WebAssembly.Module;
  readonly #idle: Kernel[] = [];
  readonly #kept: KeptTables = { leafTable: null };

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  /** A kernel that the caller keeps for good. */
  take(): Kernel {
    return this.#idle.pop() ?? new Kernel(this.#module, this.#kept);
  }

  /** Runs `use` on a kernel and takes it back, with everything it reserved. */
  with<T>(use: (kernel: Kernel) => T): T {
    const kernel = this.take();
    const base = kernel.mark();
    try {
      return use(kernel);
    } finally {
      kernel.releaseTo(base);
      const isSmall = kernel.memoryBytes <= KERNEL_IDLE_BYTES_MAX;
      if (isSmall && this.#idle.length < KERNELS_IDLE_MAX) this.#idle.push(kernel);
    }
  }
}
