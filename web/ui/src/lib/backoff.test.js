import assert from "node:assert/strict";
import { test } from "node:test";

import { backoff } from "./backoff";

test("waits double from half a second to eight", () => {
  const waits = [0, 1, 2, 3, 4, 5, 50, 5000].map((attempt) => backoff(attempt, () => 0.5));
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
});

test("laptops that were cut off together do not come back together", () => {
  assert.equal(backoff(0, () => 0), 375);
  assert.equal(backoff(0, () => 0.999999), 625);
  assert.equal(backoff(9, () => 0.999999), 10_000);
});
