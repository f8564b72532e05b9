// The server dies, or is told to stop, in the middle of a lesson that is sent live alone: what was
// said to be saved is there, the page goes on by itself, and it stays one recording.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { newPerson, openChromium } from './lib/browser.mjs';
import { framesPerSecond, makeCamera, makeMicrophone, watchSource } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { lossOf, readBack } from './lib/readback.mjs';
import { Server } from './lib/server.mjs';
import { playlistOf, readTakes } from './lib/takes.mjs';
import { until } from './lib/until.mjs';

const cameraSeconds = 120; // longer than any of these lessons, so that no number comes twice
const loop = cameraSeconds * framesPerSecond;
const enough = 6000; // milliseconds: three segments
const slack = 0.15; // seconds by which sound may outlast the last picture, on a machine that has no time

let folder;
let server;
let chromium;
let teacher;
const contexts = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-crash-'));
  const devices = { camera: path.join(folder, 'camera.mjpeg'), microphone: path.join(folder, 'microphone.wav') };
  await makeCamera(devices.camera, cameraSeconds);
  await makeMicrophone(devices.microphone, cameraSeconds);
  server = await Server.start();
  chromium = await openChromium(devices);
  const context = await newPerson(chromium);
  const lead = await context.newPage();
  const program = await people.setUp(lead, server,
    { name: 'Ada Obi', email: 'lead@example.org', program: 'Riverside residency' });
  teacher = await people.invite(lead, server, chromium, program,
    { name: 'Dana Ortiz', email: 'dana@example.org', role: 'Teacher' });
  await people.liveAlone(teacher.context());
  await teacher.addInitScript(watchSource);
  contexts.push(context, teacher.context());
  // While the server is away, and while somebody is signed out, requests fail and the console says so.
  teacher.context().expected.push(/ERR_CONNECTION_REFUSED/, /ERR_CONNECTION_RESET/, /ERR_EMPTY_RESPONSE/,
    /ERR_SOCKET_NOT_CONNECTED/, /status of 401/, /status of 503/, /status of 404 .*\/whip\//);
});

