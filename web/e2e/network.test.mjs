// Lessons over a network that is cut, from a browser that is killed, and by two random schedules of
// all that can happen: every frame that the laptop encoded is in the recording, once and in order.
// BACKROW_SEED repeats the schedules of that seed. scripts/torture does the many others.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { framesPerSecond } from './lib/lesson.mjs';
import { Lab } from './lib/lab.mjs';
import { record } from './lib/runs.mjs';

const seed = Number(process.env.BACKROW_SEED ?? Math.floor(Math.random() * 1e6));
let lab;

before(async () => { lab = await Lab.open({ seconds: 100, cameras: 2 }); });
after(async () => { await lab?.close(); });

// holds does a run and shows that of what was encoded no more than so many frames are missing. Where
// one take follows another, one frame may be missing or come twice.
async function holds(name, { lost = 0 } = {}) {
  const row = await record(lab, name);
  console.log(JSON.stringify(row));
  assert.ok(row.encoded > 5 * framesPerSecond, 'there was something to lose');
  const seams = row.takes - 1;
  const afterPause = 10 * row.pauses;
  assert.ok(row.missing <= lost + seams + afterPause, `${row.missing} of ${row.encoded} frames are missing`);
  assert.ok(row.doubled <= seams, `${row.doubled} frames come twice at ${seams} seams`);
  assert.deepEqual({ disorder: row.disorder, unreadable: row.unreadable }, { disorder: 0, unreadable: 0 });
  assert.ok(row.av_kept_ms !== null && Math.abs(row.av_kept_ms) <= 40, `sound and picture are ${row.av_kept_ms} ms apart`);
  assert.equal(row.complaints, '');
  return row;
}

test('a network that is cut for 5 s', async () => {
  const { gaps } = await holds('cut of 5 s');
  assert.equal(gaps, 0, 'the lesson has no hole');
});

test('a browser that is killed loses no more than 2 s', () => holds('browser killed', { lost: 2 * framesPerSecond }));

for (const one of [seed, seed + 1]) test(`random schedule ${one}`, () => holds(`random ${one} short`));
