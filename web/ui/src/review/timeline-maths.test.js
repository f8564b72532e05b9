import assert from "node:assert/strict";
import { test } from "node:test";

import {
  bars, clampView, clusters, follow, nearest, neighbour, ticks, toMS, toX, zoom,
} from "./timeline-maths";

const hour = 3_600_000;
const whole = { from: 0, to: hour };
const point = (id, start_ms) => ({ id, start_ms, end_ms: start_ms });
const range = (id, start_ms, end_ms) => ({ id, start_ms, end_ms });

test("places and moments are each other's inverse", () => {
  const view = { from: 600_000, to: 900_000 };
  for (const x of [0, 1, 333, 940]) assert.ok(Math.abs(toX(view, 940, toMS(view, 940, x)) - x) < 1e-6);
  assert.equal(toX(view, 940, 600_000), 0);
  assert.equal(toX(view, 940, 900_000), 940);
  assert.ok(Number.isFinite(toX({ from: 0, to: 0 }, 0, 5)));
});

test("a view stays inside the recording", () => {
  assert.deepEqual(clampView({ from: -50_000, to: 50_000 }, hour), { from: 0, to: 100_000 });
  assert.deepEqual(clampView({ from: hour - 1000, to: hour + 99_000 }, hour), {
    from: hour - 100_000,
    to: hour,
  });
  assert.deepEqual(clampView({ from: 5, to: 6 }, 9_000), { from: 0, to: 9_000 });
  assert.deepEqual(clampView({ from: 0, to: 0 }, 0), { from: 0, to: 1 });
});

test("zooming keeps the moment where it is, as far as the ends allow", () => {
  const at = hour / 2;
  const close = zoom(whole, hour, 0.5, at);
  assert.ok(Math.abs(toX(close, 1000, at) - toX(whole, 1000, at)) < 1e-6);
  assert.equal(close.to - close.from, hour / 2);
  assert.deepEqual(zoom(close, hour, 100, at), whole);
  const closest = zoom(whole, hour, 1e-9, at);
  assert.equal(closest.to - closest.from, 20_000);
  assert.deepEqual(zoom(whole, hour, 0.5, 0), { from: 0, to: hour / 2 });
});

test("the playhead takes the view along", () => {
  const view = { from: 0, to: 60_000 };
  assert.equal(follow(view, hour, 30_000), view);
  const next = follow(view, hour, 61_000);
  assert.equal(next.to - next.from, 60_000);
  assert.ok(next.from < 61_000 && next.to > 61_000);
});

test("marks that would touch are one cluster", () => {
  const marks = [point("a", 0), point("b", 30_000), range("c", 600_000, 900_000), point("d", hour)];
  const found = clusters(marks, whole, 1000, 16);
  assert.deepEqual(found.map(({ marks }) => marks.map(({ id }) => id)), [["a", "b"], ["c"], ["d"]]);
  assert.equal(found[0].endX, found[0].x);
  assert.ok(Math.abs(found[1].endX - 250) < 1e-6);
});

test("a thousand marks are no more clusters than there is room for", () => {
  const marks = Array.from({ length: 1000 }, (_, i) => point(String(i), i * 3600));
  const found = clusters(marks, whole, 940, 16);
  assert.ok(found.length <= 940 / 16 + 1);
  assert.equal(found.reduce((sum, { marks }) => sum + marks.length, 0), 1000);
});

test("marks outside the view are not drawn, ranges that reach into it are", () => {
  const marks = [point("a", 0), range("b", 0, 700_000), point("c", 650_000), point("d", hour)];
  const found = clusters(marks, { from: 600_000, to: 900_000 }, 1000, 16);
  assert.deepEqual(found.flatMap(({ marks }) => marks.map(({ id }) => id)), ["b", "c"]);
});

test("the nearest mark is the one that the moment is in, or the closest", () => {
  const marks = [range("a", 0, 60_000), range("b", 10_000, 20_000), point("c", 70_000)];
  assert.equal(nearest(marks, 15_000, 10_000).id, "b");
  assert.equal(nearest(marks, 40_000, 10_000).id, "a");
  assert.equal(nearest(marks, 66_000, 10_000).id, "c");
  assert.equal(nearest(marks, 90_000, 10_000), undefined);
  assert.equal(nearest([], 0, 10_000), undefined);
});

test("the keys go from mark to mark and do not stay on one", () => {
  const marks = [point("a", 1000), point("b", 5000), point("c", 9000)];
  assert.equal(neighbour(marks, 5010, 1).id, "c");
  assert.equal(neighbour(marks, 4990, 1).id, "c");
  assert.equal(neighbour(marks, 5010, -1).id, "a");
  assert.equal(neighbour(marks, 500, -1), undefined);
  assert.equal(neighbour(marks, 9000, 1), undefined);
});

test("ticks are round and have room", () => {
  assert.deepEqual(ticks({ from: 0, to: 60_000 }, 600, 96), [0, 10_000, 20_000, 30_000, 40_000, 50_000, 60_000]);
  for (const [from, to] of [[0, hour], [123_456, 234_567], [0, 10 * hour], [0, 1]]) {
    const found = ticks({ from, to }, 940, 96);
    for (let i = 1; i < found.length; i++) {
      assert.ok(toX({ from, to }, 940, found[i]) - toX({ from, to }, 940, found[i - 1]) >= 95.9);
    }
  }
});

test("a bar is the loudest of what it spans", () => {
  const peaks = [0, 255, 0, 0, 51, 0, 0, 0];
  const found = bars(peaks, 2, { from: 0, to: 4000 }, 4);
  assert.deepEqual([...found].map((v) => Math.round(v * 100)), [100, 0, 20, 0]);
  assert.deepEqual([...bars(peaks, 2, { from: 0, to: 8000 }, 2)].map((v) => Math.round(v * 100)), [100, 0]);
  assert.deepEqual([...bars([], 2, { from: 0, to: 8000 }, 2)], [0, 0]);
});
