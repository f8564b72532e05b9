// Every screen, at a laptop's size and a phone's, light and dark: no serious finding of axe-core, no
// word on the console, nothing wider than the screen. With BACKROW_SCREENS=FOLDER the pictures are
// kept there to be looked at.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { newPerson, openChromium, screens } from './lib/browser.mjs';
import { makeCamera, makeMicrophone } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { Server } from './lib/server.mjs';

const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const password = 'a password for looking';
const pictures = process.env.BACKROW_SCREENS;

let folder;
let server;
let chromium;
let operator; // the state of their signed-in browser
const signedIn = {};

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-screens-'));
  if (pictures) await mkdir(pictures, { recursive: true });
  const devices = { camera: path.join(folder, 'camera.mjpeg'), microphone: path.join(folder, 'microphone.wav') };
  await makeCamera(devices.camera, 4);
  await makeMicrophone(devices.microphone, 4);
  server = await Server.start({ flags: ['--demo', '--demo-password', password] });
  chromium = await openChromium(devices);
});

after(async () => {
  await chromium?.close();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

// look opens a page in each size and light, and holds it to what every screen owes.
async function look(name, address, { state, ready } = {}) {
  for (const [size, viewport] of Object.entries(screens)) {
    for (const colorScheme of ['light', 'dark']) {
      const context = await newPerson(chromium, { viewport, colorScheme, storageState: state, bypassCSP: true });
      const page = await context.newPage();
      await page.goto(server.url + address);
      await ready?.(page);
      await page.evaluate(() => document.fonts.ready);
      if (pictures) await page.screenshot({ path: path.join(pictures, `${name}-${size}-${colorScheme}.png`) });
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
      }));
      const serious = violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
        .map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join('; ')}`);
      const where = `${name}, ${size}, ${colorScheme}`;
      assert.deepEqual(serious, [], where);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${where}: ${wide} px wider than the screen`);
      assert.deepEqual(context.complaints, [], where);
      await context.close();
    }
  }
}

async function stateOf(email) {
  signedIn[email] ??= (async () => {
    const context = await newPerson(chromium);
    await people.signIn(await context.newPage(), server, email, password);
    const state = await context.storageState();
    await context.close();
    return state;
  })();
  return signedIn[email];
}

test('setup, sign-in and a forgotten password', async () => {
  const link = server.printed().match(/\/setup\?token=\S+/)[0];
  await look('setup', link);
  await look('login', '/login');
  await look('forgot', '/password');
  await look('not-found', '/nowhere', { ready: async (page) => { page.context().complaints.length = 0; } });
  const context = await newPerson(chromium);
  await people.setUp(await context.newPage(), server,
    { name: 'Ada Obi', email: 'ada@example.org', program: 'Second program' });
  operator = await context.storageState();
});

test('the first page of each role', async () => {
  for (const role of ['teacher', 'instructor', 'lead']) {
    await look(`home-${role}`, '/', { state: await stateOf(`${role}@example.org`) });
  }
});

test('the program, its framework and its pairing', async () => {
  const state = await stateOf('lead@example.org');
  const program = '/programs/01930000-0000-7000-8000-000000000010';
  for (const part of ['', '/framework', '/pairing']) {
    await look(`program${part.replace('/', '-')}`, program + part, { state });
  }
});

test('a person, and one’s own account', async () => {
  const state = await stateOf('teacher@example.org');
  await look('person', '/people/01930000-0000-7000-8000-000000000021', { state });
  await look('account', '/account', { state });
});

test('the recorder', async () => {
  await look('record', '/record', {
    state: await stateOf('teacher@example.org'),
    ready: (page) => page.getByRole('button', { name: 'Start recording' }).and(page.locator(':enabled')).waitFor(),
  });
});

test('the review room, for its teacher and its instructor', async () => {
  for (const role of ['teacher', 'instructor']) {
    await look(`room-${role}`, '/recordings/01930000-0000-7000-8000-000000000101', {
      state: await stateOf(`${role}@example.org`),
      ready: async (page) => {
        await people.firstFrame(page);
        await page.getByText('You counted to five').first().waitFor();
      },
    });
  }
});

test('what the operator sees', async () => {
  for (const part of ['', '/people', '/programs', '/audit']) {
    await look(`admin${part.replace('/', '-')}`, `/admin${part}`, { state: operator });
  }
});
