/**
 * The address a client is counted by. Pure.
 *
 * Only `CF-Connecting-IP` is believed: Cloudflare sets it itself, any other header is the client's
 * own word. An IPv6 client commands at least a /64, so that is what counts.
 */

/** Groups of an IPv6 address that name the network. */
const NETWORK_GROUPS = 4;

/** The IPv4 address, or the /64 of an IPv6 address; `unknown` where there is none (the local network). */
export function clientAddress(headers: Headers): string {
  const address = headers.get("CF-Connecting-IP")?.trim().toLowerCase() ?? "";
  if (address === "") return "unknown";
  return address.includes(":") ? `${networkOf(address)}::/64` : address;
}

function networkOf(address: string): string {
  const [head = "", tail] = address.split("::");
  const groups = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  const missing = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array.from({ length: missing }, () => "0"), ...after];
  return all
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}
