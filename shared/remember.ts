/** Maps of hints that outlive a request: what is forgotten is learned again. Pure. */

/** Keeps `value` under `key` as the newest, and the newest `keptMax` of all. */
export function remember<Key, Value>(
  memory: Map<Key, Value>,
  key: Key,
  value: Value,
  keptMax: number,
): void {
  memory.delete(key);
  memory.set(key, value);
  const [oldest] = memory.keys();
  if (memory.size > keptMax && oldest !== undefined) memory.delete(oldest);
}
