// Lessons that are still on a laptop when their page is gone: they get to the server whatever page
// is opened next, whoever opens it, and nobody but their own person sees what they are.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { chromium, request } from 'playwright-core';

import { openChromium, newPerson, quiet, screens } from './lib/browser.mjs';
import { Evidence } from './lib/evidence.mjs';
import { Front } from './lib/front.mjs';
import { makeCamera, makeMicrophone } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { readBack } from './lib/readback.mjs';
import { Server } from './lib/server.mjs';
import { playlistOf, readTakes } from './lib/takes.mjs';
import { until } from './lib/until.mjs';

let folder;
let server;
let front;
let camera;
let microphone;
let office; // asks the server as Dana, from elsewhere
const [dana, bo] = ['dana@example.org', 'bo@example.org'];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-unsent-'));
  camera = path.join(folder, 'camera.mjpeg');
  microphone = path.join(folder, 'microphone.wav');
  await makeCamera(camera, 120);
  await makeMicrophone(microphone, 120);
  server = await Server.start();
  front = await Front.start(server);
  const browser = await openChromium();
  const context = await newPerson(browser);
  const lead = await context.newPage();
  const program = await people.setUp(lead, server,
    { name: 'Ada Obi', email: 'lead@example.org', program: 'Riverside residency' });
  for (const [name, email] of [['Dana Ortiz', dana], ['Bo Lind', bo]]) {
    const page = await people.invite(lead, server, browser, program, { name, email, role: 'Teacher' });
    if (email === dana) {
      const cookies = await page.context().cookies(server.url);
      office = await request.newContext({ baseURL: server.url,
        extraHTTPHeaders: { cookie: cookies.map((c) => `${c.name}=${c.value}`).join('; ') } });
    }
  }
  await browser.close();
});

after(async () => {
  await office?.dispose();
  await front?.end();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

// Laptop is a browser whose profile outlives it.
class Laptop {
  evidence = new Evidence();

  static async open(name) {
    const laptop = new Laptop();
    laptop.profile = path.join(folder, name);
    await mkdir(laptop.profile);
    await laptop.again();
    return laptop;
  }

  async again() {
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: '/usr/bin/chromium', viewport: screens.laptop, locale: 'en-GB', acceptDownloads: true,
      args: [...quiet, '--allow-loopback-in-peer-connection', '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${camera}`,
        `--use-file-for-fake-audio-capture=${microphone}`],
    });
    await this.evidence.of(this.context);
    [this.page] = this.context.pages();
    this.page.on('dialog', (dialog) => dialog.accept().catch(() => {})); // leave the page? yes
  }

  async signIn(email) {
    await people.signIn(this.page, front, email);
    await until('the recorder is kept', () => this.page.evaluate(async () =>
      (await caches.match('/record', { ignoreSearch: true })) !== undefined));
  }

  // teach records a lesson of so many seconds.
  async teach(title, seconds) {
    await this.page.goto(`${front.url}/record`);
    await this.page.getByRole('button', { name: 'Start recording' }).and(this.page.locator(':enabled')).waitFor();
    await this.page.getByLabel('Title').fill(title);
    await this.page.getByRole('button', { name: 'Start recording' }).click();
    await until(`${seconds} s have been taught`, async () => {
      const [minutes, rest] = (await this.page.getByRole('timer').textContent()).match(/\d+/g).map(Number);
      return minutes * 60 + rest >= seconds;
    });
  }

  async stop() {
    await this.page.getByRole('button', { name: 'Stop and save' }).click();
  }

  // kill ends the browser as a power cut would: by the process that has this profile open.
  async kill() {
    const closed = new Promise((resolve) => { this.context.on('close', resolve); });
    for (const pid of processesOf(this.profile)) process.kill(pid, 'SIGKILL');
    await closed;
    await until('the browser is gone', () => processesOf(this.profile).length === 0);
  }

  banner() { return this.page.getByRole('complementary', { name: 'Lessons on this laptop' }); }

  // isSent waits until the banner of the page that is open says that a lesson is on the server.
  async isSent(title) {
    await this.banner().getByText(title ? `“${title}” is on the server` : 'A lesson by Dana Ortiz is on the server')
      .first().waitFor({ timeout: 60_000 });
  }

  async close() { await this.context.close().catch(() => {}); }
}

function processesOf(profile) {
  const found = [];
  for (const pid of pids()) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(`--user-data-dir=${profile}`)) found.push(pid);
    } catch { /* it has ended meanwhile */ }
  }
  return found;
}

function pids() {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);
}

