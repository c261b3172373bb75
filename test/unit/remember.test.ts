import { expect, test } from "vitest";
import { remember } from "../../shared/remember.ts";

test("the newest are kept, as many as the bound says", () => {
  const memory = new Map<string, number>();
  for (const [index, key] of ["a", "b", "a", "c"].entries()) remember(memory, key, index, 2);
  // What was said again is new again.
  expect([...memory]).toEqual([
    ["a", 2],
    ["c", 3],
  ]);
});
