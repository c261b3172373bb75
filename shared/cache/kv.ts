/** The key-value port over a KV namespace. */
import type { KeyValue } from "../ports.ts";

/** Wraps one namespace. */
export function createKeyValue(namespace: KVNamespace): KeyValue {
  return {
    async get(key) {
      const value = await namespace.get(key, "arrayBuffer");
      return value === null ? null : new Uint8Array(value);
    },
    put: (key, value, options) =>
      namespace.put(
        key,
        value,
        options?.ttlSeconds === undefined ? {} : { expirationTtl: options.ttlSeconds },
      ),
    delete: (key) => namespace.delete(key),
  };
}
