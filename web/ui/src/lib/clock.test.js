import assert from "node:assert/strict";
import { test } from "node:test";

import { parseStamp, span, spoken, stamp } from "./clock";

test("a moment is written and read back", () => {
  for (const [ms, text] of [
    [0, "00:00"],
    [999, "00:00"],
    [41_000, "00:41"],
    [754_000, "12:34"],
    [3_599_999, "59:59"],
    [3_661_000, "1:01:01"],
    [-5, "00:00"],
  ]) {
    assert.equal(stamp(ms), text);
    assert.equal(parseStamp(text), Math.max(0, Math.floor(ms / 1000) * 1000));
  }
});

test("what people type is read, and what is no time is not", () => {
  for (const [text, ms] of [
    ["754", 754_000],
    [" 12:34 ", 754_000],
    ["12:34.5", 754_500],
    ["12:34,25", 754_250],
    ["90:00", 5_400_000],
    ["1:60", null],
    ["1:60:00", null],
    ["", null],
    ["soon", null],
    ["-3", null],
    ["1:2:3:4", null],
  ]) {
    assert.equal(parseStamp(text), ms, text);
  }
});

test("a range has two ends, a point one", () => {
  assert.equal(span(751_000, 778_000), "12:31–12:58");
  assert.equal(span(41_000, 41_000), "00:41");
  assert.equal(span(41_000, 41_900), "00:41");
});

test("a moment is spoken in the reader's language", () => {
  assert.equal(spoken(754_000, "en"), "12 minutes 34 seconds");
  assert.equal(spoken(3_600_000, "en"), "1 hour");
  assert.equal(spoken(0, "en"), "0 seconds");
  assert.equal(spoken(61_000, "es"), "1 minuto 1 segundo");
});
