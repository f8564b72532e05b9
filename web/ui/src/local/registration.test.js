import assert from "node:assert/strict";
import { test } from "node:test";

import { Problem } from "../lib/api";
import { register } from "./registration";

const day = 24 * 3600 * 1000;
const began = Date.parse("2026-03-01T08:00:00Z");
const bare = { id: "r1", program_id: "p", title: "Fractions", class: "" };
const full = { ...bare, target_area_ids: ["t"], share_with: ["gone"] };

/** Registers a lesson so long after it began with a server that refuses what it is told to. */
async function after(ms, create, refuse = () => null) {
  const asked = [];
  const post = async (body) => {
    asked.push(body);
    const no = refuse(body);
    if (no) throw new Problem(no, `No: ${no}.`);
    return { capture_token: "brt_1" };
  };
  const lesson = { create, startedAt: new Date(began).toISOString() };
  const made = await register(post, lesson, began + ms).catch((cause) => ({ cause }));
  return { ...made, asked };
}

test("a lesson says when it began where that is not now", async () => {
  const said = async (ms) => (await after(ms, full)).asked[0].started_at;
  assert.equal(await said(60_000), undefined);
  assert.equal(await said(60_001), "2026-03-01T08:00:00.000Z");
  assert.equal(await said(20 * day - 1), "2026-03-01T08:00:00.000Z");
  assert.equal(await said(20 * day), undefined, "there must be time to send it");
  assert.equal(await said(-day), undefined, "a clock that was set back");
});

test("whom it cannot go to does not stand against the lesson", async () => {
  const made = await after(0, full, (body) => (body.share_with ? 422 : null));
  assert.deepEqual([made.token, made.without], ["brt_1", "No: 422."]);
  assert.deepEqual(made.asked, [full, bare]);
});

test("nor does when it began; and what is right of it is kept", async () => {
  const clock = await after(day, full, (body) => (body.started_at ? 422 : null));
  assert.deepEqual(clock.asked.at(-1), full);
  const people = await after(day, full, (body) => (body.share_with ? 422 : null));
  assert.deepEqual(people.asked.at(-1), { ...bare, started_at: "2026-03-01T08:00:00.000Z" });
  const both = await after(day, full, (body) => (body.share_with || body.started_at ? 422 : null));
  assert.deepEqual(both.asked.at(-1), bare);
});

test("any other refusal is one, and so is that of a lesson without any of it", async () => {
  for (const status of [0, 401, 403, 409, 503]) {
    const { cause, asked } = await after(day, full, () => status || 500);
    assert.equal(cause.status, status || 500);
    assert.equal(asked.length, 1);
  }
  const { cause, asked } = await after(0, { ...bare, share_with: [], target_area_ids: [] }, () => 422);
  assert.equal(cause.status, 422);
  assert.equal(asked.length, 1);
});
