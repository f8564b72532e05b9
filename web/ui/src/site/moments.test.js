import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../lib/api";
import { MemoryShelf } from "../lib/outbox";
import { sendMoments } from "./moments";

const settle = async () => { for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve)); };

async function left() {
  const shelf = new MemoryShelf();
  const mark = (id) => ({ type: "moment", id, recording: "r", at_ms: 5000, text: "A moment" });
  await shelf.add("moments/anna", mark("m1"));
  await shelf.add("moments/ben", mark("m2"));
  return shelf;
}

function outside(answer = () => undefined) {
  const asked = [];
  return {
    asked, waits: [],
    request: async (method, path, { body }) => {
      asked.push([method, path, body]);
      return answer();
    },
    now: () => 0,
    after(ms, act) { this.waits.push(act); return () => {}; },
  };
}

test("what somebody marked on an earlier page goes from this one, in their words, and nobody else's", async () => {
  const shelf = await left();
  const server = outside();
  await sendMoments("anna", async () => shelf, server);
  await settle();
  assert.deepEqual(server.asked, [["PUT", "/api/recordings/r/moments/m1", { at_ms: 5000, text: "A moment" }]]);
  assert.equal((await shelf.all("moments/anna")).length, 0);
  assert.equal((await shelf.all("moments/ben")).length, 1);
});

test("without a network it waits", async () => {
  const shelf = await left();
  const server = outside(() => { throw new Problem(0, ""); });
  await sendMoments("anna", async () => shelf, server);
  await settle();
  assert.equal((await shelf.all("moments/anna")).length, 1);
  assert.equal(server.waits.length, 1);
});

test("where nobody is signed in nothing is opened", async () => {
  const opened = () => assert.fail("opened");
  assert.equal(await sendMoments("", opened), null);
  assert.equal(await sendMoments("nobody", opened), null);
});
