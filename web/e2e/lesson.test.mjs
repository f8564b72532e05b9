// The main job, end to end, in a real browser: the first visit, people who join, a lesson of 30 s
// whose frames are numbered, feedback on it, and the report. The figures are printed.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { newPerson, openChromium, openFirefox } from './lib/browser.mjs';
import { framesPerSecond, makeCamera, makeMicrophone, watchSource } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { lossOf, offsetOf, readBack } from './lib/readback.mjs';
import { Server } from './lib/server.mjs';
import { until } from './lib/until.mjs';

const run = promisify(execFile);
const cameraSeconds = 60; // the file camera begins again after that
const lessonSeconds = 30;

let folder;
let server;
let chromium;
let teacher;
let instructor;
let lesson; // the address of its page
const contexts = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-lesson-'));
  const devices = { camera: path.join(folder, 'camera.mjpeg'), microphone: path.join(folder, 'microphone.wav') };
  await makeCamera(devices.camera, cameraSeconds);
  await makeMicrophone(devices.microphone, cameraSeconds);
  server = await Server.start();
  chromium = await openChromium(devices);
});

after(async () => {
  await chromium?.close();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

test('the first visitor sets up, and the people join', async () => {
  const context = await newPerson(chromium);
  const lead = await context.newPage();
  const program = await people.setUp(lead, server,
    { name: 'Samuel Adéyẹmí', email: 'lead@example.org', program: 'Riverside residency' });
  instructor = await people.invite(lead, server, chromium, program,
    { name: 'Maya Lindqvist', email: 'maya@example.org', role: 'Instructor' });
  teacher = await people.invite(lead, server, chromium, program,
    { name: 'دانا Ortiz', email: 'dana@example.org', role: 'Teacher' });
  await people.addAreas(lead, server, program, ['Wait time', 'Checking understanding']);
  await people.pair(lead, server, program, 'Maya Lindqvist', 'دانا Ortiz');
  await people.addTarget(teacher, server, 'Wait time', 'I wait five seconds.');
  contexts.push(context, teacher.context(), instructor.context());
});

test('a lesson of 30 s is stored while it is taught, and plays at once', async () => {
  await teacher.addInitScript(watchSource);
  await people.record(teacher, server, 'Fractions — 分数, period 3');
  await until('30 s have been taught', async () => {
    const [minutes, seconds] = (await teacher.getByRole('timer').textContent()).split(':').map(Number);
    return minutes * 60 + seconds >= lessonSeconds;
  });
  const source = await teacher.evaluate(() => globalThis.__source());

  await teacher.getByRole('button', { name: 'Stop and save' }).click();
  await teacher.waitForURL(/\/recordings\//);
  await people.firstFrame(teacher);
  const wait = await teacher.evaluate(() => Number(sessionStorage.getItem('shown')) - Number(sessionStorage.getItem('clicked')));
  lesson = teacher.url();

  const sent = JSON.parse(await teacher.evaluate(() => sessionStorage.getItem('sent')));
  await teacher.reload(); // what opening a lesson takes on this machine, however busy it is
  await people.firstFrame(teacher);
  const opens = await teacher.evaluate(() => Number(sessionStorage.getItem('shown')) - performance.timeOrigin);
  const headers = await people.cookiesOf(teacher.context(), server);
  const id = lesson.split('/').at(-1);
  await people.settled(teacher, server, id);
  const back = await readBack(`${server.url}/api/recordings/${id}/playlist.m3u8`, { headers });
  const loss = lossOf(back.frames, cameraSeconds * framesPerSecond);
  const sourceOffset = offsetOf(source.flashes, source.beeps, 1000);
  const offset = offsetOf(back.flashes, back.beeps, 1) * 1000 - sourceOffset;
  const lasted = back.frames.at(-1).seconds - back.frames[0].seconds + 1 / framesPerSecond;
  const { duration_ms: said } = await (await teacher.request.get(`${server.url}/api/recordings/${id}`)).json();
  console.log(JSON.stringify({ sent: sent.frames, stored: back.frames.length, ...loss, offset_ms: Math.round(offset),
    source_offset_ms: Math.round(sourceOffset), seconds: back.duration, taught: lasted, wait_ms: Math.round(wait), opens_ms: Math.round(opens) }));

  assert.equal(back.complaints, '', 'it decodes without an error');
  assert.ok(back.frames.length >= 0.99 * sent.frames, `${back.frames.length} of ${sent.frames} frames are there`);
  assert.equal(loss.disorder + loss.doubled + loss.unreadable, 0, 'in order, once, readable');
  assert.ok(Math.abs(offset) <= 40, `sound and picture are ${offset} ms apart`);
  assert.ok(Math.abs(back.duration - said / 1000) <= 0.2, `it lasts ${back.duration} s, and ${said} ms by the catalogue`);
  assert.ok(Math.abs(back.duration - lasted) <= 0.2, `it lasts ${back.duration} s and its frames ${lasted} s`);
  assert.ok(back.duration >= lessonSeconds - 0.5, `it lasts ${back.duration} s, and ${lessonSeconds} s were taught`);
  const bound = Math.max(1000, 3 * opens);
  assert.ok(wait > 0 && wait <= bound, `it played ${wait} ms after Stop and save, and opens in ${opens} ms`);
});

test('stills, waveform and download appear without a reload', async () => {
  await teacher.evaluate(() => { globalThis.__same = true; });
  await teacher.getByRole('button', { name: 'Download report' }).click();
  await teacher.getByText('The video (MP4)').waitFor({ timeout: 120_000 });
  await teacher.keyboard.press('Escape');
  assert.ok(await teacher.evaluate(() => globalThis.__same), 'the page was not loaded again');
  const id = lesson.split('/').at(-1);
  for (const kind of ['poster', 'storyboard', 'storyboard_index', 'waveform', 'mp4']) {
    const answer = await teacher.request.get(`${server.url}/api/recordings/${id}/renditions/${kind}`);
    assert.equal(answer.status(), 200, kind);
    assert.ok((await answer.body()).length > 0, kind);
  }
  const mp4 = path.join(folder, 'lesson.mp4');
  await writeFile(mp4, await (await teacher.request.get(`${server.url}/api/recordings/${id}/renditions/mp4`)).body());
  const { frames, complaints } = await readBack(mp4);
  assert.equal(complaints, '');
  const loss = lossOf(frames, cameraSeconds * framesPerSecond);
  assert.equal(loss.disorder + loss.doubled + loss.unreadable, 0, 'the download has the frames of the lesson');
});

test('feedback reaches the teacher within a second, and the reply comes back', async () => {
  await instructor.goto(`${server.url}/`);
  await instructor.goto(lesson);
  await people.firstFrame(instructor);
  await instructor.getByRole('button', { name: 'Play', exact: true }).click();
  await instructor.waitForFunction(() => document.querySelector('video').currentTime > 0.5);
  await instructor.getByRole('button', { name: 'Pause', exact: true }).click();

  await people.addFeedback(instructor, { at: '00:04', kind: 'Strength', areas: ['Wait time'], text: 'You counted to five. 等了五秒。' });
  const posted = performance.now();
  await teacher.getByText('You counted to five. 等了五秒。').waitFor();
  const took = performance.now() - posted;
  assert.ok(took <= 1000, `it took ${took} ms`);

  await instructor.keyboard.press('Escape');
  await instructor.getByLabel(/time of the feedback/).fill('00:10');
  await instructor.getByLabel(/time of the feedback/).blur();
  await instructor.getByRole('button', { name: /Set end/ }).click();
  await people.addFeedback(instructor, { kind: 'Suggestion', text: 'Слышно ли вас сзади?' });
  await teacher.getByText('Слышно ли вас сзади?').waitFor();

  const mark = teacher.getByRole('listitem').filter({ hasText: 'You counted to five' });
  await mark.getByRole('button', { name: /^Reply/ }).click();
  await mark.getByRole('textbox').fill('لم ألاحظ ذلك أثناء الدرس.');
  await mark.getByRole('button', { name: 'Send reply' }).click();
  await instructor.getByText('لم ألاحظ ذلك أثناء الدرس.').waitFor();
  console.log(JSON.stringify({ feedback_ms: Math.round(took) }));
});

test('Firefox plays the lesson, and shows and adds feedback', async () => {
  const firefox = await openFirefox();
  try {
    const page = await firefox.newPage();
    await page.setViewport({ width: 1366, height: 768 });
    await page.goto(`${server.url}/login`);
    await page.type('#email', 'maya@example.org');
    await page.type('#password', people.password);
    await Promise.all([page.waitForNavigation(), page.click('main button[type=submit]')]);
    await page.goto(lesson);
    await page.waitForFunction(() => document.querySelector('video')?.readyState >= 2, { timeout: 60_000 });
    await page.click('button[aria-label="Play"]');
    await page.waitForFunction(() => document.querySelector('video').currentTime > 1, { timeout: 60_000 });
    await page.waitForFunction(() => document.body.innerText.includes('You counted to five'));
    await page.type('textarea', 'Written in Firefox.');
    await page.evaluate(() => {
      [...document.querySelectorAll('button')].find((b) => b.textContent.trim() === 'Add feedback').click();
    });
    await teacher.getByText('Written in Firefox.').waitFor();
  } finally {
    await firefox.close();
  }
});

test('the report has everything that was said, in every script', async () => {
  const id = lesson.split('/').at(-1);
  const pdf = path.join(folder, 'report.pdf');
  const answer = await teacher.request.get(`${server.url}/api/recordings/${id}/report.pdf`);
  assert.equal(answer.status(), 200);
  await writeFile(pdf, await answer.body());
  const { stdout: text } = await run('pdftotext', ['-layout', pdf, '-']);
  for (const words of ['Fractions — 分数, period 3', 'Maya Lindqvist', 'You counted to five. 等了五秒。',
    'Слышно ли вас сзади?', 'Wait time', '00:04', 'Written in Firefox.']) {
    assert.ok(text.normalize('NFKC').includes(words.normalize('NFKC')), `the report says ${words}:\n${text}`);
  }
  const { stdout: images } = await run('pdfimages', ['-list', pdf]);
  assert.ok(images.split('\n').length > 3, 'the report has stills');
  const csv = await (await teacher.request.get(`${server.url}/api/recordings/${id}/report.csv`)).text();
  for (const words of ['You counted to five. 等了五秒。', 'لم ألاحظ ذلك أثناء الدرس.', 'strength']) {
    assert.ok(csv.toLowerCase().includes(words.toLowerCase()), `the table says ${words}`);
  }
});

test('no page complained', () => {
  for (const context of contexts) assert.deepEqual(context.complaints, []);
});
