// Everything that goes wrong has a clear sentence for the person, a line in the log where the
// operator can do something about it, and costs nothing that is stored already.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { newPerson, openChromium } from './lib/browser.mjs';
import { framesPerSecond, makeCamera, makeMicrophone, watchSource } from './lib/lesson.mjs';
import * as people from './lib/people.mjs';
import { lossOf } from './lib/readback.mjs';
import { Server, command, freePort } from './lib/server.mjs';
import { playlistOf, readTakes } from './lib/takes.mjs';
import { until } from './lib/until.mjs';

const run = promisify(execFile);
const cameraSeconds = 120;
const loop = cameraSeconds * framesPerSecond;
const isRoot = process.getuid() === 0;

let folder;
let devices;
let server;
let chromium; // with camera and microphone
let home; // what a test knows of its server: { server, program, teacher }

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'backrow-wrong-'));
  devices = { camera: path.join(folder, 'camera.mjpeg'), microphone: path.join(folder, 'microphone.wav') };
  await makeCamera(devices.camera, cameraSeconds);
  await makeMicrophone(devices.microphone, cameraSeconds);
  chromium = await openChromium(devices);
  server = await Server.start();
  home = await settle(server);
});

after(async () => {
  await chromium?.close();
  await server?.end();
  await rm(folder, { recursive: true, force: true });
});

// settle sets a server up with one teacher.
async function settle(at) {
  const lead = await (await newPerson(chromium)).newPage();
  const program = await people.setUp(lead, at, { name: 'Ada Obi', email: 'lead@example.org', program: 'Riverside residency' });
  const teacher = await people.invite(lead, at, chromium, program,
    { name: 'Dana Ortiz', email: 'dana@example.org', role: 'Teacher' });
  return { server: at, program, teacher };
}

