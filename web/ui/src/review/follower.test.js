import assert from "node:assert/strict";
import { test } from "node:test";

import { signal } from "@preact/signals";

import { Follower, placeOf, stepOf } from "./follower";

// A screen that was shared from 10 s to 20 s and from 30 s to 35 s.
const spans = [
  { timeline_ms: 10_000, media_ms: 0, length_ms: 10_000 },
  { timeline_ms: 30_000, media_ms: 10_000, length_ms: 5_000 },
];

test("a moment is at its place in the second source, and nowhere else", () => {
  const at = (ms, reach = 15_000) => placeOf(spans, ms, reach);
  assert.deepEqual(at(0), { mediaMS: 0, there: false, runs: false });
  assert.deepEqual(at(9_800), { mediaMS: 0, there: true, runs: false }, "a seam, not a gap");
  assert.deepEqual(at(10_000), { mediaMS: 0, there: true, runs: true });
  assert.deepEqual(at(12_345), { mediaMS: 2_345, there: true, runs: true });
  assert.deepEqual(at(20_100), { mediaMS: 10_000, there: false, runs: false }, "what comes is held ready");
  assert.deepEqual(at(34_000), { mediaMS: 14_000, there: true, runs: true });
  assert.deepEqual(at(35_100), { mediaMS: 14_980, there: true, runs: false }, "the last frame stays a moment");
  assert.deepEqual(at(36_000), { mediaMS: 14_980, there: false, runs: false });
  assert.deepEqual(at(36_000, 17_000), { mediaMS: 16_000, there: true, runs: true }, "it has grown");
  assert.deepEqual(placeOf([], 5, 0), { mediaMS: 0, there: false, runs: false });
});

test("a seam of less than half a second does not blank the picture", () => {
  const seam = [
    { timeline_ms: 0, media_ms: 0, length_ms: 1_000 },
    { timeline_ms: 1_300, media_ms: 1_000, length_ms: 1_000 },
  ];
  assert.deepEqual(placeOf(seam, 1_100, 2_000), { mediaMS: 1_000, there: true, runs: false });
});

test("a step is a seek when far off, a nudge when near, nothing when nobody sees it", () => {
  assert.equal(stepOf(600, true, 1), "seek");
  assert.equal(stepOf(-600, true, 2), "seek");
  assert.equal(stepOf(300, true, 1), 1.3);
  assert.equal(stepOf(-100, true, 1.5), 1.4);
  assert.equal(stepOf(-500, true, 0.5), 0.25, "it never stands still");
  assert.equal(stepOf(40, true, 1.25), 1.25);
  assert.equal(stepOf(40, false, 1), "seek");
  assert.equal(stepOf(-3, false, 2), 2);
});

/** A <video> whose clock is turned by hand; a seek lasts as many turns as latency says. */
class FakeVideo extends EventTarget {
  duration = 15;
  readyState = 4;
  playbackRate = 1;
  paused = true;
  ended = false;
  seeking = false;
  seeks = 0;
  latency = 0;
  #at = 0;
  #left = 0;

