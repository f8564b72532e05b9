import assert from "node:assert/strict";
import { test } from "node:test";

import { newID } from "./uuid";

test("ids are UUIDv7 and in the order of their making", () => {
  const ids = Array.from({ length: 10_000 }, () => newID(1_700_000_000_000));
  for (const id of ids) {
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
  assert.deepEqual(ids, [...ids].sort());
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(parseInt(ids[0].replaceAll("-", "").slice(0, 12), 16), 1_700_000_000_000);
});
