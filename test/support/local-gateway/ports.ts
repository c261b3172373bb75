/** Port numbers: which are free, and a clear word when one is not. */
import { createServer } from "node:net";

/** @throws {Error} When another process listens on `port` of 127.0.0.1; the message names it. */
export function checkPortFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new Error(`Cannot listen on 127.0.0.1:${port}: the port is taken`)
          : error,
      );
    });
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}
