// A place to break lessons in: a server, a wire, a teacher with a laptop, and the reckoning of what
// came out against what the laptop's encoders made.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { request } from 'playwright-core';

import { openChromium, newPerson } from './browser.mjs';
import { Firefox } from './firefox.mjs';
import { Laptop } from './laptop.mjs';
import { framesPerSecond, makeCamera, makeMicrophone } from './lesson.mjs';
import * as people from './people.mjs';
import { lossOf, shiftOf } from './readback.mjs';
import { scratch } from './scratch.mjs';
import { Server } from './server.mjs';
import { playlistOf, readTakes } from './takes.mjs';
import { until } from './until.mjs';
import { Wire } from './wire.mjs';

const teacher = 'dana@example.org';
const wide = 640; // as small as the encoders take seriously, so that two cores have time for them

// Lab has what all its lessons share: cameras, and the data of a server with a teacher.
export class Lab {
  // open makes cameras of so many seconds, each numbered on where the one before it ends.
  static async open({ seconds = 120, cameras = 2 } = {}) {
    const lab = new Lab();
    lab.folder = await scratch('lab');
    lab.seconds = seconds;
    lab.cameras = await Promise.all(Array.from({ length: cameras }, async (_, n) => {
      const file = path.join(lab.folder, `${n}.mjpeg`);
      await makeCamera(file, seconds, { first: n * seconds * framesPerSecond, wide });
      return file;
    }));
    lab.microphone = path.join(lab.folder, 'microphone.wav');
    await makeMicrophone(lab.microphone, seconds);
    lab.home = path.join(lab.folder, 'home');
    await mkdir(lab.home);
    const server = await Server.start({ data: lab.home });
    const chromium = await openChromium();
    const lead = await (await newPerson(chromium)).newPage();
    const program = await people.setUp(lead, server, { name: 'Ada Obi', email: 'lead@example.org', program: 'Riverside residency' });
    await people.invite(lead, server, chromium, program, { name: 'Dana Ortiz', email: teacher, role: 'Teacher' });
    await chromium.close();
    await server.stop();
    return lab;
  }

  async close() { await rm(this.folder, { recursive: true, force: true }); }

  // lesson runs during(lesson) from a lesson that is being recorded to one that is, and answers
  // with its row of the table. With live, the live route is alone; with firefox,
  // the laptop has that. Flags are the server's.
  async lesson({ name, live = false, firefox = false, seed, flags = [], env = {}, before, during, after }) {
    const lesson = new Lesson(this, { name, live, firefox });
    try {
      await lesson.prepare({ seed, flags, env });
      if (before) await before(lesson);
      else await lesson.begin();
      await during(lesson);
      return await lesson.reckon(after);
    } catch (error) {
      throw new Error(`${error.message}\n${await lesson.state()}`, { cause: error });
    } finally {
      await lesson.end();
    }
  }
}

class Lesson {
  #laptops = [];
  ends = []; // what else ends with it
  pauses = 0;

  constructor(lab, { name, live, firefox }) {
    Object.assign(this, { lab, title: name, live, firefox });
  }

  async prepare({ seed, flags, env }) {
    this.folder = await mkdtemp(path.join(this.lab.folder, 'lesson-'));
    this.wire = await Wire.lay({ seed });
    const data = path.join(this.folder, 'data');
    await cp(this.lab.home, data, { recursive: true });
    this.server = await Server.start({ data, flags, env, address: this.wire.address });
    this.laptop = await this.anotherLaptop({ cameras: this.lab.cameras });
  }

  // anotherLaptop opens one more, signed in, on the same wire unless another is given.
  async anotherLaptop({ cameras, wire = this.wire }) {
    const laptop = new (this.firefox ? Firefox : Laptop)({ folder: path.join(this.folder, `laptop-${this.#laptops.length}`), wire, cameras,
      server: this.server, microphone: this.lab.microphone, live: this.live });
    this.#laptops.push(laptop);
    await laptop.open();
    await laptop.signIn(teacher);
    this.office ??= await request.newContext({ extraHTTPHeaders: { cookie: laptop.cookies } });
    return laptop;
  }

  async begin() {
    await this.laptop.goto('/record');
    await this.start();
    await this.laptop.says(/^Saved until/);
    await this.find();
  }

  // start presses the button on a page that is open.
  async start() {
    await this.laptop.entitle(this.title);
    await this.laptop.press('Start recording');
    await until('the clock is there', () => this.laptop.page.$('[role=timer]'));
  }

  // goOn continues the lesson on a page that finds it unfinished.
  async goOn() {
    await this.laptop.press('Continue this recording');
    await until('the clock is there', () => this.laptop.page.$('[role=timer]'));
  }

  // savedHere waits until a page that was stopped without a network says what becomes of the lesson.
  savedHere() { return this.laptop.says(/The lesson is sent by itself/); }

  // takeOver has another laptop go on with the lesson.
  async takeOver(laptop) {
    this.laptop = laptop;
    await laptop.goto('/record');
    await laptop.press('Go on with it here');
    await until('the clock is there', () => laptop.page.$('[role=timer]'));
  }

  // pause pauses and resumes. The encoder runs on for some frames after Pause was pressed, which are
  // no part of the lesson; they are counted as encoded.
  async pause() {
    this.pauses++;
    await this.laptop.press('Pause');
    await this.laptop.press('Resume');
  }

  // kept waits until the browser has kept the recorder for when there is no network.
  kept() {
    return this.laptop.page.evaluate(async () => { await navigator.serviceWorker.ready; });
  }

  async find() {
    this.id = await until('the server knows of the lesson', async () => {
      const { items } = await this.ask('/api/recordings');
      return items.find(({ title }) => title === this.title)?.id;
    });
  }

