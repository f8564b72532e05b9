// A lesson with two sources in a real browser: the camera, and a screen that was shared for two parts
// of it, watched together. Both are recorded of the same numbered frames, so whether both pictures
// are of the same moment can be read off them. With BACKROW_SCREENS=FOLDER pictures are kept there.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { newPerson, openChromium, screens } from './lib/browser.mjs';
import { framesPerSecond, makeCamera, makeMicrophone } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { shownFrame } from './lib/shown.mjs';
import { until } from './lib/until.mjs';

const pictures = process.env.BACKROW_SCREENS;
const main = 'video';
const second = '.second video';

let folder;
let server;
let chromium;
let teacher;
let lesson; // its id
let timeline; // what of it is there

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-second-'));
  if (pictures) await mkdir(pictures, { recursive: true });
  const devices = { camera: path.join(folder, 'camera.mjpeg'), microphone: path.join(folder, 'microphone.wav') };
  await makeCamera(devices.camera, 12, { wide: 640 });
  await makeMicrophone(devices.microphone, 4);
  server = await Server.start();
  chromium = await openChromium(devices);
  teacher = await (await newPerson(chromium)).newPage();
  const program = await people.setUp(teacher, server,
    { name: 'Dana Ortiz', email: 'dana@example.org', program: 'Riverside' });
  lesson = await record(program);
});

after(async () => {
  await chromium?.close();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

// record makes a lesson through the API of what the browser's own recorder hands out: ten seconds of
// the camera, and of the same picture as the screen, from about 1 s to 4 s and from 6.5 s to 9.5 s.
function record(program) {
  return teacher.evaluate(async (program) => {
    const newID = () => `01900000-0000-7${crypto.randomUUID().slice(15)}`;
    const call = async (method, path, body, headers) => {
      const answer = await fetch(`/api/recordings${path}`, { method, headers, body });
      if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    };
    const json = { 'Content-Type': 'application/json' };
    const id = newID();
    await call('POST', '', JSON.stringify({ id, program_id: program, title: 'Fractions, shared' }), json);

    const type = ['video/mp4;codecs=avc1.42E01F', 'video/mp4;codecs=vp9'].find((t) => MediaRecorder.isTypeSupported(t));
    const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 360 }, audio: false });
    const zero = performance.now();
    // Times are counted from when a recorder was told to start, as on the recorder's page.
    const take = async (source, from, to) => {
      const wait = (ms) => new Promise((resume) => { setTimeout(resume, zero + ms - performance.now()); });
      await wait(from);
      const recorder = new MediaRecorder(new MediaStream(stream.getVideoTracks()),
        { mimeType: type, videoKeyFrameIntervalDuration: 500 });
      const blobs = [];
      recorder.addEventListener('dataavailable', ({ data }) => data.size > 0 && blobs.push(data));
      recorder.start(500);
      const offset = performance.now() - zero;
      await wait(to);
      const stopped = new Promise((resume) => { recorder.addEventListener('stop', resume); });
      recorder.stop();
      await stopped;
      const path = `/${id}/takes/${newID()}`;
      await call('PUT', path, JSON.stringify({ source, offset_ms: Math.round(offset),
        started_at: new Date().toISOString(), media_type: recorder.mimeType }), json);
      for (const [n, blob] of blobs.entries()) {
        const bytes = await blob.arrayBuffer();
        const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        await call('PUT', `${path}/blobs/${n + 1}`, bytes,
          { 'Content-Digest': `sha-256=:${btoa(String.fromCharCode(...digest))}:` });
      }
      await call('POST', `${path}/end`, JSON.stringify({ blobs: blobs.length, length_ms: Math.round(to - offset),
        reason: 'stopped' }), json);
    };
    await Promise.all([take('camera', 0, 10_000), take('screen', 1_000, 4_000), take('screen', 6_500, 9_500)]);
    await call('POST', `/${id}/finish`, JSON.stringify({ taught_ms: 10_000 }), json);
    return id;
  }, program);
}

// momentOf is where on the timeline the player of a source is.
function momentOf(source, seconds) {
  const { spans } = timeline.sources.find((one) => one.source === source);
  const span = spans.findLast((one) => one.media_ms <= seconds * 1000 + 1) ?? spans[0];
  return span.timeline_ms + seconds * 1000 - span.media_ms;
}

// apart is by how many milliseconds the second picture is behind the first, by the numbers of their
// frames (ms) and by their players' times (timeline); null while either cannot be read.
async function apart(page = teacher) {
  const [one, two] = await Promise.all([page.evaluate(shownFrame, main), page.evaluate(shownFrame, second)]);
  if (one.number === null || two.number === null || one.seeking || two.seeking) return null;
  return { ms: ((one.number - two.number) * 1000) / framesPerSecond,
    timeline: momentOf('camera', one.seconds) - momentOf('screen', two.seconds) };
}

async function seek(ms, page = teacher) {
  const box = await page.locator('.timeline').boundingBox();
  await page.mouse.click(box.x + (box.width * ms) / timeline.duration_ms, box.y + 30);
}

