/**
 * The codec's WebAssembly kernel: BLAKE2b-256 and transforms over GF(2^16).
 *
 * AssemblyScript without decorators, objects or a collector: plain functions over addresses that
 * the host hands out (`kernel/kernel.ts`). It decides nothing; every call is one batch.
 */
export { heapBase, tablesBase } from "./layout";
export { hashBytes, hashLeaves, hashPairs, lookupLeaves } from "./blake2b";
export { addInto, changeBase, combine, differentiate, scalePositions, spread } from "./field";
export { forwardTransform, inverseTransform } from "./transform";
export { copySymbols, gather, scatter } from "./symbols";
