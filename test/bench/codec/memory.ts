/** How much WebAssembly memory the kernels of a case reached: it never shrinks, so it is the peak. */

/** Starts to watch memories made from now on. Returns the largest one's bytes. */
export function watchMemories(): () => number {
  const made: WebAssembly.Memory[] = [];
  const Original = WebAssembly.Memory;
  class Watched extends Original {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor);
      made.push(this);
    }
  }
  WebAssembly.Memory = Watched;
  return () => {
    WebAssembly.Memory = Original;
    return made.reduce((most, { buffer }) => Math.max(most, buffer.byteLength), 0);
  };
}
