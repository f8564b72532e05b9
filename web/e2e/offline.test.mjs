// Backrow in a browser without a network: the pages that the service worker keeps, and whose.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { newPerson, openChromium } from './lib/browser.mjs';
import { Front } from './lib/front.mjs';
import { makeCamera, makeMicrophone } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { until } from './lib/until.mjs';

let folder;
let server;
let front;
let chromium;
const browsers = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-offline-'));
  const devices = { camera: path.join(folder, 'camera.mjpeg'), microphone: path.join(folder, 'microphone.wav') };
  await makeCamera(devices.camera, 10);
  await makeMicrophone(devices.microphone, 10);
  server = await Server.start();
  front = await Front.start(server);
  chromium = await openChromium(devices);
  const context = await newPerson(chromium);
  const lead = await context.newPage();
  const program = await people.setUp(lead, server,
    { name: 'Ada Obi', email: 'lead@example.org', program: 'Riverside residency' });
  for (const [name, email] of [['Dana Ortiz', 'dana@example.org'], ['Bo Lind', 'bo@example.org']]) {
    const page = await people.invite(lead, server, chromium, program, { name, email, role: 'Teacher' });
    await page.context().close();
  }
  await context.close();
});

after(async () => {
  await chromium?.close();
  for (const browser of browsers) await browser.close();
  await front?.end();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

// laptop is a fresh browser profile on the way to the front, and whoever signs in on it.
async function laptop(options = {}) {
  const context = await newPerson(chromium, options);
  context.expected.push(/ERR_CONNECTION/, /ERR_EMPTY_RESPONSE/, /ERR_FAILED/, /status of 503/);
  return context.newPage();
}

async function signIn(page, email) {
  await people.signIn(page, front, email);
  await ready(page);
}

// ready resolves when the service worker does its work and keeps the recorder.
async function ready(page) {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await until('the recorder is kept', () => page.evaluate(async () =>
    (await caches.match('/record', { ignoreSearch: true })) !== undefined));
}

// keptOf is all text that the service worker's caches have of pages.
function keptOf(page) {
  return page.evaluate(async () => {
    const texts = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const key of await cache.keys()) {
        const answer = await cache.match(key);
        if (/text\/html/.test(answer.headers.get('content-type') ?? '')) texts.push(key.url, await answer.text());
        else if (!new URL(key.url).pathname.startsWith('/assets/')) texts.push(key.url);
      }
    }
    return texts.join('\n');
  });
}

function startButton(page) {
  return page.getByRole('button', { name: 'Start recording' }).and(page.locator(':enabled'));
}

// away has no network while something is done, and nothing in the browser's own cache.
async function away(page, what) {
  await (await page.context().newCDPSession(page)).send('Network.clearBrowserCache');
  await front.cut();
  try {
    await what();
  } finally {
    await front.mend();
  }
}

test('without a network the recorder opens, with its camera, words and type', async () => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  await away(page, async () => {
    await page.goto(`${front.url}/record`);
    await startButton(page).waitFor();
    await page.getByText('Who may see it and give feedback').waitFor();
    const fonts = await page.evaluate(async () => {
      await document.fonts.ready;
      return [...document.fonts].filter((font) => font.status === 'loaded').map((font) => font.family);
    });
    assert.ok(fonts.some((font) => /Hyperlegible Next/.test(font)), `the fonts are ${fonts}`);
    await page.reload(); // and once more from nothing but what is kept
    await startButton(page).waitFor();
  });
  assert.deepEqual(page.context().complaints, []);
  await page.context().close();
});

test('a page that cannot be reached says what to do, and leads back', async () => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  await away(page, async () => {
    await page.goto(`${front.url}/account`);
    await page.getByRole('heading', { name: 'No connection' }).waitFor();
    await page.getByText('You can record a lesson now').waitFor();
    await page.getByRole('link', { name: 'Record a lesson' }).click();
    await startButton(page).waitFor();
    await page.goto(`${front.url}/account`);
  });
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
  await page.context().close();
});

test('who has not been signed in here is told how to', async () => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  await people.signOut(page);
  await away(page, async () => {
    await page.goto(`${front.url}/record`);
    await page.getByText('The recorder is not on this laptop yet').waitFor();
    assert.equal(await page.getByRole('link', { name: 'Record a lesson' }).isVisible(), false);
  });
  await page.context().close();
});

