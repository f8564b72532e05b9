import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { resumeAt, Shelf } from "./unfinished";

const kept = new Map();
globalThis.localStorage = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
};
beforeEach(() => kept.clear());

const lesson = {
  recording: "r", title: "Fractions", people: ["Maya"], targets: [{ name: "Wait time", hue: 1 }],
  elapsed: 5000, at: 100_000, paused: false,
};

test("a lesson is found by whoever recorded it, and by nobody else", () => {
  new Shelf("dana").keep(lesson);
  assert.deepEqual(new Shelf("dana").find(), lesson);
  assert.equal(new Shelf("samuel").find(), null);
  new Shelf("samuel").forget();
  assert.deepEqual(new Shelf("dana").find(), lesson);
  new Shelf("dana").forget();
  assert.equal(new Shelf("dana").find(), null);
});

test("what cannot be read is no lesson", () => {
  for (const text of ["", "null", "7", "[]", "{", '{"recording":1,"elapsed":2}', '{"recording":"r"}']) {
    kept.set("backrow.recording.dana", text);
    assert.equal(new Shelf("dana").find(), null, text);
  }
  kept.set("backrow.recording.dana", '{"recording":"r","elapsed":7}');
  assert.deepEqual(new Shelf("dana").find().people, []);
});

test("storage that is off is no failure", () => {
  const there = globalThis.localStorage;
  globalThis.localStorage = undefined;
  const shelf = new Shelf("dana");
  shelf.keep(lesson);
  shelf.forget();
  assert.equal(shelf.find(), null);
  globalThis.localStorage = there;
});

test("the clock ran on while the page was away, unless it was paused", () => {
  assert.equal(resumeAt(lesson, 104_000), 9000);
  assert.equal(resumeAt({ ...lesson, paused: true }, 104_000), 5000);
  assert.equal(resumeAt(lesson, 90_000), 5000, "a wall clock that was set back takes nothing away");
});
