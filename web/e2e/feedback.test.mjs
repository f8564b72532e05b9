// Feedback between two people: it appears at once, outlives cuts of the line without loss or
// double, stays private where it is, ends with the share, and needs no scripts.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { newPerson, openChromium } from './lib/browser.mjs';
import { Line } from './lib/line.mjs';
import * as people from './lib/people.mjs';
import { Server } from './lib/server.mjs';
import { until } from './lib/until.mjs';

const names = { teacher: 'Dana Ortiz', instructor: 'Maya Lindqvist' };
const title = 'Fractions as division, period 3';

let server;
let line; // between the teacher and the server
let chromium;
let teacher;
let instructor;
let lesson; // its id
const contexts = [];

before(async () => {
  server = await Server.start({ flags: ['--demo', '--demo-password', people.password] });
  line = await Line.to(server);
  chromium = await openChromium();
  teacher = await signedIn('teacher@example.org', line);
  instructor = await signedIn('instructor@example.org', server);
  const { items } = await (await teacher.request.get(`${server.url}/api/recordings`)).json();
  lesson = items.find((recording) => recording.title === title).id;
  await open(teacher, line);
  await open(instructor, server);
});

after(async () => {
  await chromium?.close();
  await line?.end();
  await server?.end();
});

async function signedIn(email, at, options = {}) {
  const context = await newPerson(chromium, options);
  contexts.push(context);
  const page = await context.newPage();
  await people.signIn(page, at, email);
  return page;
}

async function open(page, at) {
  await page.goto(`${at.url}/recordings/${lesson}`);
  await page.locator('review-room.alive').waitFor();
}

const markOf = (page, text) => page.getByRole('listitem').filter({ has: page.getByText(text, { exact: true }) }).first();

async function reply(page, text, answer) {
  const mark = markOf(page, text);
  await mark.getByRole('button', { name: /^Reply/ }).click();
  await mark.getByRole('textbox').fill(answer);
  await mark.getByRole('button', { name: 'Send reply' }).click();
}

// shown is what a page lists: marks by their ids, with text and replies.
function shown(page) {
  return page.evaluate(() => [...document.querySelectorAll('.marks > .mark')].map((mark) => ({
    id: mark.dataset.id,
    text: mark.querySelector('.mark-text').textContent.trim(),
    replies: [...mark.querySelectorAll('.reply-text')].map((text) => text.textContent.trim()),
  })));
}

async function annotationsOf(page) {
  const answer = await page.request.get(`${server.url}/api/recordings/${lesson}/annotations`);
  assert.equal(answer.status(), 200);
  return (await answer.json()).annotations;
}

const asShown = (annotations) => annotations.map(({ id, text, replies }) => ({
  id, text, replies: replies.map((one) => one.text),
}));

// agree waits until both pages list what is stored, mark by mark, and shows that nothing is twice.
async function agree(...pages) {
  const byID = (a, b) => (a.id < b.id ? -1 : 1);
  const same = async (page) => JSON.stringify((await shown(page)).sort(byID))
    === JSON.stringify(asShown(await annotationsOf(page)).sort(byID));
  for (const page of pages) await until('the page lists what is stored', () => same(page));
  for (const page of pages) {
    const all = (await annotationsOf(page)).flatMap((mark) => [mark, ...mark.replies]);
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length, 'no id comes twice');
    assert.equal(new Set(all.map(({ text }) => text)).size, all.length, 'no text comes twice');
  }
  const [first, ...others] = await Promise.all(pages.map(shown));
  for (const other of others) assert.deepEqual(other, first, 'both see the same, in the same order');
}

test('a mark appears with the other within a second, and so does the reply', async () => {
  await people.addFeedback(instructor, { at: '00:07', kind: 'Question', text: 'Why this question first?' });
  const posted = performance.now();
  await teacher.getByText('Why this question first?').waitFor();
  const mark = performance.now() - posted;

  await reply(teacher, 'Why this question first?', 'It was on the board.');
  const sent = performance.now();
  await instructor.getByText('It was on the board.').waitFor();
  const back = performance.now() - sent;
  console.log(JSON.stringify({ mark_ms: Math.round(mark), reply_ms: Math.round(back) }));
  assert.ok(mark <= 1000, `the mark took ${mark} ms`);
  assert.ok(back <= 1000, `the reply took ${back} ms`);
  await agree(teacher, instructor);
});

