import { expect, test } from "vitest";
import { HeldMemory } from "../../shared/held-memory.ts";
import { WorkingMemory } from "../../shared/working-memory.ts";

test("what is needed only for fetching is given back before the rest", async () => {
  const memory = new WorkingMemory(100);
  const held = new HeldMemory(memory, 60, 30);
  await held.take();
  expect(memory.bytesTaken).toBe(90);
  held.hasPassed();
  held.hasPassed();
  expect(memory.bytesTaken).toBe(60);
  held.release();
  expect(memory.bytesTaken).toBe(0);
});

test("two holders that need more do not wait for each other", async () => {
  const memory = new WorkingMemory(100);
  const both = [new HeldMemory(memory, 40), new HeldMemory(memory, 40)];
  await Promise.all(both.map((held) => held.take()));
  const results = both.map((held, index) =>
    held.without(() => memory.with(90, () => Promise.resolve(index))),
  );
  expect(await Promise.all(results)).toEqual([0, 1]);
  expect(memory.bytesTaken).toBe(80);
  for (const held of both) held.release();
  expect(memory.bytesTaken).toBe(0);
});

test("memory that comes after the end is given back", async () => {
  const memory = new WorkingMemory(100);
  const giveBack = await memory.acquire(100);
  const held = new HeldMemory(memory, 10);
  const taking = held.take();
  held.release();
  giveBack();
  await taking;
  expect(memory.bytesTaken).toBe(0);
});

test("memory at once or not at all", async () => {
  const memory = new WorkingMemory(100);
  const first = memory.tryAcquire(80);
  expect(memory.tryAcquire(30)).toBeNull();
  first?.();
  expect(memory.tryAcquire(100)).not.toBeNull();
});
