// The ways in which a lesson's network, laptop and server are broken. Each run records with a
// real browser over a wire and ends in a settled recording, which is held against what the
// browser's encoders made. Lengths are seconds of the lesson's own clock.
import { lockDatabase } from './dblock.mjs';
import { schedule } from './schedule.mjs';
import { Store } from './store.mjs';
import { Wire } from './wire.mjs';

const away = 40; // milliseconds to a server in another town, each way

// cut records 10 s, cuts the wire for so long, and records 10 s more.
const cut = (seconds) => ({
  async during(lesson) {
    await lesson.laptop.taught(10);
    await lesson.wire.cut();
    await lesson.laptop.taught(10 + seconds);
    await lesson.wire.mend();
    await lesson.laptop.taught(20 + seconds);
  },
});

const shaped = (shape, seconds) => ({
  async during(lesson) {
    await lesson.wire.shape(shape);
    await lesson.laptop.taught(seconds);
  },
});

// outage records with a store of its own that is in a mood for so long.
const outage = (mood, seconds) => ({
  prepare: () => Store.start(),
  async during(lesson, store) {
    await lesson.laptop.taught(10);
    store.be(mood);
    await lesson.laptop.taught(10 + seconds);
    store.be('well');
    await lesson.laptop.taught(20 + seconds);
  },
});

const random = (seed, length) => ({
  seed,
  during: (lesson) => schedule(lesson, seed, length),
});

