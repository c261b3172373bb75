/**
 * Fixed addresses of the kernel, shared with `kernel/kernel.ts` through `heapBase` and `tablesBase`.
 *
 *     0       nothing: a null address stays invalid
 *     1024    constants of this module (BLAKE2b vectors and permutation), placed by the compiler
 *     4096    products of GF(2^8): 256 labels x 32 bytes, see field.ts
 *     12288   base change: 32 bytes, see field.ts
 *     12352   BLAKE2b messages and chain values: 576 bytes, see hash-layout.ts
 *     12928   spare
 *     16384   heap: regions handed out by kernel/kernel.ts
 */
export const PRODUCTS: usize = 4096;
export const BASE_CHANGE: usize = 12288;
export const MESSAGE: usize = 12352;
export const HEAP: usize = 16384;

/** Where the host writes the field tables: products, then the base change. */
export function tablesBase(): usize {
  return PRODUCTS;
}

/** The first address the host may hand out. */
export function heapBase(): usize {
  return HEAP;
}
