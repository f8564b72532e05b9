import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, marksOf, matches, perform, shownOf } from "./marks";

const me = { id: "me", name: "Ida" };
const now = "2026-11-22T08:00:00.000000Z";
const mark = (id, start_ms, more = {}) => ({
  id, recording_id: "r", author: me, start_ms, end_ms: start_ms, kind: "note", target_area_ids: [],
  text: id, visibility: "shared", status: "open", version: 1, created_at: now, updated_at: now,
  deleted: false, replies: [], ...more,
});
const reply = (id, more = {}) => ({
  id, annotation_id: "a", author: me, text: id, version: 1, created_at: now, updated_at: now,
  deleted: false, ...more,
});
const event = (more) => ({ seq: 1, change: "", annotation_id: "a", ...more });

test("an event puts the thing in the place of what is held", () => {
  let marks = marksOf([mark("a", 5)]);
  marks = apply(marks, event({ annotation: mark("a", 9, { version: 2 }) }));
  assert.equal(marks.get("a").start_ms, 9);
  marks = apply(marks, event({ reply: reply("r2") }));
  marks = apply(marks, event({ reply: reply("r1") }));
  assert.deepEqual(marks.get("a").replies.map(({ id }) => id), ["r1", "r2"]);
  marks = apply(marks, event({ reply: reply("r1", { deleted: true, text: "" }) }));
  assert.deepEqual(marks.get("a").replies.map(({ id }) => id), ["r2"]);
  const twice = apply(marks, event({ reply: reply("r2") }));
  assert.deepEqual(twice, marks);
  assert.equal(apply(marks, event({})).size, 0);
});

test("a deleted mark is not shown, and comes back restored", () => {
  let marks = apply(marksOf([mark("a", 5)]), event({ annotation: mark("a", 5, { deleted: true }) }));
  assert.deepEqual(shownOf(marks, [], me), []);
  marks = apply(marks, event({ annotation: mark("a", 5) }));
  assert.equal(shownOf(marks, [], me).length, 1);
});

test("what waits is shown at once, in the timeline's order", () => {
  const base = marksOf([mark("a", 5000), mark("c", 9000)]);
  const shown = shownOf(base, [
    { n: 1, write: { type: "create", id: "b", start_ms: 7000, end_ms: 7000, kind: "question", target_area_ids: [], text: "?", visibility: "shared" } },
    { n: 2, write: { type: "reply", id: "r1", annotation_id: "a", text: "yes" } },
    { n: 3, write: { type: "edit", id: "c", version: 1, text: "changed" } },
    { n: 4, write: { type: "delete", id: "x", version: 1 } },
  ], me);
  assert.deepEqual(shown.map(({ id, waiting }) => [id, !!waiting]), [["a", false], ["b", true], ["c", true]]);
  assert.equal(shown[0].replies[0].waiting, true);
  assert.equal(shown[1].author.name, "Ida");
  assert.equal(shown[2].text, "changed");
  assert.equal(base.get("c").text, "c", "what the server said is not touched");
});

test("what was refused is not shown as if it were there", () => {
  const refused = { n: 1, write: { type: "delete", id: "a", version: 1 }, refused: { kind: "conflict" } };
  assert.equal(shownOf(marksOf([mark("a", 0)]), [refused], me).length, 1);
});

test("a write that has arrived already changes nothing", () => {
  const edited = marksOf([mark("a", 0, { version: 2, text: "new" })]);
  assert.equal(perform(edited, { type: "edit", id: "a", version: 1, text: "old" }, me, now).get("a").text, "new");
  const created = perform(edited, { type: "create", id: "a", text: "again" }, me, now);
  assert.equal(created.get("a").text, "new");
  const replied = marksOf([mark("a", 0, { replies: [reply("r1")] })]);
  const again = perform(replied, { type: "reply", id: "r1", annotation_id: "a", text: "?" }, me, now);
  assert.equal(again.get("a").replies.length, 1);
});

test("edits upon edits raise the version one by one", () => {
  let marks = marksOf([mark("a", 0)]);
  marks = perform(marks, { type: "edit", id: "a", version: 1, text: "one" }, me, now);
  marks = perform(marks, { type: "edit", id: "a", version: 2, kind: "strength" }, me, now);
  assert.deepEqual([marks.get("a").text, marks.get("a").kind, marks.get("a").version], ["one", "strength", 3]);
});

test("nothing that has not changed is made anew", () => {
  const one = mark("a", 0);
  assert.equal(shownOf(marksOf([one]), [], me)[0], one);
  const waiting = [{ n: 1, write: { type: "edit", id: "b", version: 1, text: "x" } }];
  assert.equal(shownOf(marksOf([one, mark("b", 1)]), waiting, me)[0], one);
});

test("the filter asks for area, kind and person", () => {
  const all = { areas: new Set(), kinds: new Set(), person: "" };
  const it = mark("a", 0, { target_area_ids: ["t1", "t2"] });
  assert.equal(matches(it, all), true);
  assert.equal(matches(it, { ...all, areas: new Set(["t2"]) }), true);
  assert.equal(matches(it, { ...all, areas: new Set([""]) }), false);
  assert.equal(matches(mark("b", 0), { ...all, areas: new Set([""]) }), true);
  assert.equal(matches(it, { ...all, kinds: new Set(["strength"]) }), false);
  assert.equal(matches(it, { ...all, person: "you" }), false);
});