// newID is a UUIDv7 (RFC 9562, section 5.7).
function newID() {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes[6] = 0x70 | (bytes[6] & 0x0f);
  bytes[8] = 0x80 | (bytes[8] & 0x3f);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

async function newRecording() {
  const id = newID();
  const answer = await home.teacher.request.post(`${server.url}/api/recordings`,
    { data: { id, program_id: home.program, title: 'By hand' } });
  assert.equal(answer.status(), 201, await answer.text());
  return id;
}

// refused shows that an answer is a problem with that status and a sentence, and that the log has
// its line.
async function refused(answer, status, sentence) {
  const text = await answer.text();
  assert.equal(answer.status(), status, text);
  assert.match(answer.headers()['content-type'], /^application\/problem\+json/);
  assert.match(JSON.parse(text).detail, sentence);
  const line = new RegExp(`msg=request request=${answer.headers()['x-request-id']} .* status=${status} `);
  await until('the log has a line', () => line.test(server.log));
}

// explained shows that the log also says why.
const explained = (sentence) => until('the log says why', () => new RegExp(`msg="WHIP request refused".*${sentence.source}`).test(server.log));

const logSays = (at, pattern) => until(`the log says ${pattern}`, () => pattern.test(at.log));

async function savedBeyond(at, id, ms) {
  return until(`${ms} ms are stored`, async () => {
    const answer = await at.teacher.request.get(`${at.server.url}/api/recordings/${id}/saved`);
    const saved = await answer.json();
    return saved.until_ms > ms && saved;
  });
}

async function newestOf({ server: at, teacher }) {
  const { items } = await (await teacher.request.get(`${at.url}/api/recordings`)).json();
  return items[0].id;
}

async function stopAndSave(page) {
  await page.getByRole('button', { name: 'Stop and save' }).click();
  await page.waitForURL(/\/recordings\//);
  await people.firstFrame(page);
}

test('no camera: the page says so, and nothing begins', async () => {
  const bare = await openChromium();
  try {
    const context = await newPerson(bare, { permissions: ['camera', 'microphone'] });
    const page = await context.newPage();
    await people.signIn(page, server, 'dana@example.org');
    await page.goto(`${server.url}/record`);
    const alert = page.getByRole('alert');
    await alert.getByText('No camera was found').waitFor();
    await alert.getByText('Plug one in, or open the shutter of the laptop’s own.').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Start recording' }).isDisabled());
    assert.deepEqual(context.complaints, []);
  } finally {
    await bare.close();
  }
});

test('camera refused: the page says where to allow it, and goes on when it is', async () => {
  const shy = await openChromium({ flags: ['--use-fake-device-for-media-stream'] });
  try {
    const context = await newPerson(shy);
    await context.grantPermissions([], { origin: server.url }); // asked and refused
    const page = await context.newPage();
    await people.signIn(page, server, 'dana@example.org');
    await page.goto(`${server.url}/record`);
    const alert = page.getByRole('alert');
    await alert.getByText('The browser may not use the camera and microphone').waitFor();
    await alert.getByText('choose to allow camera and microphone').waitFor();
    assert.ok(await page.getByRole('button', { name: 'Start recording' }).isDisabled());
    await context.grantPermissions(['camera', 'microphone'], { origin: server.url });
    await alert.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('button', { name: 'Start recording' }).and(page.locator(':enabled')).waitFor();
    assert.deepEqual(context.complaints, []);
  } finally {
    await shy.close();
  }
});

test('offers that cannot be recorded are refused in a sentence, and the recording goes on', async () => {
  const id = await newRecording();
  const post = (data, type = 'application/sdp') => home.teacher.request.post(
    `${server.url}/api/recordings/${id}/takes/${newID()}/whip`, { headers: { 'Content-Type': type }, data });
  const offer = await home.teacher.evaluate(async () => {
    const connection = new RTCPeerConnection();
    connection.addTransceiver('video', { direction: 'sendonly' });
    const { sdp } = await connection.createOffer();
    connection.close();
    return sdp;
  });
  const [session, video] = [offer.slice(0, offer.indexOf('m=video')), offer.slice(offer.indexOf('m=video'))];
  const ice = video.split('\r\n').filter((line) => /^a=(ice-|fingerprint|setup|mid|sendonly|rtcp-mux|msid)/.test(line));
  const h265 = [session.trimEnd(), 'm=video 9 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', ...ice,
    'a=rtpmap:96 H265/90000', ''].join('\r\n');

  await refused(await post(h265), 406, /none of the video codecs that can be recorded: H\.264/);
  await explained(/none of the video codecs/);
  await refused(await post('<html>This is not SDP.</html>'), 400, /not SDP/);
  await explained(/not SDP/);
  await refused(await post('v=0\r\nthis only begins like SDP'), 422, /not SDP that can be read/);
  await refused(await post('{}', 'application/json'), 415, /must be application\/sdp/);
  const saved = await (await home.teacher.request.get(`${server.url}/api/recordings/${id}/saved`)).json();
  assert.deepEqual([saved.live, saved.until_ms], [false, 0], 'no take was begun');
  assert.equal((await post(offer)).status(), 201, 'the same recording takes an offer that is right');
});

test('a JSON body of 10 MB is refused', async () => {
  const answer = await home.teacher.request.post(`${server.url}/api/recordings`,
    { data: { id: newID(), program_id: home.program, title: 'x'.repeat(10 << 20) } });
  await refused(answer, 413, /more than fits: at most 1024 kB/);
});

test('an unknown field is refused and named', async () => {
  const answer = await home.teacher.request.post(`${server.url}/api/recordings`,
    { data: { id: newID(), program_id: home.program, title: 'Fractions', colour: 'green' } });
  await refused(answer, 422, /has a field that is not known here: body\.colour/);
});

test('a session that has ended leads to the door and back', async () => {
  const brief = await Server.start({ data: path.join(folder, 'brief') });
  try {
    const context = await newPerson(chromium);
    const page = await context.newPage();
    const program = await people.setUp(page, brief, { name: 'Ada Obi', email: 'lead@example.org', program: 'Riverside residency' });
    await context.clearCookies();
    await brief.stop();
    await brief.again(['--session-max', '10s']);
    await people.signIn(page, brief, 'lead@example.org');
    const me = await until('the session has ended', async () => {
      const answer = await page.request.get(`${brief.url}/api/me`);
      return answer.status() === 401 && answer;
    });
    assert.match(me.headers()['content-type'], /^application\/problem\+json/);
    assert.match((await me.json()).detail, /Please sign in/);

    const wanted = `${brief.url}/programs/${program}`;
    await page.goto(wanted);
    assert.equal(new URL(page.url()).pathname, '/login');
    assert.equal(new URL(page.url()).searchParams.get('next'), `/programs/${program}`);
    await page.getByText('Your session has ended. Sign in, and you are back where you were.').waitFor();
    await page.getByLabel('Email').fill('lead@example.org');
    await page.getByLabel('Password', { exact: true }).fill(people.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(wanted);

    await context.clearCookies({ name: 'backrow' }); // as if it had been deleted
    assert.equal((await page.request.get(`${brief.url}/api/me`)).status(), 401);
    await page.goto(wanted);
    assert.equal(new URL(page.url()).pathname, '/login');
  } finally {
    await brief.end();
  }
});

test('a full disk: the page says so, what is stored plays, and the lesson goes on when there is room',
  { skip: !isRoot && 'mounting a small disk needs root' }, async () => {
    const disk = path.join(folder, 'disk');
    await mkdir(disk);
    await run('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'backrow-test', disk]);
    const small = await Server.start({ data: path.join(disk, 'data') });
    try {
      const there = await settle(small);
      const { teacher } = there;
      await people.liveAlone(teacher.context()); // it is the server's own memory that is asked here
      await teacher.addInitScript(watchSource);
      await people.record(teacher, small, 'The disk was full');
      const id = await newestOf(there);
      const { until_ms: before } = await savedBeyond(there, id, 6000);
      const listed = (await playlistOf(teacher.request, small, id)).takes[0].segments;
      const filler = path.join(disk, 'filler');
      fill(filler);

      await teacher.getByRole('region', { name: 'The recording' })
        .getByText("The server's disk is full. Please tell the operator.").waitFor();
      await logSays(small, /level=ERROR msg="capture: segments cannot be written to the spool.*no space left on device/);
      const tab = await teacher.context().newPage();
      await tab.goto(`${small.url}/recordings/${id}`);
      await people.firstFrame(tab);
      await tab.close();
      const answer = await teacher.request.post(`${small.url}/api/recordings/${id}/annotations`,
        { data: { id: newID(), start_ms: 1000, kind: 'note', text: 'Is there room for this?' } });
      if (!answer.ok()) {
        assert.equal(answer.status(), 503, await answer.text());
        assert.match((await answer.json()).detail, /^[A-Z].*\.$/, 'it is a sentence');
      }

      await rm(filler);
      await savedBeyond(there, id, before + 12_000);
      await teacher.getByRole('region', { name: 'The recording' }).getByText(/disk is full/).waitFor({ state: 'detached' });
      await stopAndSave(teacher);
      const playlist = await playlistOf(teacher.request, small, id);
      const takes = await readTakes(teacher.request, small, id, playlist);
      assert.deepEqual(playlist.takes[0].segments.slice(0, listed.length), listed, 'what was stored is there');
      for (const take of takes) assert.equal(take.complaints, '', 'it decodes without an error');
      assert.equal(takes.length, 1, 'it is one take: what came meanwhile waited in memory');
      const [{ frames }] = takes;
      const { frames: sent } = JSON.parse(await teacher.evaluate(() => sessionStorage.getItem('sent')));
      const loss = lossOf(frames, loop);
      console.log(JSON.stringify({ sent, stored: frames.length, ...loss }));
      assert.equal(loss.disorder + loss.doubled + loss.unreadable, 0, 'in order, once, readable');
      assert.ok(frames.length >= 0.99 * sent, `${frames.length} of ${sent} frames are there`);
      assert.doesNotMatch(small.log, /SEGMENTS ARE LOST/);
    } finally {
      await small.end();
      await run('umount', [disk]);
    }
  });

// fill writes zeros until there is no room for one byte more.
function fill(file) {
  const to = openSync(file, 'w');
  for (let size = 1 << 20; size >= 1; size = size > 4096 ? 4096 : size >> 1) {
    try {
      for (;;) writeSync(to, Buffer.alloc(size));
    } catch (cause) {
      if (cause.code !== 'ENOSPC') throw cause;
    }
  }
  closeSync(to);
}

test('no ffmpeg: lessons are recorded and play, and it is said what could not be made', async () => {
  const nowhere = ['--ffmpeg', '/nonexistent/ffmpeg'];
  const lacking = await Server.start({ flags: nowhere, data: path.join(folder, 'lacking') });
  try {
    await logSays(lacking, /level=WARN msg="no stills and no downloads will be made of lessons" error=".*\/nonexistent\/ffmpeg/);
    const there = await settle(lacking);
    await people.record(there.teacher, lacking, 'Without ffmpeg');
    await savedBeyond(there, await newestOf(there), 2000);
    await stopAndSave(there.teacher);
    await there.teacher.getByText('The stills and the download could not be made. The lesson plays all the same.').waitFor();
    await there.teacher.getByText('ffmpeg is missing on the server').waitFor();
    await logSays(lacking, /level=(WARN|ERROR) msg=.*ffmpeg/);
    assert.deepEqual(there.teacher.context().complaints, []);
  } finally {
    await lacking.end();
  }
  const doctor = await command(['doctor', ...await ports(), '--data', path.join(folder, 'doctor'), ...nowhere]);
  assert.notEqual(doctor.code, 0);
  assert.match(doctor.out, /missing +ffmpeg +ffmpeg is not installed on the server \(looked for "\/nonexistent\/ffmpeg"\)/);
  assert.match(doctor.err, /1 of the things that Backrow needs (is|are) missing/);
});

// ports are flags for addresses that nobody listens on.
async function ports() {
  const media = String(await freePort());
  return ['--listen', `127.0.0.1:${await freePort()}`, '--media-udp-port', media, '--media-tcp-port', media];
}

test('the doctor finds nothing wrong on a good machine', async () => {
  const { code, out, err } = await command(['doctor', ...await ports(), '--data', path.join(folder, 'doctor')]);
  assert.equal(code, 0, out + err);
  for (const what of ['ffmpeg', 'data', 'database', 'objects', 'web', 'media', 'spool', 'recording']) {
    assert.match(out, new RegExp(`^ +ok +${what} `, 'm'));
  }
  assert.match(out, /Everything that Backrow needs is here\./);
});

test('a start that cannot go well ends with a sentence that names the setting', async () => {
  const taken = { web: `127.0.0.1:${server.port}`, media: String(server.media) };
  const data = ['--data', path.join(folder, 'refused')];
  const [listen, web, , udp, , tcp] = await ports();
  const free = [listen, web, '--media-udp-port', udp, '--media-tcp-port', tcp];
  const cases = {
    'a taken port for pages': [['--listen', taken.web, ...free.slice(2)], 1, /cannot be listened on.*--listen/],
    'a taken port for media': [[listen, web, '--media-udp-port', taken.media, '--media-tcp-port', tcp], 1,
      /UDP port \d+, where lessons arrive, is taken.*--media-udp-port/],
    'a taken TCP port for media': [[listen, web, '--media-udp-port', udp, '--media-tcp-port', taken.media], 1,
      /TCP port \d+, where lessons arrive, is taken.*--media-tcp-port/],
    'an unknown flag': [[...free, '--colour', 'green'], 2, /unknown flag --colour/],
    'a wrong value': [['--listen', 'nowhere', ...free.slice(2)], 1, /--listen must be HOST:PORT/],
    'a database of another kind': [[...free, '--database', 'mysql://me:sesame@127.0.0.1/backrow'], 1, /must begin with sqlite: or postgres:/],
    'a database that is away': [[...free, '--database', 'postgres://me:sesame@127.0.0.1:1/backrow'], 1, /PostgreSQL does not answer\. Check .* database setting/],
    'a folder that cannot be made': [[...free, '--data', '/proc/backrow'], 1, /data folder \/proc\/backrow cannot be made.*--data/],
    'a store without its keys': [[...free, '--s3-endpoint', 'https://s3.example.org'], 1, /--s3-access-key/],
  };
  for (const [what, [flags, code, sentence]] of Object.entries(cases)) {
    const ended = await command(['serve', ...data, ...flags]);
    assert.equal(ended.code, code, `${what}: ${ended.err}`);
    const [said] = ended.err.match(/^backrow: .*/ms) ?? [''];
    assert.match(said, sentence, what);
    assert.doesNotMatch(ended.err + ended.out, /sesame/, `${what}: no password is shown`);
  }
  assert.ok((await fetch(`${server.url}/readyz`)).ok, 'the first server does not mind');
});

test('operators are made and passwords reset from the command line', async () => {
  const data = ['--data', server.data];
  const create = ['admin', 'create-operator', ...data, '--email', 'root@example.org', '--name', 'Ada Root'];
  const short = await command(create, { input: 'short\n' });
  assert.equal(short.code, 1);
  assert.match(short.err, /^backrow: .*password/im);
  const none = await command(create);
  assert.equal(none.code, 1);
  assert.match(none.err, /Write the password to the standard input/);
  const made = await command(create, { input: `${people.password}\n` });
  assert.equal(made.code, 0, made.err);

  const page = await (await newPerson(chromium)).newPage();
  await people.signIn(page, server, 'root@example.org');
  assert.equal((await page.goto(`${server.url}/admin`)).status(), 200);

  const fresh = 'another long password';
  const reset = await command(['admin', 'reset-password', ...data, '--email', 'root@example.org'], { input: `${fresh}\n` });
  assert.equal(reset.code, 0, reset.err);
  assert.equal((await page.request.get(`${server.url}/api/me`)).status(), 401, 'the old session has ended');
  await page.goto(`${server.url}/login`);
  await page.getByLabel('Email').fill('root@example.org');
  await page.getByLabel('Password', { exact: true }).fill(people.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await people.signIn(page, server, 'root@example.org', fresh);
  const nobody = await command(['admin', 'reset-password', ...data, '--email', 'nobody@example.org'], { input: `${fresh}\n` });
  assert.equal(nobody.code, 1);
  assert.match(nobody.err, /Nobody here has the address nobody@example\.org\./);
  for (const { out, err } of [made, reset]) assert.ok(!(out + err).includes('password\n') && !(out + err).includes(fresh));
});