after(async () => {
  await chromium?.close();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

// begin records as the teacher and answers with the recording's id once some seconds are stored.
async function begin(title) {
  await people.record(teacher, server, title);
  const { items } = await (await teacher.request.get(`${server.url}/api/recordings`)).json();
  const { id } = items.find((recording) => recording.title === title);
  await savedBeyond(id, enough);
  return id;
}

async function savedOf(id, request = teacher.request) {
  const answer = await request.get(`${server.url}/api/recordings/${id}/saved`);
  assert.equal(answer.status(), 200);
  return answer.json();
}

// savedBeyond waits for what is stored to reach a moment, gaps or not: until_ms stays before a gap.
function savedBeyond(id, ms, request) {
  return until(`${ms} ms are stored`, async () => {
    const saved = await savedOf(id, request);
    return saved.reached_ms > ms && saved;
  });
}

function lightSays(words) {
  return teacher.getByRole('region', { name: 'The recording' }).getByText(words).waitFor();
}

async function stopAndSave() {
  await teacher.getByRole('button', { name: 'Stop and save' }).click();
  await teacher.waitForURL(/\/recordings\//);
  await people.firstFrame(teacher);
}

// inOrder shows that frames decode, go up, and that none comes twice.
function inOrder(what, frames) {
  const numbers = frames.map(({ number }) => number);
  const { disorder, doubled, unreadable } = lossOf(frames, loop);
  assert.deepEqual({ disorder, doubled, unreadable }, { disorder: 0, doubled: 0, unreadable: 0 }, what);
  assert.equal(new Set(numbers).size, numbers.length, `${what}: no frame comes twice`);
}

// isWhole shows that a lesson is one recording of two takes, whose frames go up across the seam.
async function isWhole(id, title) {
  const playlist = await playlistOf(teacher.request, server, id);
  assert.ok(playlist.ended, 'the playlist is complete');
  assert.equal(playlist.takes.length, 2, 'it has both takes');
  assert.notEqual(playlist.takes[0].id, playlist.takes[1].id);
  assert.equal(playlist.discontinuities, 1, 'with one seam between them');
  const takes = await readTakes(teacher.request, server, id, playlist);
  for (const take of takes) assert.equal(take.complaints, '', 'it decodes without an error');
  inOrder('both takes', takes.flatMap(({ frames }) => frames));
  const { items } = await (await teacher.request.get(`${server.url}/api/recordings`)).json();
  assert.equal(items.filter((recording) => recording.title === title).length, 1, 'it is one recording');
  return takes;
}

// playsFrom shows that the page plays on from a moment.
async function playsFrom(page, seconds) {
  await page.evaluate((at) => { document.querySelector('video').currentTime = at; }, seconds);
  await page.waitForFunction(() => {
    const video = document.querySelector('video');
    return !video.seeking && video.readyState >= 2;
  });
  await page.evaluate(() => document.querySelector('video').play());
  await page.waitForFunction((at) => document.querySelector('video').currentTime > at + 0.3, seconds);
  await page.evaluate(() => document.querySelector('video').pause());
}

test('kill -9 in the middle: what was saved plays, and the lesson goes on', async (t) => {
  const id = await begin('The server was killed');
  const saved = await savedOf(id);
  const listed = (await playlistOf(teacher.request, server, id)).takes;
  await server.kill();
  await lightSays('No connection');
  await server.again();

  await t.test('up to the last stored segment', async () => {
    const [take, ...later] = (await playlistOf(teacher.request, server, id)).takes;
    const [back] = await readTakes(teacher.request, server, id, { takes: [take] });
    console.log(JSON.stringify({ saved_ms: saved.until_ms, stored_s: back.duration, frames: back.frames.length,
      ...lossOf(back.frames, loop), takes: 1 + later.length }));
    assert.equal(back.complaints, '', 'it decodes without an error');
    const { segments } = listed[0];
    assert.deepEqual(take.segments.slice(0, segments.length), segments, 'what was listed is listed');
    const { duration_ms: now } = await (await teacher.request.get(`${server.url}/api/recordings/${id}`)).json();
    assert.ok(now >= saved.until_ms, `${saved.until_ms} ms were confirmed, ${now} ms are there`);
    const last = back.frames.at(-1).seconds + 1 / framesPerSecond;
    assert.ok(last >= take.seconds - slack, `of ${take.seconds} s the last frame ends at ${last} s`);
    assert.ok(back.duration >= take.seconds - slack, `${back.duration} s of ${take.seconds} s can be read`);
    inOrder('the first take', back.frames);
  });

  await t.test('in a browser, while it goes on', async () => {
    const page = await teacher.context().newPage();
    await page.goto(`${server.url}/recordings/${id}`);
    await people.firstFrame(page);
    await playsFrom(page, saved.until_ms / 1000 - 1.5);
    await page.close();
  });

  await t.test('the page has come back by itself', async () => {
    await savedBeyond(id, saved.until_ms + enough);
    await lightSays(/^Saved until/);
    assert.ok((await savedOf(id)).live);
  });

  await t.test('it is one recording with both takes', async () => {
    await stopAndSave();
    const takes = await isWhole(id, 'The server was killed');
    await playsFrom(teacher, takes[0].seconds - 0.5); // over the seam
    const end = await teacher.evaluate(() => document.querySelector('video').duration);
    await playsFrom(teacher, end - 1);
    await hasWholeDownload(id, takes);
  });
});

async function hasWholeDownload(id, takes) {
  const address = `${server.url}/api/recordings/${id}/renditions/mp4`;
  const answer = await until('the download is made', async () => {
    const got = await teacher.request.get(address);
    return got.ok() && got;
  }, { seconds: 180 });
  const file = path.join(folder, `${id}.mp4`);
  await writeFile(file, await answer.body());
  const { frames, complaints } = await readBack(file);
  assert.equal(complaints, '');
  inOrder('the download', frames);
  const taken = takes.flatMap((take) => take.frames.map(({ number }) => number));
  assert.deepEqual(frames.map(({ number }) => number), taken, 'the download has the frames of both takes');
}

test('SIGTERM in the middle: nothing that arrived is lost, and the lesson goes on', async () => {
  const id = await begin('The server was restarted');
  const framesSent = () => teacher.evaluate(() => JSON.parse(sessionStorage.getItem('sent')).frames);
  const sent = await framesSent();
  await until('those have arrived', async () => await framesSent() >= sent + framesPerSecond / 5);
  const saved = await savedOf(id);
  assert.equal(await server.stop(), 0, 'it ends in order');
  await server.again();

  const [take] = (await playlistOf(teacher.request, server, id)).takes;
  const [back] = await readTakes(teacher.request, server, id, { takes: [take] });
  console.log(JSON.stringify({ sent, stored: back.frames.length, ...lossOf(back.frames, loop) }));
  assert.equal(back.complaints, '');
  assert.ok(back.frames.length >= sent, `${back.frames.length} of at least ${sent} frames are there`);
  assert.ok(take.seconds * 1000 >= saved.until_ms);

  await savedBeyond(id, take.seconds * 1000 + enough);
  await lightSays(/^Saved until/);
  await stopAndSave();
  const [first] = await isWhole(id, 'The server was restarted');
  assert.equal(first.frames.length, back.frames.length, 'the first take is as it was');
});

test('a session that ends leaves the lesson going', async () => {
  const other = await newPerson(chromium);
  contexts.push(other);
  const elsewhere = await other.newPage();
  await people.signIn(elsewhere, server, 'dana@example.org');
  const id = await begin('The session ended');
  const tab = await teacher.context().newPage();
  await tab.goto(`${server.url}/`);
  await people.signOut(tab, { anyway: true }); // a lesson is being recorded
  await lightSays(/^Saved until/); // a recording has a token of its own: nothing changes for it

  const { until_ms: then, live } = await savedOf(id, elsewhere.request);
  assert.ok(live, 'the take is still being received');
  await savedBeyond(id, then + enough, elsewhere.request);

  await people.signIn(tab, server, 'dana@example.org');
  await lightSays(/^Saved until/);
  await stopAndSave();
  const playlist = await playlistOf(teacher.request, server, id);
  assert.equal(playlist.takes.length, 1, 'it is one take, without a break');
  const [{ frames, complaints }] = await readTakes(teacher.request, server, id, playlist);
  assert.equal(complaints, '');
  inOrder('the lesson', frames);
});

test('no page complained', () => {
  for (const context of contexts) assert.deepEqual(context.complaints, []);
});