test('a cut line misses nothing, doubles nothing, and sends what was written meanwhile, in order', async () => {
  // What the browser says of a line that is down.
  teacher.context().expected.push(/ERR_EMPTY_RESPONSE/, /ERR_CONNECTION/, /WebSocket connection to/,
    /ERR_INCOMPLETE_CHUNKED_ENCODING/, /ERR_SOCKET_NOT_CONNECTED/);
  line.cut();
  await teacher.getByText('Connecting again.').waitFor();

  await people.addFeedback(instructor, { at: '00:02', kind: 'Strength', text: 'First, while the line was down.' });
  await people.addFeedback(instructor, { at: '00:31', kind: 'Note', text: 'Second, while the line was down.' });
  await reply(instructor, 'Why this question first?', 'And how did it get there?');

  await people.addFeedback(teacher, { at: '00:12', kind: 'Note', text: 'Written offline, first.' });
  await people.addFeedback(teacher, { at: '00:03', kind: 'Note', text: 'Written offline, second.' });
  await reply(teacher, 'Why this question first?', 'Written offline, third.');
  await teacher.getByText('3 changes are kept and will be sent.').waitFor();
  assert.equal(await teacher.getByText('not sent yet').count(), 3);
  assert.ok(!asShown(await annotationsOf(instructor)).some(({ text }) => text.startsWith('Written offline')));

  line.mend();
  await teacher.getByText('not sent yet').first().waitFor({ state: 'detached' });
  await agree(teacher, instructor);
  const made = (await annotationsOf(instructor)).flatMap((mark) => [mark, ...mark.replies])
    .filter(({ text }) => text.startsWith('Written offline'))
    .sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
  assert.deepEqual(made.map(({ text }) => text),
    ['Written offline, first.', 'Written offline, second.', 'Written offline, third.']);
});

test('what was written offline outlives the tab', async () => {
  line.cut();
  await teacher.getByText('Connecting again.').waitFor();
  await people.addFeedback(teacher, { at: '00:20', kind: 'Note', text: 'Written, and the tab was closed.' });
  await teacher.getByText('not sent yet').waitFor();
  const context = teacher.context();
  await teacher.close();
  line.mend();
  teacher = await context.newPage();
  await open(teacher, line);
  await instructor.getByText('Written, and the tab was closed.').waitFor();
  await agree(teacher, instructor);
});

test('a restart of the server misses nothing and doubles nothing', async () => {
  instructor.context().expected.push(/ERR_CONNECTION/, /WebSocket connection to/, /ERR_EMPTY_RESPONSE/);
  assert.equal(await server.stop(), 0);
  for (const page of [teacher, instructor]) await page.getByText('Connecting again.').waitFor();
  await people.addFeedback(instructor, { at: '00:15', kind: 'Suggestion', text: 'Written while it restarted.' });
  await people.addFeedback(teacher, { at: '00:16', kind: 'Note', text: 'This too.' });
  await server.again();
  for (const page of [teacher, instructor]) {
    await until('all is sent', async () => await page.getByText('not sent yet').count() === 0);
  }
  await agree(teacher, instructor);
});

test('what is for me alone reaches nobody else', async () => {
  const secret = 'Between me and myself.';
  const frames = [];
  const listener = await teacher.context().newPage();
  listener.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
  await open(listener, line);
  await people.addFeedback(instructor, { at: '00:22', kind: 'Note', text: secret, onlyMe: true });
  await markOf(instructor, secret).getByText('only you').waitFor();
  // A shared one after it: what comes later has come, so what came before would have.
  await people.addFeedback(instructor, { at: '00:23', kind: 'Note', text: 'For both of us.' });
  for (const page of [teacher, listener]) await page.getByText('For both of us.').waitFor();
  const kept = (await annotationsOf(instructor)).find(({ text }) => text === secret);
  assert.equal(kept.visibility, 'private');

  const report = async (page) => {
    const answer = await page.request.get(`${server.url}/api/recordings/${lesson}/report.csv`);
    assert.equal(answer.status(), 200);
    return answer.text();
  };
  const fresh = await teacher.request.get(`${server.url}/recordings/${lesson}`);
  for (const [where, text] of Object.entries({
    page: await teacher.content(), 'fresh page': await fresh.text(), socket: frames.join('\n'),
    api: JSON.stringify(await annotationsOf(teacher)), report: await report(teacher),
  })) {
    assert.ok(text.includes('For both of us.'), `the ${where} says what is for both`);
    assert.ok(!text.includes(secret), `the ${where} says what is private`);
    assert.ok(!text.includes(kept.id), `the ${where} names what is private`);
  }
  const answer = await teacher.request.post(`${server.url}/api/recordings/${lesson}/annotations/${kept.id}/replies`,
    { data: { id: '01930000-0000-7000-8000-00000000ffff', text: 'I know.' } });
  assert.equal(answer.status(), 404, 'nor can it be answered');
  await listener.close();
});

