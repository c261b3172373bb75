/** Ports in a row for tests of fixed ports. Wherever a test may, it lets the system choose (port 0). */
import { checkPortFree, PortTakenError } from "../devnet/listen.ts";

/**
 * Below the ports that a system hands out by itself (from 32,768 on Linux), so that no server and no
 * connection of another process gets one of ours by chance.
 */
const FIRST_PORT = 10_240;
const LAST_PORT = 20_000;

/** The first of `count` ports in a row on which nobody listens. @throws {Error} When there are none. */
export async function freePorts(count: number): Promise<number> {
  // Test files that run at the same time look in different places first.
  const places = Math.floor((LAST_PORT - FIRST_PORT) / count);
  for (let tried = 0; tried < places; tried++) {
    const first = FIRST_PORT + ((process.pid + tried) % places) * count;
    if (await areFree(first, count)) return first;
  }
  throw new Error(`Cannot find ${count} free ports in a row from ${FIRST_PORT} to ${LAST_PORT}`);
}

async function areFree(first: number, count: number): Promise<boolean> {
  try {
    for (let port = first; port < first + count; port++) await checkPortFree(port);
    return true;
  } catch (error) {
    if (error instanceof PortTakenError) return false;
    throw error;
  }
}
