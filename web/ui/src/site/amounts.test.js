import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.document = { documentElement: { lang: "en" } };
const { about, length, size } = await import("./amounts");

test("sizes", () => {
  for (const [bytes, said] of [[0, "0 kB"], [1, "1 kB"], [999_999, "1,000 kB"], [1_000_000, "1 MB"],
    [4_560_000, "4.6 MB"], [84_000_000, "84 MB"], [1_240_000_000, "1.2 GB"]]) {
    assert.equal(size(bytes), said);
  }
});

test("lengths", () => {
  for (const [ms, said] of [[0, "1 sec"], [12_000, "12 sec"], [59_600, "1 min"], [720_000, "12 min"],
    [3_600_000, "1 hr"], [4_320_000, "1 hr 12 min"], [59 * 60_000 + 40_000, "1 hr"]]) {
    assert.equal(length(ms), said);
  }
});

test("guesses are round", () => {
  for (const [ms, said] of [[1, "5 sec"], [41_000, "45 sec"], [58_000, "1 min"], [185_000, "3 min"]]) {
    assert.equal(about(ms), said);
  }
});
