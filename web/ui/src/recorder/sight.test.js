import assert from "node:assert/strict";
import { test } from "node:test";

import { Sight } from "./sight";

const picture = (...values) => Uint8ClampedArray.from(values.flatMap((v) => [v, v, v, 255]));
const after = (pictures) => pictures.reduce((sight, p) => (sight.seen = sight.look(p), sight), new Sight()).seen;

test("a picture that moves is fine", () => {
  assert.equal(after(Array.from({ length: 40 }, (_, n) => picture(100, n, 50))), "fine");
});

test("a covered lens is dark after some looks, and fine again at once", () => {
  const dark = Array.from({ length: 3 }, (_, n) => picture(n, 3, 12));
  assert.equal(after(dark.slice(0, 2)), "fine");
  assert.equal(after(dark), "dark");
  assert.equal(after([...dark, picture(90, 3, 12)]), "fine");
});

test("a picture that is the same to the last bit stands still", () => {
  const same = (n) => Array.from({ length: n }, () => picture(100, 120));
  assert.equal(after(same(8)), "fine");
  assert.equal(after(same(9)), "still");
  assert.equal(after([...same(9), picture(100, 121)]), "fine");
});