// together resolves when both pictures, standing, are of the same moment: by where their players
// stand on the timeline, and by the numbers that they show, as near as two recorders begin on a busy
// machine. Without the spans they would be a second or more apart.
async function together(page = teacher) {
  let by = null;
  await until('both pictures are of the same moment', async () => {
    by = await apart(page);
    return by !== null && Math.abs(by.timeline) <= 10;
  }, { seconds: 10 });
  assert.ok(Math.abs(by.ms) <= 400, `the frames are ${by.ms} ms apart`);
}

test('both pictures are of the same moment, standing and playing', async () => {
  await people.settled(teacher, server, lesson);
  timeline = await (await teacher.request.get(`${server.url}/api/recordings/${lesson}/timeline`)).json();
  const asked = [];
  teacher.on('request', (request) => asked.push(request.url()));
  await teacher.goto(`${server.url}/recordings/${lesson}`);
  await people.firstFrame(teacher);
  await teacher.getByText('Nothing on the screen here.').waitFor();
  for (const ms of [2_000, 8_200, 3_100, 7_300]) {
    await seek(ms);
    await together();
    assert.equal(await teacher.getByText('Nothing on the screen here.').count(), 0);
  }
  await seek(5_200);
  await teacher.getByText('Nothing on the screen here.').waitFor();

  await seek(1_400);
  await together();
  await teacher.keyboard.press('k');
  const most = [];
  await until('it has played on for a second', async () => {
    const by = await apart();
    if (by !== null) most.push(Math.abs(by.timeline));
    return (await teacher.evaluate(shownFrame, main)).seconds > 2.8;
  }, { seconds: 10 });
  // What is read of both is read one after the other, and a start takes a moment.
  most.sort((a, b) => a - b);
  assert.ok(most.length > 3 && most[Math.floor(most.length * 0.75)] <= 150, `apart by ${most.map(Math.round)} ms`);
  await teacher.keyboard.press('k');
  await until('the second stands too', () => teacher.locator(second).evaluate((v) => v.paused));
  await together();
  assert.ok(asked.some((url) => url.endsWith('source=screen')));
});

test('the pictures are swapped, and the screen is hidden and shown, by name and by key', async () => {
  const width = async (selector) => (await teacher.locator(selector).first().boundingBox()).width;
  const swap = teacher.getByRole('button', { name: 'Swap pictures' });
  if (pictures) await look('camera-large');
  assert.ok(await width(main) > 2 * await width(second));
  await swap.click();
  assert.ok(await width(second) > 2 * await width(main));
  assert.equal(await swap.getAttribute('aria-pressed'), 'true');
  await teacher.getByText('The screen is the large picture.').waitFor();
  if (pictures) await look('screen-large');
  await seek(5_200);
  await teacher.getByText('Nothing on the screen here.').waitFor();
  if (pictures) await look('screen-none');

  // What was chosen is there after a reload.
  await teacher.reload();
  await people.firstFrame(teacher);
  await swap.waitFor();
  assert.ok(await width(second) > 2 * await width(main));
  await teacher.keyboard.press('w');
  assert.ok(await width(main) > 2 * await width(second));

  await teacher.getByRole('button', { name: 'Hide the screen' }).click();
  await teacher.getByText('The screen is hidden.').waitFor();
  assert.equal(await teacher.locator(second).count() + await swap.count(), 0);
  if (pictures) await look('screen-hidden');
  const asked = [];
  teacher.on('request', (request) => asked.push(request.url()));
  await teacher.reload();
  await people.firstFrame(teacher);
  await teacher.getByRole('button', { name: 'Show the screen' }).waitFor();
  assert.deepEqual(asked.filter((url) => url.includes('source=screen')), [], 'hidden, nothing of it is loaded');
  await teacher.keyboard.press('h');
  await seek(8_000);
  await together();
  assert.deepEqual(teacher.context().complaints, []);
});

test('a browser that does not play the playlist itself shows both too', async () => {
  const page = await teacher.context().newPage();
  await page.addInitScript(() => { HTMLMediaElement.prototype.canPlayType = () => ''; });
  await page.goto(`${server.url}/recordings/${lesson}`);
  await people.firstFrame(page);
  for (const ms of [8_200, 2_000]) {
    await seek(ms, page);
    await together(page);
  }
  assert.ok(await page.locator(second).evaluate((v) => v.src.startsWith('blob:')));
  assert.deepEqual(teacher.context().complaints, []);
});

async function look(name) {
  for (const [screen, viewport] of Object.entries(screens)) {
    await teacher.setViewportSize(viewport);
    for (const theme of ['light', 'dark']) {
      await teacher.evaluate((to) => { document.documentElement.dataset.theme = to; }, theme);
      await teacher.screenshot({ path: path.join(pictures, `${name}-${screen}-${theme}.png`) });
    }
  }
  await teacher.setViewportSize(screens.laptop);
}
