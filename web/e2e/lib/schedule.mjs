// Random schedules of what goes wrong in a lesson, each known by its seed.

// numbers are pseudo-random in [0, 1): mulberry32, which is enough for deciding what to break.
export function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

// What can happen, and what makes it well again. The rest of the lesson goes on meanwhile.
const events = {
  cut: { does: (lesson) => lesson.wire.cut(), undo: (lesson) => lesson.wire.shape({ cut: false }) },
  'cut from the server alone': {
    does: (lesson) => lesson.wire.shape({ down: { cut: true } }), undo: (lesson) => lesson.wire.shape({ cut: false }),
  },
  loss: {
    does: (lesson, random) => lesson.wire.shape({ loss: random() * 0.15, delay: random() * 100, jitter: random() * 50 }),
    undo: (lesson) => lesson.wire.shape({ loss: 0, delay: 0, jitter: 0 }),
  },
  slow: {
    does: (lesson, random) => lesson.wire.shape({ up: { rate: 200_000 + random() * 1_000_000 } }),
    undo: (lesson) => lesson.wire.shape({ rate: 0 }),
  },
  'UDP blocked': { does: (lesson) => lesson.wire.shape({ no_udp: true }), undo: (lesson) => lesson.wire.shape({ no_udp: false }) },
  reload: { does: async (lesson) => { await lesson.laptop.reload(); await lesson.goOn(); } },
  'tab killed': {
    async does(lesson) {
      await lesson.laptop.crash();
      await lesson.laptop.tab();
      await lesson.laptop.goto('/record');
      await lesson.goOn();
    },
  },
  'server killed': { does: (lesson) => lesson.server.kill(), undo: (lesson) => lesson.server.again() },
  'server restarted': { does: async (lesson) => { await lesson.server.stop(); await lesson.server.again(); } },
  paused: { does: (lesson) => lesson.pause() },
};

// plan draws what happens when in a lesson of so many seconds: { at, name, until } in seconds of its
// clock, without two that overlap. What begins last may outlast the lesson.
function plan(random, length) {
  const drawn = [];
  const names = Object.keys(events);
  for (let at = 6 + random() * 6; at < length - 6; at += 3 + random() * 8) {
    const name = names[Math.floor(random() * names.length)];
    const lasts = events[name].undo ? 2 + random() * 18 : 0;
    drawn.push({ at: Math.round(at), name, until: Math.round(at + lasts) });
    at += lasts;
  }
  return drawn;
}

// schedule lets a lesson be broken by the plan of a seed, and mends what is broken at its end.
export async function schedule(lesson, seed, length = 60) {
  const random = numbers(seed);
  const drawn = plan(random, length);
  console.log(`# random ${seed}: ${drawn.map(({ at, name, until }) => `${at}–${until} s ${name}`).join(', ')}`);
  let undo = null;
  for (const { at, name, until: end } of drawn) {
    await lesson.laptop.taught(at);
    await events[name].does(lesson, random);
    ({ undo } = events[name]);
    if (!undo || end > length) continue;
    await lesson.laptop.taught(end);
    await undo(lesson);
    undo = null;
  }
  await lesson.laptop.taught(length);
  if (!undo) return;
  await lesson.stop();
  await undo(lesson);
}
