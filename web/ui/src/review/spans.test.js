import assert from "node:assert/strict";
import { test } from "node:test";

import { gapsOf, mediaEnd, rangesOf, toMedia, toTimeline } from "./spans";

/** spans from [length, gap before it] pairs; a gap below 0 is an overlap. */
function lay(...pairs) {
  let timeline = 0;
  let media = 0;
  return pairs.map(([length_ms, gap]) => {
    const span = { timeline_ms: timeline + gap, media_ms: media, length_ms };
    timeline += gap + length_ms;
    media += length_ms;
    return span;
  });
}

const near = (got, want, what) => assert.ok(Math.abs(got - want) < 1e-6, `${what}: ${got}, not ${want}`);

test("without gaps, and without spans, times are the same", () => {
  for (const spans of [[], lay([60_000, 0])]) {
    for (const ms of [0, 1, 33.3667, 59_999.9, 60_000, 61_000]) {
      assert.equal(toTimeline(spans, ms), ms);
      assert.equal(toMedia(spans, ms), ms);
    }
    assert.deepEqual(gapsOf(spans), []);
    assert.deepEqual(rangesOf(spans, [5, 70_000]), [[5, 70_000]]);
  }
});

test("a gap is left out of the player's time", () => {
  const spans = lay([10_033.4, 0], [5_000, 20_000], [1_000, 3_000]);
  near(toTimeline(spans, 10_000), 10_000, "before the gap");
  near(toTimeline(spans, 10_033.4), 30_033.4, "the first after it");
  near(toTimeline(spans, 10_033.3993), 30_033.4, "rounded down by the browser");
  near(toTimeline(spans, 12_033.4), 32_033.4, "after it");
  near(toTimeline(spans, 16_033.4), 39_033.4, "at the end");
  near(toTimeline(spans, 20_000), 43_000, "beyond the end, where it has grown");
  near(toMedia(spans, 32_033.4), 12_033.4, "after the gap");
  near(toMedia(spans, 15_000), 10_033.4, "in the gap: what comes next");
  near(toMedia(spans, 10_033.4), 10_033.4, "as the gap begins");
  near(toMedia(spans, 30_033), 10_033.4, "a rounded mark at its end");
  near(toMedia(spans, 36_000), 15_033.4, "in the second gap");
  assert.deepEqual(gapsOf(spans), [[10_033.4, 30_033.4], [35_033.4, 38_033.4]]);
  near(mediaEnd(spans), 16_033.4, "the end");
});

test("what begins late begins at the player's 0", () => {
  const spans = lay([10_000, 2_500]);
  assert.equal(toTimeline(spans, 0), 2_500);
  assert.equal(toMedia(spans, 0), 0);
  assert.equal(toMedia(spans, 3_000), 500);
  assert.deepEqual(gapsOf(spans), [[0, 2_500]]);
});

test("a seam is not shown as a gap", () => {
  assert.deepEqual(gapsOf(lay([10_000, 0], [10_000, 40], [10_000, -300])), []);
});

test("what is buffered is cut at gaps", () => {
  const spans = lay([10_000, 0], [5_000, 20_000]);
  assert.deepEqual(rangesOf(spans, [8_000, 12_000]), [[8_000, 10_000], [30_000, 32_000]]);
  assert.deepEqual(rangesOf(spans, [11_000, 12_000]), [[31_000, 32_000]]);
  assert.deepEqual(rangesOf(spans, [0, 10_000]), [[0, 10_000]]);
});

/** A generator of numbers, the same at every run. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let n = Math.imul(seed ^ (seed >>> 15), seed | 1);
    n ^= n + Math.imul(n ^ (n >>> 7), n | 61);
    return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("there and back is the same moment, whatever the gaps", () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = seeded(seed);
    const pairs = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, i) => [
      1_000 + random() * 60_000,
      i === 0 ? Math.floor(random() * 2) * 5_000 : [random() * 90_000, 1, 0, -random() * 500][Math.floor(random() * 4)],
    ]);
    const spans = lay(...pairs);
    for (let n = 0; n < 200; n++) {
      const media = random() * mediaEnd(spans);
      const moment = toTimeline(spans, media);
      const at = spans.findLastIndex((span) => span.media_ms <= media + 0.5);
      const next = spans[at + 1];
      // Where takes overlap, the later one is what is shown; within half a millisecond of an edge
      // either side may be meant.
      const clear = !next || (moment < next.timeline_ms - 1 && media < next.media_ms - 1);
      if (clear) near(toMedia(spans, moment), media, `seed ${seed}: ${media} by ${moment}`);
      near(toTimeline(spans, toMedia(spans, toTimeline(spans, toMedia(spans, moment)))),
        toTimeline(spans, toMedia(spans, moment)), `seed ${seed}: again`);
    }
    for (const [from, to] of gapsOf(spans)) {
      const inside = from + 1 + random() * (to - from - 2);
      near(toTimeline(spans, toMedia(spans, inside)), to, `seed ${seed}: a gap leads to its end`);
    }
    const all = rangesOf(spans, [0, mediaEnd(spans)]);
    near(all.reduce((sum, [from, to]) => sum + to - from, 0), mediaEnd(spans), "all is there");
  }
});