// settled waits until the server expects nothing better of a lesson, and answers with its id.
async function settled(title) {
  return until(`“${title}” is settled`, async () => {
    const { items } = await (await office.get('/api/recordings')).json();
    const found = items.find((recording) => recording.title === title);
    if (!found) return false;
    const saved = await (await office.get(`/api/recordings/${found.id}/saved`)).json();
    return saved.settled && found.id;
  }, { seconds: 90 });
}

// isWhole shows that every frame that the laptop's encoder made is stored once, in order.
async function isWhole(id, evidence) {
  const playlist = await playlistOf(office, server, id);
  const takes = await readTakes(office, server, id, playlist);
  for (const take of takes) assert.equal(take.complaints, '');
  const stored = takes.flatMap(({ frames }) => frames.map(({ number }) => number));
  const encoded = (await evidence.encoded()).flat();
  assert.ok(encoded.length > 60, `${encoded.length} frames were encoded`);
  assert.deepEqual(stored, encoded);
}

const blobs = ({ method, url }) => method === 'PUT' && /\/blobs\/\d+$/.test(url);

test('a lesson begun without a network is sent when there is one', async (t) => {
  const laptop = await Laptop.open('offline');
  t.after(() => laptop.close());
  await laptop.signIn(dana);

  await t.test('by the page on which it was recorded', async () => {
    await front.cut();
    await laptop.teach('Begun offline', 8);
    await laptop.stop();
    await laptop.page.getByText('Safe on this laptop').first().waitFor();
    await front.mend();
    const id = await settled('Begun offline');
    await isWhole(id, laptop.evidence);
  });

  await t.test('by any other page, when it has been closed', async () => {
    laptop.evidence = new Evidence();
    await laptop.close();
    await laptop.again();
    await front.cut();
    await laptop.teach('Closed offline', 8);
    await laptop.stop();
    await laptop.page.getByText('Safe on this laptop').first().waitFor();
    await laptop.page.goto(`${front.url}/account`);
    await laptop.banner().getByText('A lesson by Dana Ortiz is still on this laptop').first().waitFor();
    await front.mend();
    await laptop.page.goto(`${front.url}/account`);
    await laptop.isSent('Closed offline');
    await isWhole(await settled('Closed offline'), laptop.evidence);
  });

  await t.test('with a session that has ended meanwhile, once its person is back', async () => {
    laptop.evidence = new Evidence();
    await laptop.close();
    await laptop.again();
    await front.cut();
    await laptop.teach('The session ended', 6);
    await laptop.stop();
    await laptop.page.getByText('Safe on this laptop').first().waitFor();
    await laptop.context.clearCookies();
    await front.mend();
    await laptop.page.goto(`${front.url}/login`);
    await laptop.banner().getByText('It is sent when Dana Ortiz signs in on this laptop.').first().waitFor({ timeout: 60_000 });
    assert.doesNotMatch(await laptop.banner().innerText(), /The session ended/);
    await laptop.signIn(dana);
    await laptop.isSent('The session ended');
    await isWhole(await settled('The session ended'), laptop.evidence);
  });
});

for (const [how, end] of [['closed', (laptop) => laptop.close()], ['killed', (laptop) => laptop.kill()]]) {
  test(`what was being sent when the browser was ${how} is sent at the next visit`, async (t) => {
    const title = `It was ${how}`;
    const laptop = await Laptop.open(how);
    t.after(() => laptop.close());
    await laptop.signIn(dana);
    await front.cut();
    await laptop.teach(title, 8);
    await laptop.stop();
    await laptop.page.getByText('Safe on this laptop').first().waitFor();
    let sent = 0;
    const release = front.hold((asked) => blobs(asked) && ++sent > 2); // in the middle of it
    await front.mend();
    await until('some of it has been sent', () => sent > 2);
    await end(laptop);
    release();
    await laptop.again();
    // A browser that is killed may forget that somebody was signed in: it is sent all the same.
    await laptop.context.clearCookies();
    await laptop.page.goto(`${front.url}/`);
    await laptop.isSent('');
    await isWhole(await settled(title), laptop.evidence);
  });
}

