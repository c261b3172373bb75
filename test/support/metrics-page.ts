/** A page of `/metrics` as tests read it. */
import { LOCAL_METRICS_TOKEN } from "./local-gateway/gateway.ts";

/** Values as text by series, that is by `name` or `name{label="value"}`. */
export type Scraped = ReadonlyMap<string, string>;

/** Scrapes the publisher at `ask`. */
export async function scrape(
  ask: (path: string, init: RequestInit) => Promise<Response>,
): Promise<Scraped> {
  const headers = { authorization: `Bearer ${LOCAL_METRICS_TOKEN}` };
  const page = await (await ask("/metrics", { headers })).text();
  return new Map(
    page.split("\n").map((line): [string, string] => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), line.slice(end + 1)];
    }),
  );
}
