import assert from "node:assert/strict";
import { test } from "node:test";

import { parseStoryboard, placeOf, stillAt } from "./storyboard";

const index = `WEBVTT

00:00:00.000 --> 00:00:10.000
storyboard.jpg#xywh=0,0,160,90

00:10.000 --> 00:20.000
storyboard.jpg#xywh=160,0,160,90

NOTE not a still
00:00:20.000 --> 01:00:30.500
storyboard.jpg#xywh=pixel:320,90,160,90
`;

test("the index is read, in either line ends", () => {
  for (const text of [index, index.replaceAll("\n", "\r\n")]) {
    const stills = parseStoryboard(text);
    assert.equal(stills.length, 3);
    assert.deepEqual(stills[2], { start: 20_000, end: 3_630_500, x: 320, y: 90, width: 160, height: 90 });
  }
  assert.deepEqual(parseStoryboard(""), []);
  assert.deepEqual(parseStoryboard("WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nhello"), []);
});

test("a moment has the still that began last", () => {
  const stills = parseStoryboard(index);
  for (const [ms, x] of [[0, 0], [9_999, 0], [10_000, 160], [19_999, 160], [20_000, 320], [9e9, 320]]) {
    assert.equal(stillAt(stills, ms).x, x);
  }
  assert.equal(stillAt([], 5), undefined);
});

test("a still is shown at the width asked for, and the sheet is scaled with it", () => {
  const stills = parseStoryboard(index.replaceAll("160,90", "320,180").replace("160,0", "320,0"));
  const last = stills[1];
  assert.deepEqual({ ...last }, { start: 10_000, end: 20_000, x: 320, y: 0, width: 320, height: 180 });
  const place = placeOf(stills, last, 160);
  assert.deepEqual([place.width, place.height, place.x], [160, 90, -160]);
  assert.deepEqual([place.sheetWidth, place.sheetHeight], [320, 135]);
});