test('a laptop that is shared', async (t) => {
  const title = 'Fractions for nobody else';
  const laptop = await Laptop.open('shared');
  t.after(() => laptop.close());
  const { page } = laptop;
  await laptop.signIn(dana);
  let release = front.hold(blobs);
  await laptop.teach(title, 8);
  await laptop.stop();
  await page.waitForURL(/\/recordings\//).catch(() => {});
  await page.goto(`${front.url}/`);

  await t.test('its person sees what is left', async () => {
    await laptop.banner().getByText(`A lesson by Dana Ortiz is still on this laptop: “${title}”`).first().waitFor();
    assert.match(await laptop.banner().innerText(), /\d+ sec · [\d.,]+ [kM]B to send/);
  });

  await t.test('as a file, when wanted', async () => {
    const downloading = page.waitForEvent('download');
    await laptop.banner().getByRole('button', { name: 'Save as a file' }).click();
    const download = await downloading;
    assert.match(download.suggestedFilename(), /^Fractions for nobody else \d{4}-\d\d-\d\d\.(mp4|webm)$/);
    const file = path.join(folder, download.suggestedFilename());
    await download.saveAs(file);
    const { frames } = await readBack(file);
    assert.deepEqual(frames.map(({ number }) => number), (await laptop.evidence.encoded()).flat());
  });

  await t.test('it is not removed without its title', async () => {
    await laptop.banner().getByRole('button', { name: 'Remove from this laptop' }).click();
    const dialog = page.getByRole('dialog');
    assert.equal(await dialog.getByRole('button', { name: 'Remove for good' }).isDisabled(), true);
    await dialog.getByLabel(/type its title/).fill('Fractions');
    assert.equal(await dialog.getByRole('button', { name: 'Remove for good' }).isDisabled(), true);
    await dialog.getByRole('button', { name: 'Keep it' }).click();
  });

  await t.test('who signs out is told', async () => {
    const signOut = page.getByRole('button', { name: 'Sign out', exact: true });
    await signOut.click();
    const dialog = page.getByRole('dialog', { name: 'A lesson is still on this laptop' });
    await dialog.getByText(`“${title}” by Dana Ortiz`).waitFor();
    await dialog.getByRole('button', { name: 'Stay signed in' }).click();
    assert.equal(new URL(page.url()).pathname, '/');
    await signOut.click();
    await dialog.getByRole('button', { name: 'Sign out anyway' }).click();
    await page.waitForURL(/\/login/);
  });

  let id;
  await t.test('somebody else sees that there is a lesson, and nothing of it', async () => {
    await laptop.signIn(bo);
    await laptop.banner().getByText('A lesson by Dana Ortiz is still on this laptop').first().waitFor();
    assert.doesNotMatch(await page.content(), new RegExp(title));
    assert.equal(await laptop.banner().getByRole('button').count(), 0);
    const { items } = await (await office.get('/api/recordings')).json();
    id = items.find((recording) => recording.title === title).id;
    for (const address of [`/recordings/${id}`, `/api/recordings/${id}`, `/api/recordings/${id}/playlist.m3u8`,
      `/api/recordings/${id}/saved`]) {
      assert.equal((await page.request.get(front.url + address)).status(), 404, address);
    }
  });

  await t.test('and sends it, without getting at it', async () => {
    release();
    await laptop.banner().getByText('A lesson by Dana Ortiz is on the server').first().waitFor({ timeout: 60_000 });
    assert.doesNotMatch(await page.content(), new RegExp(title));
    await isWhole(await settled(title), laptop.evidence);
    assert.equal((await page.request.get(`${front.url}/api/recordings/${id}`)).status(), 404);
    const { items } = await (await page.request.get(`${front.url}/api/recordings`)).json();
    assert.deepEqual(items, []);
  });

  await t.test('a lesson is removed by its title', async () => {
    await people.signOut(page);
    await laptop.signIn(dana);
    release = front.hold(blobs);
    await laptop.teach('Not wanted', 5);
    await laptop.stop();
    await page.waitForURL(/\/recordings\//).catch(() => {});
    await page.goto(`${front.url}/`);
    await laptop.banner().getByRole('button', { name: 'Remove from this laptop' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/type its title/).fill(' not  WANTED ');
    await dialog.getByRole('button', { name: 'Remove for good' }).click();
    await laptop.banner().getByText('“Not wanted” was removed from this laptop.').waitFor();
    release();
    await page.goto(`${front.url}/account`);
    await page.waitForFunction(async () => { // this page is the one that sends, and would tell
      const { held } = await navigator.locks.query();
      return held.some(({ name }) => name === 'backrow.sending');
    });
    await page.evaluate(() => new Promise((resolve) => { requestIdleCallback(resolve); }));
    assert.equal(await laptop.banner().count(), 0);
  });
});

test('without scripts signing out is a form', async () => {
  const browser = await openChromium();
  const page = await (await newPerson(browser, { javaScriptEnabled: false })).newPage();
  await page.goto(`${front.url}/login`);
  await page.getByLabel('Email').fill(dana);
  await page.getByLabel('Password', { exact: true }).fill(people.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(/\/login/);
  await browser.close();
});
