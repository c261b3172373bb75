/** `0x2::balance` and `0x2::vec_map` on plain values. Amounts are moved, never made. */
import type { Balance, VecMap } from "../values.ts";
import { abort, at, ensure, U64_MAX } from "./abort.ts";

/** `balance::split`: takes `amount` out of `balance`. */
export function splitBalance(balance: Balance, amount: bigint): Balance {
  ensure(balance.value >= amount, at("balance", "split"), "ENotEnough");
  balance.value -= amount;
  return { value: amount };
}

/** `balance::join`: puts all of `added` into `balance`. */
export function joinBalance(balance: Balance, added: Balance): void {
  const sum = balance.value + added.value;
  ensure(sum <= U64_MAX, at("balance", "join"), "EOverflow");
  balance.value = sum;
  added.value = 0n;
}

/** `balance::withdraw_all`. */
export function withdrawAll(balance: Balance): Balance {
  return splitBalance(balance, balance.value);
}

/** `vec_map::empty`. */
export function emptyMap<K, V>(): VecMap<K, V> {
  return { contents: [] };
}

/** `vec_map::try_get`. */
export function mapGet<K, V>(map: VecMap<K, V>, key: K): V | undefined {
  return map.contents.find((entry) => entry.key === key)?.value;
}

/** `vec_map::contains`. */
export function mapHas<K, V>(map: VecMap<K, V>, key: K): boolean {
  return map.contents.some((entry) => entry.key === key);
}

/** `vec_map::insert`. */
export function mapInsert<K, V>(map: VecMap<K, V>, key: K, value: V): void {
  ensure(!mapHas(map, key), at("vec_map", "insert"), "EKeyAlreadyExists");
  map.contents.push({ key, value });
}

/** `vec_map::remove`: keeps the order of the others. */
export function mapRemove<K, V>(map: VecMap<K, V>, key: K): { readonly key: K; readonly value: V } {
  const index = map.contents.findIndex((entry) => entry.key === key);
  const [removed] = index < 0 ? [] : map.contents.splice(index, 1);
  return removed ?? abort(at("vec_map", "get_idx"), "EKeyDoesNotExist");
}