test('what is kept goes with its person', async (t) => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  assert.match(await keptOf(page), /Dana Ortiz/);

  await t.test('at sign-out', async () => {
    await people.signOut(page);
    assert.doesNotMatch(await keptOf(page), /Dana/);
  });

  await t.test('at a sign-out that the server does not hear of', async () => {
    await signIn(page, 'dana@example.org');
    await away(page, async () => {
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are still signed in').waitFor();
      assert.doesNotMatch(await keptOf(page), /Dana/);
    });
    await page.getByRole('link', { name: 'Try again' }).click();
    await ready(page);
  });

  await t.test('when the session has ended', async () => {
    await page.context().clearCookies();
    await page.goto(`${front.url}/account`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    await until('nothing of Dana is kept', async () => !/Dana/.test(await keptOf(page)));
  });

  await t.test('when somebody else signs in', async () => {
    await signIn(page, 'dana@example.org');
    await page.context().clearCookies(); // the laptop changes hands without a word
    await signIn(page, 'bo@example.org');
    await until('Bo’s is kept', async () => /Bo Lind/.test(await keptOf(page)));
    assert.doesNotMatch(await keptOf(page), /Dana/);
  });
  await page.context().close();
});

test('nothing is kept but the recorder, its parts, and the page for no connection', async () => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  for (const address of ['/', '/account', '/record', '/recordings/none', '/api/me']) {
    await page.goto(`${front.url}${address}`).catch(() => {});
  }
  await page.goto(`${front.url}/`);
  const addresses = await page.evaluate(async () => {
    const all = [];
    for (const name of await caches.keys()) {
      for (const key of await (await caches.open(name)).keys()) all.push(new URL(key.url).pathname);
    }
    return [...new Set(all)].filter((each) => !each.startsWith('/assets/')).sort();
  });
  assert.deepEqual(addresses, ['/asked', '/offline', '/record']);
  await page.context().close();
});

test('a server that holds its answer back is not waited for', async () => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  const release = front.hold(({ url }) => url.startsWith('/record'));
  await page.goto(`${front.url}/record`);
  await startButton(page).waitFor();
  release();
  await page.context().close();
});

test('a new version of the screens', async (t) => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  const old = await page.context().newPage();
  await old.goto(`${front.url}/record`);
  await startButton(old).waitFor();
  const parts = () => old.evaluate(() =>
    performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => /\.js$/.test(name)));
  const [part] = await parts();
  const kept = () => page.evaluate(async () => (await caches.match('/record', { ignoreSearch: true }))?.text());
  const scripts = (version) => new RegExp(`src="/assets/recorder-\\w+~${version}\\.js"`);

  await t.test('takes over at the next load, and the recorder that is kept is of it', async () => {
    front.update('two');
    await page.goto(`${front.url}/`);
    assert.match(await page.content(), /~two\.js/);
    await until('the new recorder is kept', async () => scripts('two').test(await kept()));
    await away(page, async () => {
      await page.goto(`${front.url}/record`);
      await startButton(page).waitFor();
      assert.match(await page.content(), scripts('two'));
    });
  });

  await t.test('leaves an old tab what it had', async () => {
    assert.equal((await fetch(part)).status, 404, 'the server has it no more');
    assert.equal(await old.evaluate(async (url) => (await fetch(url, { cache: 'no-store' })).status, part), 200);
    assert.equal(await startButton(old).isVisible(), true);
  });

  await t.test('can be taken back', async () => {
    front.update('');
    await page.goto(`${front.url}/`);
    await until('the old recorder is kept', async () => /src="\/assets\/recorder-\w+\.js"/.test(await kept()));
    await away(page, async () => {
      await page.goto(`${front.url}/record`);
      await startButton(page).waitFor();
    });
  });
  assert.deepEqual(page.context().complaints, []);
  await page.context().close();
});

test('it can be installed', async () => {
  const page = await laptop();
  await signIn(page, 'dana@example.org');
  const session = await page.context().newCDPSession(page);
  const { errors, data } = await session.send('Page.getAppManifest');
  assert.deepEqual(errors, []);
  assert.equal(JSON.parse(data).start_url, '/record');
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []);
  await page.context().close();
});
