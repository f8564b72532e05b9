import assert from "node:assert/strict";
import { test } from "node:test";

import { LessonClock } from "./clock";

test("the clock counts while it runs and not in pauses", () => {
  let now = 1000;
  const clock = new LessonClock(() => now);
  assert.equal(clock.elapsed, 0);
  clock.start();
  now += 5000;
  clock.start(); // changes nothing
  assert.equal(clock.elapsed, 5000);
  clock.pause();
  now += 60_000;
  assert.equal(clock.elapsed, 5000);
  assert.equal(clock.running, false);
  clock.start();
  now += 250.4;
  assert.equal(clock.elapsed, 5250);
});

test("a lesson that is continued goes on from where it was", () => {
  let now = 0;
  const clock = new LessonClock(() => now, 31_000);
  assert.equal(clock.elapsed, 31_000);
  clock.start();
  now = 500;
  assert.equal(clock.elapsed, 31_500);
});

test("pausing twice loses nothing", () => {
  let now = 0;
  const clock = new LessonClock(() => now);
  clock.start();
  now = 700;
  clock.pause();
  now = 900;
  clock.pause();
  assert.equal(clock.elapsed, 700);
});