  // ask asks the server, beside the wire.
  async ask(address) {
    const answer = await this.office.get(this.server.url + address);
    if (!answer.ok()) throw new Error(`${address} is ${answer.status()}: ${await answer.text()}`);
    return answer.json();
  }

  saved() { return this.ask(`/api/recordings/${this.id}/saved`); }

  savedBeyond(ms, seconds = 60) {
    return until(`${ms} ms are stored`, async () => (await this.saved()).until_ms > ms, { seconds });
  }

  async stop() {
    await this.laptop.press('Stop and save');
    this.stopped = Date.now();
  }

  // settled waits until the server expects nothing better of this lesson.
  settled(seconds = 180) {
    return until('the lesson is settled', async () => {
      const [saved, recording] = await Promise.all([this.saved(), this.ask(`/api/recordings/${this.id}`)]);
      return recording.state === 'ready' && (this.live || saved.settled) && recording;
    }, { seconds });
  }

  // reckon holds what is stored against what was encoded.
  async reckon(after) {
    if (!this.stopped) await this.stop();
    await this.settled();
    const settle = (Date.now() - this.stopped) / 1000;
    const playlist = await playlistOf(this.office, this.server, this.id);
    const takes = await readTakes(this.office, this.server, this.id, playlist);
    await after?.(this, takes);
    const frames = takes.flatMap((take) => take.frames);
    const present = new Map();
    for (const { number } of frames) present.set(number, (present.get(number) ?? 0) + 1);
    const loop = 1 << 16;
    const order = lossOf(frames, loop);
    const evidence = this.#laptops.map((laptop) => laptop.evidence);
    const made = (await Promise.all(evidence.map((one) => one.made()))).flat();
    const encoded = made.flatMap(({ frames: all }) => all.map(({ number }) => number));
    const sent = evidence.map((one) => one.sent).reduce((all, one) => (
      { frames: all.frames + one.frames, sounds: all.sounds + one.sounds, by: [...all.by, ...one.by] }));
    const wanted = this.live ? sent.frames : new Set(encoded).size;
    const sources = evidence.flatMap((one) => [...one.sources.values()]);
    const shifts = shiftsOf(takes, sources);
    const kept = shiftsOf(takes, made.map(asSource));
    const { spans } = await this.ask(`/api/recordings/${this.id}/timeline`);
    return {
      run: this.title, seed: this.wire.seed, encoded: wanted, present: present.size,
      missing: this.live ? Math.max(0, wanted - present.size) : [...new Set(encoded)].filter((number) => !present.has(number)).length,
      lost: this.live ? undefined : [...new Set(encoded)].filter((number) => !present.has(number)).slice(0, 20).join(' '),
      doubled: [...present.values()].filter((times) => times > 1).length,
      disorder: order.disorder, unreadable: order.unreadable,
      // Against the devices, and against what the encoder made of them.
      av_ms: worstOf(shifts), av_kept_ms: worstOf(kept), shifts, shifts_encoded: shiftsOf(made, sources),
      gaps: spans.filter((span, n) => n > 0 && span.timeline_ms - spans[n - 1].timeline_ms - spans[n - 1].length_ms > 100).length,
      pauses: this.pauses, settle_s: settle, takes: new Set(playlist.takes.map(({ id }) => id)).size,
      sounds: takes.reduce((sum, take) => sum + take.sounds, 0), sounds_sent: sent.sounds, by: [...new Set(sent.by)].join('+'),
      parts: takes.map((take) => `${take.id.slice(-4)} ${take.frames[0]?.number}–${take.frames.at(-1)?.number} ${take.seconds.toFixed(2)} s`).join(', '),
      complaints: [...takes.map((take) => take.complaints), ...this.#laptops.flatMap((laptop) => laptop.complaints)]
        .filter(Boolean).join('; ').slice(0, 300),
    };
  }

  // state is what a person would look at when a run fails.
  async state() {
    const page = await this.laptop?.page?.evaluate(() => `${location.href}\n${document.body.innerText}`).catch(String);
    const saved = this.id ? JSON.stringify(await this.saved().catch(String)) : 'no recording';
    const log = this.server?.log.split('\n').filter((line) => /level=(WARN|ERROR)|status=[45]/.test(line)).slice(-8).join('\n');
    return [page?.slice(0, 1500), saved, log, ...this.#laptops.flatMap((laptop) => laptop.complaints)].join('\n');
  }

  async end() {
    for (const laptop of this.#laptops) await laptop.close();
    for (const end of this.ends) await end();
    await this.office?.dispose();
    await this.server?.end().catch(() => {});
    await this.wire?.end();
    await rm(this.folder, { recursive: true, force: true });
  }
}

// asSource is what an encoder made, as that which a take of it is held against.
function asSource({ frames, beeps }) {
  const seconds = frames.filter(({ number }) => number !== null && number % framesPerSecond === 0);
  return { beeps: beeps.map((at) => at * 1000), last: frames.at(-1)?.number,
    seconds: seconds.map(({ number, seconds: at }) => ({ number, at: at * 1000 })) };
}

// shiftsOf is by how many milliseconds, in each take, sound and picture are further apart than the
// devices had them; null where that cannot be told.
function shiftsOf(takes, sources) {
  return takes.map((take) => {
    const end = take.frames.at(-1)?.number;
    const shift = sources.filter(({ last }) => last === undefined || end <= last)
      .map((source) => shiftOf(take, source)).find((found) => found !== null);
    return shift === undefined ? null : Math.round(shift);
  });
}

function worstOf(shifts) {
  const known = shifts.filter((shift) => shift !== null);
  return known.length > 0 ? known.reduce((worst, one) => (Math.abs(one) > Math.abs(worst) ? one : worst)) : null;
}
