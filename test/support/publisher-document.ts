/** Holds answers of the publisher against its OpenAPI document, as they are asked for in tests. */
import { API_DOCUMENT } from "../../workers/publisher/api/document.ts";
import { untold } from "./api-judge.ts";

/** Streams, whose end a test waits for itself. */
const STREAMED = /^(?:text\/event-stream|application\/jsonl)/;

/**
 * Judges an answer that is not in exact mode; a stream by its head alone.
 *
 * @throws {Error} When it is not as the document tells.
 */
export async function expectAsDocumented(
  { method = "GET" }: RequestInit,
  path: string,
  response: Response,
): Promise<void> {
  const isStream = STREAMED.test(response.headers.get("content-type") ?? "");
  const text = isStream ? "" : await response.clone().text();
  const { status, headers } = response;
  const answered = { method, path, status, headers, text };
  const flaws = untold(API_DOCUMENT, answered);
  if (flaws.length > 0) {
    throw new Error(`${method} ${path} is not as documented: ${flaws.join("; ")}`);
  }
}
