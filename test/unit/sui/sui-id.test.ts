import { describe, expect, test } from "vitest";
import { parseSuiAddress, parseSuiId } from "../../../shared/sui/sui-id.ts";

const FULL = `0x${"ab".repeat(32)}`;

describe("an ID of Sui", () => {
  test.each([
    [FULL, FULL],
    [FULL.slice(2), FULL],
    [FULL.toUpperCase().replace("0X", "0x"), FULL],
    ["0x2", `0x${"2".padStart(64, "0")}`],
  ])("%s is read in full", (text, id) => {
    expect(parseSuiId(text)).toBe(id);
  });

  test.each([
    "",
    "0x",
    "2",
    "0xg",
    `${FULL}0`,
    `${FULL} `,
    FULL.slice(2, -1),
    `0X${FULL.slice(2)}`,
  ])("%j is none", (text) => {
    expect(parseSuiId(text)).toBeNull();
  });
});

test("an address that was cut off is none", () => {
  expect(parseSuiAddress(FULL)).toBe(FULL);
  expect(parseSuiAddress(FULL.slice(2))).toBe(FULL);
  expect(parseSuiAddress(FULL.slice(0, -1))).toBeNull();
  expect(parseSuiAddress("0x2")).toBeNull();
  expect(parseSuiAddress(`0X${FULL.slice(2)}`)).toBeNull();
});
