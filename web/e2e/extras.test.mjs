// What goes beside a lesson, in a real browser: moments that are marked in class, by key, button and
// phone; files; keys for encoders; and the end of a recording. With BACKROW_SCREENS=FOLDER pictures
// of the new screens are kept there.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { newPerson, openChromium, screens } from './lib/browser.mjs';
import { makeCamera, makeMicrophone } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { until } from './lib/until.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictures = process.env.BACKROW_SCREENS;
const title = 'Fractions, period 3';

let folder;
let server;
let chromium;
let teacher;
let phone;
let lesson; // the address of its page
const plan = '%PDF-1.7\nthe plan\n';

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-extras-'));
  if (pictures) await mkdir(pictures, { recursive: true });
  const devices = { camera: path.join(folder, 'camera.mjpeg'), microphone: path.join(folder, 'microphone.wav') };
  await makeCamera(devices.camera, 4);
  await makeMicrophone(devices.microphone, 4);
  await writeFile(path.join(folder, 'Plan.pdf'), plan);
  await writeFile(path.join(folder, 'page.html'), '<!doctype html><script>alert(1)</script>');
  server = await Server.start();
  chromium = await openChromium(devices);
  const context = await newPerson(chromium, { bypassCSP: true, acceptDownloads: true });
  // The page that a file is refused on says so in the console too, as browsers do.
  context.expected.push(/422/, /401/, /ERR_INTERNET_DISCONNECTED/, /Failed to load resource/, /WebSocket/);
  teacher = await context.newPage();
  await people.setUp(teacher, server, { name: 'Dana Ortiz', email: 'dana@example.org', program: 'Riverside' });
});