  get currentTime() {
    return this.#at;
  }
  set currentTime(seconds) {
    this.seeks++;
    this.#at = Math.min(seconds, this.duration);
    this.ended = false;
    this.seeking = true;
    this.#left = this.latency;
  }
  async play() {
    this.paused = false;
  }
  pause() {
    this.paused = true;
  }
  /** Lets ms pass. */
  turn(ms) {
    if (this.seeking && this.#left-- <= 0) {
      this.seeking = false;
      this.dispatchEvent(new Event("seeked"));
    } else if (!this.seeking && !this.paused) {
      this.#at = Math.min(this.duration, this.#at + (ms / 1000) * this.playbackRate);
      if (this.#at === this.duration) this.paused = this.ended = true;
    }
  }
}

function begin(t, now = 0) {
  const leader = { now: signal(now), playing: signal(false), waiting: signal(false), speed: signal(1) };
  const video = new FakeVideo();
  const source = signal({ spans, expected: [{ timeline_ms: 20_000, length_ms: 5_000 }] });
  const follower = new Follower(video, leader, source);
  t.after(() => follower.close());
  let clock = 0;
  t.mock.method(performance, "now", () => clock);
  /** Lets ms pass for both, in frames of 20 ms. */
  const run = (ms, each = () => {}) => {
    for (let passed = 0; passed < ms; passed += 20) {
      clock += 20;
      video.turn(20);
      if (leader.playing.value && !leader.waiting.value) leader.now.value += 20 * leader.speed.value;
      each();
    }
  };
  /** How far the second picture is behind. */
  const off = () => placeOf(spans, leader.now.value, 15_000).mediaMS - video.currentTime * 1000;
  return { leader, video, source, follower, run, off };
}

test("paused, the second picture is exactly where the first is, and goes there once", (t) => {
  const { leader, video, follower, run, off } = begin(t);
  assert.equal(follower.shows.value, "nothing");
  leader.now.value = 12_345;
  run(100);
  assert.equal(follower.shows.value, "picture");
  assert.equal(off(), 0);
  assert.equal(video.seeks, 1);
  assert.equal(video.paused, true);
  leader.now.value = 22_000;
  assert.equal(follower.shows.value, "coming");
  leader.now.value = 26_000;
  assert.equal(follower.shows.value, "nothing");
});

test("a picture that cannot come nearer is not sent there for ever", (t) => {
  const { leader, video, run } = begin(t);
  Object.defineProperty(video, "currentTime", { get: () => 1, set: () => video.seeks++ });
  leader.now.value = 12_000;
  for (let n = 0; n < 10; n++) {
    run(20);
    video.dispatchEvent(new Event("canplay"));
  }
  assert.equal(video.seeks, 1);
});

test("playing, it keeps within 150 ms, at every speed, with seeks that last", (t) => {
  for (const [speed, latency] of [[1, 0], [1, 15], [2, 15], [0.5, 30], [1.5, 60]]) {
    const { leader, video, run, off } = begin(t, 10_000);
    leader.speed.value = speed;
    video.latency = latency;
    leader.playing.value = true;
    run(500);
    leader.now.value = 11_500; // the viewer goes there
    run(3_000);
    const seeks = video.seeks;
    run(1_000, () => assert.ok(Math.abs(off()) <= 150, `${off()} ms off at ${speed}×, ${latency}`));
    assert.equal(video.seeks, seeks, "no seek once it is there");
    t.mock.restoreAll();
  }
});

test("off by less than half a second it hurries, without a seek", (t) => {
  const { leader, video, run, off } = begin(t, 11_000);
  run(100);
  leader.playing.value = true;
  run(200);
  const { seeks } = video;
  leader.now.value += 400;
  run(20);
  assert.ok(video.playbackRate > 1.2);
  run(4_000);
  assert.ok(Math.abs(off()) <= 60, `${off()}`);
  assert.equal(video.playbackRate, 1);
  assert.equal(video.seeks, seeks);
});

test("it waits with the first, at a gap, and for the end", (t) => {
  const { leader, video, follower, run, off } = begin(t, 18_000);
  leader.playing.value = true;
  run(1_000);
  assert.equal(video.paused, false);
  leader.waiting.value = true;
  run(500);
  assert.equal(video.paused, true);
  leader.waiting.value = false;
  run(1_600); // into the gap
  assert.equal(video.paused, true);
  assert.equal(follower.shows.value, "coming");
  assert.ok(Math.abs(off()) < 1, "the next is held ready");
  run(11_000); // beyond it
  assert.equal(follower.shows.value, "picture");
  assert.ok(Math.abs(off()) <= 150);
  run(6_000); // beyond the end
  assert.equal(follower.shows.value, "nothing");
  const seeks = video.seeks;
  run(500);
  assert.equal(video.seeks, seeks);
  leader.now.value = 12_000;
  run(1_500);
  assert.equal(follower.shows.value, "picture");
  assert.equal(video.paused, false);
  assert.ok(Math.abs(off()) <= 150);
});

test("without leave to play it goes from place to place", async (t) => {
  const { leader, video, run, off } = begin(t, 10_000);
  let asked = 0;
  video.play = async () => {
    asked++;
    throw new DOMException("no", "NotAllowedError");
  };
  leader.playing.value = true;
  await Promise.resolve();
  await Promise.resolve();
  await new Promise((resume) => setImmediate(resume));
  run(3_000, () => assert.ok(Math.abs(off()) <= 600));
  assert.equal(asked, 1);
  assert.ok(video.seeks >= 4 && video.seeks <= 8, `${video.seeks}`);
});