test('a mark that is made private goes from the other page', async () => {
  const mark = markOf(instructor, 'Why this question first?');
  await mark.getByRole('button', { name: /^Edit/ }).first().click();
  const editor = instructor.getByRole('form', { name: 'Edit feedback' });
  await editor.getByLabel('Only me').check();
  await editor.getByRole('button', { name: 'Save' }).click();
  await teacher.getByText('Why this question first?').waitFor({ state: 'detached' });
  await teacher.getByText('It was on the board.').waitFor({ state: 'detached' });
});

test('a session that ends keeps what is written, and sends it after signing in', async () => {
  instructor.context().expected.push(/status of 401/);
  const tab = await instructor.context().newPage();
  await tab.goto(`${server.url}/`);
  await people.signOut(tab);
  await tab.close();
  await instructor.getByText('Your session has ended. What you wrote is kept.').waitFor({ timeout: 60_000 });
  await people.addFeedback(instructor, { at: '00:28', kind: 'Note', text: 'Written while signed out.' });
  await instructor.getByText('1 change is kept and will be sent.').waitFor();
  await instructor.getByRole('link', { name: 'Sign in' }).click();
  await instructor.getByLabel('Email').fill('instructor@example.org');
  await instructor.getByLabel('Password', { exact: true }).fill(people.password);
  await instructor.getByRole('button', { name: 'Sign in' }).click();
  await instructor.waitForURL(/\/recordings\//);
  await teacher.getByText('Written while signed out.').waitFor();
  assert.equal((await annotationsOf(teacher)).filter(({ text }) => text === 'Written while signed out.').length, 1);
});

test('without scripts: sign in, open, give feedback, reply, download', async () => {
  const page = await signedIn('instructor@example.org', server, { javaScriptEnabled: false });
  page.context().expected.push(/status of 422/); // the mistake below
  await page.getByRole('link', { name: title }).first().click();
  await page.waitForURL(/\/recordings\//);
  await page.getByLabel(/^From/).fill('0:25');
  await page.getByLabel('Strength', { exact: true }).check();
  await page.getByRole('textbox', { name: 'Feedback', exact: true }).fill('Written without scripts.');
  await page.getByLabel('Wait time').check();
  await page.getByRole('button', { name: 'Add feedback' }).click();
  const mark = markOf(page, 'Written without scripts.');
  await mark.waitFor();
  await teacher.getByText('Written without scripts.').waitFor();

  await mark.getByRole('link', { name: /^Reply/ }).click();
  await page.getByLabel('Your reply').fill('Answered without scripts.');
  await page.getByRole('button', { name: 'Send reply' }).click();
  await page.getByText('Answered without scripts.').waitFor();
  await teacher.getByText('Answered without scripts.').waitFor();

  // A mistake is said, and nothing that was typed is lost.
  await page.getByLabel(/^From/).fill('half past');
  await page.getByRole('textbox', { name: 'Feedback', exact: true }).fill('Typed with a time that cannot be read.');
  await page.getByRole('button', { name: 'Add feedback' }).click();
  await page.getByText('The time "half past" cannot be read.').waitFor();
  assert.equal(await page.getByRole('textbox', { name: 'Feedback', exact: true }).inputValue(), 'Typed with a time that cannot be read.');

  const files = { 'Download report': '%PDF-', CSV: 'recording,teacher,' };
  for (const [name, beginning] of Object.entries(files)) {
    const link = await page.getByRole('link', { name, exact: true }).getAttribute('href');
    const answer = await page.request.get(new URL(link, server.url).href);
    assert.equal(answer.status(), 200, name);
    assert.match(answer.headers()['content-disposition'], /^attachment/);
    const start = (await answer.body()).subarray(0, 40).toString();
    assert.ok(start.includes(beginning), `${name} begins with ${start}`);
  }
  await agree(teacher);
});

test('a share that is taken back ends what was open, within a second', async () => {
  instructor.context().expected.push(/status of 404/);
  await teacher.getByRole('button', { name: 'Share' }).click();
  const panel = teacher.getByRole('dialog', { name: 'Who may see this recording' });
  await panel.getByRole('button', { name: `Remove ${names.instructor}` }).click();
  const pressed = performance.now();
  await instructor.getByText('This recording is not shared with you any more.').waitFor();
  const took = performance.now() - pressed;
  console.log(JSON.stringify({ share_ended_ms: Math.round(took) }));
  assert.ok(took <= 1000, `it took ${took} ms`);
  assert.deepEqual(await shown(instructor), [], 'the marks are gone from the page');
  for (const address of [`/recordings/${lesson}`, `/api/recordings/${lesson}`, `/api/recordings/${lesson}/annotations`,
    `/api/recordings/${lesson}/playlist.m3u8`, `/api/recordings/${lesson}/report.csv`]) {
    const answer = await instructor.request.get(server.url + address);
    assert.equal(answer.status(), 404, address);
  }
});

test('no page complained', () => {
  for (const context of contexts) assert.deepEqual(context.complaints, []);
});
