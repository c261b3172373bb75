/** A thin node:http adapter for functions Request → Response. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { listen } from "../listen.ts";
import { LostReply } from "./failure.ts";

/**
 * How long an idle connection stays open. Long on purpose: clients share this process, and Node's
 * default of 5 s closes a connection just as a client that computed for a while reuses it.
 */
const KEEP_ALIVE_MS = 120_000;

/** Answers a request; throwing `LostReply` closes the connection without a reply. */
export type Handler = (request: Request) => Promise<Response>;

export interface HttpServer {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
}

/**
 * Listens on 127.0.0.1.
 *
 * @param port 0 or undefined: any free port.
 * @throws {PortTakenError} When another process listens there.
 */
export async function serve(handler: Handler, port = 0): Promise<HttpServer> {
  const server = createServer((incoming, outgoing) => {
    void answer(handler, incoming, outgoing);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const bound = await listen(server, port);
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  handler: Handler,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const response = await handler(toRequest(incoming));
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    if (response.body === null) outgoing.end();
    else {
      const body = Readable.fromWeb(response.body as unknown as NodeReadableStream);
      body.on("error", () => outgoing.destroy());
      body.pipe(outgoing);
    }
  } catch (error) {
    if (error instanceof LostReply || outgoing.headersSent) {
      incoming.socket.destroy();
      return;
    }
    outgoing.writeHead(500, { "content-type": "text/plain" });
    outgoing.end(`local network bug: ${error instanceof Error ? error.stack : String(error)}`);
  }
}

function toRequest(incoming: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  const method = incoming.method ?? "GET";
  const hasBody = method !== "GET" && method !== "HEAD";
  return new Request(`http://${incoming.headers.host ?? "127.0.0.1"}${incoming.url ?? "/"}`, {
    method,
    headers,
    ...(hasBody
      ? { body: Readable.toWeb(incoming) as unknown as ReadableStream, duplex: "half" }
      : {}),
  });
}