after(async () => {
  await chromium?.close();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

// look holds a page, as it stands, to what every screen owes, at both sizes, and in both
// lights at least once.
async function look(page, name) {
  const size = page.viewportSize();
  for (const [screen, viewport] of Object.entries(screens)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of pictures ? ['light', 'dark'] : [screen === 'phone' ? 'dark' : 'light']) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      if (pictures) await page.screenshot({ path: path.join(pictures, `${name}-${screen}-${colorScheme}.png`), fullPage: true });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      }));
      const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('; ')}`);
      assert.deepEqual(serious, [], `${name}, ${screen}, ${colorScheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${name}, ${screen}: ${wide} px wider than the screen`);
    }
  }
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: 'light' });
}

test('a key for OBS is made, shown once, and taken back', async () => {
  await teacher.goto(`${server.url}/account`);
  await teacher.getByRole('link', { name: 'Stream keys' }).click();
  await teacher.getByLabel('What is it for?').fill('OBS on the big desk');
  await teacher.getByRole('button', { name: 'Make key' }).click();
  const secret = await teacher.getByLabel('Bearer token').inputValue();
  assert.match(secret, /^brs_[\w-]{43}$/);
  assert.equal(await teacher.getByLabel('Server').inputValue(), `${server.url}/api/whip`);
  await look(teacher, 'encoders');
  await teacher.reload();
  assert.equal(await teacher.getByLabel('Bearer token').count(), 0);
  await teacher.getByText('never used').waitFor();
  const ask = (token) => fetch(`${server.url}/api/whip`, { method: 'POST', body: 'v=0',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' } });
  assert.equal((await ask(secret)).status, 415);
  await teacher.getByRole('button', { name: 'Remove OBS on the big desk' }).click();
  await teacher.getByText('cannot record any more').waitFor();
  assert.equal((await ask(secret)).status, 401);
});

test('a file is chosen before the lesson, and moments are marked in it', async () => {
  await teacher.goto(`${server.url}/record`);
  await teacher.getByText('Files: plan, work samples').click();
  await teacher.getByLabel('Add files').setInputFiles(path.join(folder, 'Plan.pdf'));
  await teacher.getByText('It is sent when the lesson begins.').waitFor();
  await look(teacher, 'record-files');
  await teacher.getByLabel('Title').fill(title);
  await teacher.getByRole('button', { name: 'Start recording' }).and(teacher.locator(':enabled')).click();
  await teacher.getByText(/^Saved until/).waitFor();
  await until('the clock shows two seconds', async () =>
    Number((await teacher.getByRole('timer').textContent()).split(':')[1]) >= 2);

  await teacher.keyboard.press('m');
  await teacher.getByText(/^Marked at 00:0\d/).waitFor();
  await teacher.getByRole('button', { name: 'Mark this moment' }).click();
  await teacher.getByText('2 moments marked').waitFor();
  await teacher.getByRole('button', { name: 'Undo' }).click();
  await teacher.getByText('The mark was taken back').waitFor();

  // Without a connection a mark waits, and goes when it is back.
  await teacher.context().setOffline(true);
  await teacher.keyboard.press('m');
  await teacher.getByText('kept on this device').waitFor();
  await teacher.context().setOffline(false);
});

test('the phone marks by the code, without signing in', async () => {
  const [answer] = await Promise.all([teacher.waitForResponse(/\/moment-links$/),
    teacher.getByText('Mark from your phone').click()]);
  const { url } = await answer.json();
  await teacher.getByRole('img', { name: 'QR code' }).waitFor();
  await look(teacher, 'record-marks');
  const context = await newPerson(chromium, { viewport: screens.phone, bypassCSP: true });
  context.expected.push(/401/);
  phone = await context.newPage();
  await phone.goto(server.url + url);
  await phone.getByRole('timer').getByText(/^00:\d\d$/).waitFor();
  await phone.getByRole('button', { name: 'Mark this moment' }).click();
  await phone.getByText(/^Marked at 00:/).waitFor();
  const seconds = async (page, text) => {
    const [m, s] = (await text(page)).match(/(\d\d):(\d\d)/).slice(1).map(Number);
    return m * 60 + s;
  };
  const marked = await seconds(phone, (page) => page.getByText(/^Marked at/).textContent());
  const shown = await seconds(teacher, (page) => page.getByRole('timer').textContent());
  assert.ok(shown - marked >= -1 && shown - marked <= 3, `the phone marked ${marked} s, the laptop shows ${shown} s`);
  await look(phone, 'phone');
  await phone.getByRole('button', { name: 'Undo' }).click();
  await phone.getByText('The mark was taken back').waitFor();
  await phone.getByRole('button', { name: 'Mark this moment' }).click();
  await phone.getByText(/^Marked at 00:/).waitFor();
});

test('marks and files are on the recording', async () => {
  await teacher.getByRole('button', { name: 'Stop and save' }).click();
  await teacher.waitForURL(/\/recordings\//);
  lesson = teacher.url();
  await until('three moments are there', async () =>
    await teacher.getByText('Moment marked in class').count() === 3);
  await phone.getByRole('button', { name: 'Mark this moment' }).click();
  await phone.getByText('This lesson is over').waitFor();

  await teacher.getByRole('button', { name: 'Files (1)' }).click();
  await teacher.getByLabel('Add files').setInputFiles(path.join(folder, 'page.html'));
  await teacher.getByText('Files of this kind cannot be attached').waitFor();
  await look(teacher, 'room-files');
  const [download] = await Promise.all([teacher.waitForEvent('download'),
    teacher.getByRole('link', { name: 'Plan.pdf' }).click()]);
  assert.equal(download.suggestedFilename(), 'Plan.pdf');
  assert.equal(await readFile(await download.path(), 'utf8'), plan);
  await teacher.getByRole('button', { name: 'Remove Plan.pdf' }).click();
  await teacher.getByRole('button', { name: 'Undo' }).click();
  await teacher.getByRole('link', { name: 'Plan.pdf' }).waitFor();
  await teacher.getByRole('button', { name: 'Close', exact: true }).click();
});

test('a recording is deleted by its title, and by nothing less', async () => {
  await teacher.getByRole('button', { name: 'Delete recording' }).click();
  const dialog = teacher.getByRole('dialog');
  await dialog.getByLabel('Type the title to confirm').fill('Fractions');
  await dialog.getByRole('button', { name: 'Delete recording' }).click();
  await dialog.getByText('That is not the title').waitFor();
  await look(teacher, 'room-delete');
  await dialog.getByLabel('Type the title to confirm').fill(title);
  await dialog.getByRole('button', { name: 'Delete recording' }).click();
  await teacher.waitForURL(`${server.url}/`);
  assert.equal((await teacher.request.get(lesson)).status(), 404);
  assert.deepEqual([...teacher.context().complaints, ...phone.context().complaints], []);
});
