/**
 * How every server of the local network and every Worker of the local gateway gets its port: on
 * 127.0.0.1 alone, with one error for a port that another process holds.
 */
import { createServer, type Server } from "node:net";

/** A port that another process holds. */
export class PortTakenError extends Error {
  readonly port: number;

  constructor(port: number) {
    super(`Cannot listen on 127.0.0.1:${port}: the port is taken`);
    this.name = "PortTakenError";
    this.port = port;
  }
}

/**
 * Makes a server listen on 127.0.0.1.
 *
 * @param port 0: any free port.
 * @returns The port it listens on.
 * @throws {PortTakenError} When another process listens there.
 */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new PortTakenError(port) : error);
    server.once("error", onError);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", onError);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

/** @throws {PortTakenError} When another process listens on `port` of 127.0.0.1. */
export async function checkPortFree(port: number): Promise<void> {
  const probe = createServer();
  await listen(probe, port);
  await new Promise((resolve) => {
    probe.close(resolve);
  });
}