export const runs = {
  plain: shaped({}, 20),
  'cut of 5 s': cut(5),
  'cut of 60 s': cut(60),
  'cut of 10 min': { ...cut(600), seconds: 660 },
  'loss 2 %': shaped({ loss: 0.02, delay: away }, 30),
  'loss 5 %': shaped({ loss: 0.05, delay: away }, 30),
  'loss 10 %': shaped({ loss: 0.1, delay: away }, 30),
  'uplink 300 kbit/s': shaped({ delay: away, up: { rate: 300_000 } }, 30),
  'cut from the server alone': {
    async during(lesson) {
      await lesson.laptop.taught(10);
      await lesson.wire.shape({ down: { cut: true } });
      await lesson.laptop.taught(25);
      await lesson.wire.mend();
      await lesson.laptop.taught(35);
    },
  },
  'UDP blocked': {
    before: async (lesson) => { await lesson.wire.shape({ no_udp: true }); await lesson.begin(); },
    during: (lesson) => lesson.laptop.taught(20),
  },
  'WebRTC blocked': {
    flags: ['--media-tcp-port=-1'],
    before: async (lesson) => { await lesson.wire.shape({ no_udp: true }); await lesson.begin(); },
    during: (lesson) => lesson.laptop.taught(30),
  },
  reload: {
    async during(lesson) {
      await lesson.laptop.taught(12);
      await lesson.laptop.reload();
      await lesson.goOn();
      await lesson.laptop.taught(30);
    },
  },
  'reload while cut': {
    async during(lesson) {
      await lesson.laptop.taught(12);
      await lesson.wire.cut();
      await lesson.laptop.taught(20);
      await lesson.laptop.reload();
      await lesson.goOn();
      await lesson.laptop.taught(35);
      await lesson.wire.mend();
    },
  },
  'tab killed': {
    async during(lesson) {
      await lesson.laptop.taught(12);
      await lesson.laptop.crash();
      await lesson.laptop.tab();
      await lesson.laptop.goto('/record');
      await lesson.goOn();
      await lesson.laptop.taught(30);
    },
  },
  'browser killed': {
    cameras: 2,
    async during(lesson) {
      await lesson.laptop.taught(15);
      await lesson.laptop.kill();
      await lesson.laptop.open();
      await lesson.laptop.keepCamera();
      await lesson.laptop.goto('/record');
      await lesson.goOn();
      await lesson.laptop.taught(35);
    },
  },
  'server killed': {
    async during(lesson) {
      await lesson.laptop.taught(12);
      await lesson.server.kill();
      await lesson.laptop.taught(17);
      await lesson.server.again();
      await lesson.laptop.taught(40);
    },
  },
  'server restarted': {
    async during(lesson) {
      await lesson.laptop.taught(12);
      await lesson.server.stop();
      await lesson.server.again();
      await lesson.laptop.taught(40);
    },
  },
  'store refuses for 2 min': { ...outage('refusing', 120), seconds: 240 },
  'store hangs': outage('hanging', 30),
  'database locked': {
    async during(lesson) {
      await lesson.laptop.taught(10);
      const unlock = await lockDatabase(lesson.server.data);
      await lesson.laptop.taught(40);
      await unlock();
      await lesson.laptop.taught(50);
    },
  },
  'started offline': {
    before: async (lesson) => {
      await lesson.laptop.goto('/record'); // a page that was opened before
      await lesson.kept();
      await lesson.wire.cut();
      await lesson.laptop.goto('/record');
      await lesson.start();
    },
    async during(lesson) {
      await lesson.laptop.taught(15);
      await lesson.wire.mend();
      await lesson.find();
      await lesson.laptop.taught(30);
    },
  },
  'stopped while cut': {
    async during(lesson) {
      await lesson.laptop.taught(10);
      await lesson.wire.cut();
      await lesson.laptop.taught(25);
      await lesson.stop();
      await lesson.savedHere();
      await lesson.wire.mend();
    },
  },
  'sent another day': {
    cameras: 2,
    async during(lesson) {
      await lesson.laptop.taught(10);
      await lesson.wire.cut();
      await lesson.laptop.taught(25);
      await lesson.stop();
      await lesson.savedHere();
      await lesson.laptop.kill();
      await lesson.wire.mend();
      await lesson.laptop.open();
      await lesson.laptop.goto('/'); // any page sends
    },
  },
  'paused and resumed': {
    async during(lesson) {
      await lesson.laptop.taught(10);
      await lesson.pause();
      await lesson.laptop.taught(20);
    },
  },
  'two laptops': {
    cameras: 2,
    async during(lesson) {
      await lesson.laptop.taught(15);
      const wire = await Wire.lay({ seed: lesson.wire.seed + 1 });
      lesson.ends.push(() => wire.end());
      const first = lesson.laptop;
      const second = await lesson.anotherLaptop({ cameras: lesson.lab.cameras.slice(1), wire });
      await lesson.wire.cut(); // the first one's battery is empty before it has sent everything
      await lesson.laptop.taught(25);
      await first.kill();
      await lesson.takeOver(second);
      await lesson.laptop.taught(45);
      await lesson.stop();
      await lesson.wire.mend();
      await first.open();
      await first.goto('/'); // any page sends
    },
  },
  'live alone, loss 2 %': { live: true, ...shaped({ loss: 0.02, delay: away }, 30) },
  'live alone, loss 5 %': { live: true, ...shaped({ loss: 0.05, delay: away }, 30) },
  'live alone, loss 10 %': { live: true, ...shaped({ loss: 0.1, delay: away }, 30) },
  'live alone, cut of 5 s': { live: true, ...cut(5) },
  'live alone, cut of 60 s': { live: true, ...cut(60) },
  'live alone, uplink 300 kbit/s': { live: true, ...shaped({ delay: away, up: { rate: 300_000 } }, 30) },
  'live alone, UDP blocked': {
    live: true,
    before: async (lesson) => { await lesson.wire.shape({ no_udp: true }); await lesson.begin(); },
    during: (lesson) => lesson.laptop.taught(20),
  },
};

for (const name of ['plain', 'cut of 5 s', 'cut of 60 s', 'loss 5 %', 'uplink 300 kbit/s', 'reload', 'browser killed',
  'server killed', 'WebRTC blocked', 'stopped while cut']) {
  runs[`Firefox: ${name}`] = { ...runs[name], firefox: true };
}

// runOf is a run by its name; 'random 7' is the random schedule of seed 7, 'random 7 short' half a
// minute of it.
export function runOf(name) {
  const [, seed, short] = name.match(/^random (\d+)( short)?$/) ?? [];
  return seed ? random(Number(seed), short && 35) : runs[name];
}

// record does a run in a lab and answers with its row of the table.
export async function record(lab, name) {
  const { prepare, during, flags = [], ...run } = runOf(name);
  const made = await prepare?.();
  try {
    return await lab.lesson({ name, ...run, flags: [...flags, ...made?.flags ?? []], env: made?.env,
      during: (lesson) => during(lesson, made) });
  } finally {
    await made?.end();
  }
}
