import assert from "node:assert/strict";
import { test } from "node:test";

import { Phone } from "./phone";

/** A server that answers as it is told to, and a clock that is wound by hand. */
function bench(token = "bmt_x") {
  const sent = [];
  const outside = {
    time: 1000,
    answer: () => ({ status: 201, body: { at_ms: 61_000 } }),
    now: () => outside.time,
    async fetch(path, init) {
      sent.push({ method: init.method, path, auth: init.headers.Authorization, body: init.body && JSON.parse(init.body) });
      const { status, body } = outside.answer(init.method, path);
      if (status === 0) throw new TypeError("network");
      return new Response(status === 204 ? null : JSON.stringify(body ?? {}), { status });
    },
  };
  return { sent, outside, phone: new Phone("lesson", token, outside) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

test("a tap is marked with the token alone, by how long ago it was", async () => {
  const { phone, sent } = bench();
  phone.mark();
  await settled();
  assert.equal(phone.last.state, "marked");
  assert.equal(phone.last.lessonMS, 61_000);
  assert.equal(sent[0].auth, "Bearer bmt_x");
  assert.deepEqual(sent[0].body, { ago_ms: 0 });
  phone.close();
});

test("a tap without a connection waits, and keeps its place", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { phone, sent, outside } = bench();
  outside.answer = () => ({ status: 0 });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  phone.mark();
  await turn();
  assert.equal(phone.last.state, "waiting");
  assert.ok(phone.away.value);
  outside.answer = () => ({ status: 201, body: { at_ms: 5 } });
  outside.time += 7000;
  t.mock.timers.tick(2000);
  await turn(); await turn();
  assert.deepEqual(sent.at(-1).body, { ago_ms: 7000 });
  assert.equal(sent.at(-1).path, sent[0].path);
  assert.equal(phone.last.state, "marked");
  phone.close();
});

test("undo takes the last mark back", async () => {
  const { phone, sent, outside } = bench();
  phone.mark();
  await settled();
  outside.answer = () => ({ status: 204 });
  await phone.undo();
  assert.equal(phone.last.state, "undone");
  assert.equal(sent.at(-1).method, "DELETE");
  assert.equal(sent.at(-1).path, sent[0].path);
  phone.close();
});

test("the end of the lesson ends the page", async () => {
  const { phone, outside } = bench();
  outside.answer = () => ({ status: 401 });
  phone.mark();
  await settled();
  assert.equal(phone.state.value, "over");
  phone.mark();
  assert.equal(phone.taps.value.length, 1);
  phone.close();
});

test("the lesson's clock runs, and stands while it is paused", async () => {
  const { phone, outside } = bench();
  outside.answer = () => ({ status: 200, body: { elapsed_ms: 60_000, running: true } });
  phone.begin();
  await settled();
  outside.time += 2500;
  assert.equal(phone.elapsed(), 62_500);
  phone.clock.value = { elapsedMS: 70_000, running: false, at: outside.time };
  outside.time += 9000;
  assert.equal(phone.elapsed(), 70_000);
  phone.close();
});

test("an address without a token says so and asks nothing", () => {
  const { phone, sent } = bench("");
  phone.begin();
  phone.mark();
  assert.equal(phone.state.value, "broken");
  assert.equal(sent.length, 0);
});
