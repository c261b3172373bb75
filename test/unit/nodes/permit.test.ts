import { describe, expect, test } from "vitest";
import { REQUESTS_IN_FLIGHT_MAX } from "../../../shared/limits.ts";
import { createPermit } from "../../../shared/nodes/permit.ts";

/** A fetch whose answers are given by hand. */
function heldFetch() {
  const started: string[] = [];
  const answers: (() => void)[] = [];
  const fetch = (request: Request) => {
    started.push(new URL(request.url).pathname);
    return new Promise<Response>((resolve) => answers.push(() => resolve(new Response())));
  };
  return { fetch, started, answers };
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

describe("the permit of six", () => {
  test("starts six requests and the seventh only when headers have arrived", async () => {
    const { fetch, started, answers } = heldFetch();
    const permit = createPermit(fetch);
    const sent = Array.from({ length: 8 }, (_, index) =>
      permit.send(() => new Request(`http://node/${index}`)),
    );
    await turns();
    expect(started).toHaveLength(REQUESTS_IN_FLIGHT_MAX);
    answers[0]?.();
    await turns();
    expect(started).toEqual(["/0", "/1", "/2", "/3", "/4", "/5", "/6"]);
    expect(permit.inFlight).toBe(REQUESTS_IN_FLIGHT_MAX);
    for (let index = 1; index < 8; index++) {
      answers[index]?.();
      await turns();
    }
    await Promise.all(sent);
    expect(permit.inFlight).toBe(0);
  });

  test("builds the request only when a slot is free, so that time-outs are not armed early", async () => {
    const { fetch, answers } = heldFetch();
    const permit = createPermit(fetch, 1);
    const first = permit.send(() => new Request("http://node/1"));
    let built = false;
    const second = permit.send(() => {
      built = true;
      return new Request("http://node/2");
    });
    await turns();
    expect(built).toBe(false);
    answers[0]?.();
    await first;
    await turns();
    expect(built).toBe(true);
    answers[1]?.();
    await second;
  });

  test("leaves the queue when its signal is aborted, without taking a slot", async () => {
    const { fetch, started, answers } = heldFetch();
    const permit = createPermit(fetch, 1);
    const first = permit.send(() => new Request("http://node/1"));
    const giveUp = new AbortController();
    const second = permit.send(() => new Request("http://node/2"), giveUp.signal);
    const third = permit.send(() => new Request("http://node/3"));
    giveUp.abort(new Error("enough"));
    await expect(second).rejects.toThrow("enough");
    answers[0]?.();
    await first;
    await turns();
    expect(started).toEqual(["/1", "/3"]);
    answers[1]?.();
    await third;
    expect(permit.inFlight).toBe(0);
  });

  test("gives the next slot to who is to be first, and then to the others in order", async () => {
    const { fetch, started, answers } = heldFetch();
    const permit = createPermit(fetch, 1);
    const sent = ["1", "2", "3"].map((name) =>
      permit.send(() => new Request(`http://node/${name}`)),
    );
    sent.push(permit.send(() => new Request("http://node/first"), undefined, true));
    for (let index = 0; index < sent.length; index++) {
      await turns();
      answers[index]?.();
    }
    await Promise.all(sent);
    expect(started).toEqual(["/1", "/first", "/2", "/3"]);
  });

  test("frees the slot of a request that fails", async () => {
    const permit = createPermit(() => Promise.reject(new Error("refused")), 1);
    await expect(permit.send(() => new Request("http://node/"))).rejects.toThrow("refused");
    expect(permit.inFlight).toBe(0);
  });

  test.each([0, 7, 1.5])("refuses %d slots", (slotCount) => {
    expect(() => createPermit(fetch, slotCount)).toThrow(RangeError);
  });
});
