// Reads a numbered-frame lesson back: which frames are there, when, and when the beeps are.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const grid = { width: 64, height: 36 };
const bits = 16;

async function run(command, args) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const out = [];
  let errors = '';
  child.stdout.on('data', (chunk) => out.push(chunk));
  child.stderr.on('data', (chunk) => { errors += chunk; });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${command} ended with ${code}: ${errors}`);
  return { out: Buffer.concat(out), errors };
}

// readBack decodes a file or an HLS address. It returns frames ({number, seconds}, in the order of
// the file; number is null where the band could not be read), flashes and beeps (seconds at which
// each begins), sounds (how many packets of it there are), duration (seconds), and complaints:
// whatever ffmpeg had to say.
export async function readBack(input, { headers = '' } = {}) {
  const from = headers ? ['-headers', headers] : [];
  const streams = await run('ffprobe', ['-v', 'error', ...from, '-show_entries', 'stream=codec_type', '-of', 'csv=p=0', input]);
  const has = (kind) => streams.out.toString().includes(kind);
  const nothing = { out: Buffer.alloc(0), errors: '' };
  const video = !has('video') ? nothing : await run('ffmpeg', ['-v', 'error', '-nostdin', ...from, '-i', input, '-an', '-vf',
    `scale=${grid.width}:${grid.height}:flags=area,format=gray`, '-fps_mode', 'passthrough',
    '-enc_time_base', '-1', '-f', 'rawvideo', 'pipe:1']);
  const probe = await run('ffprobe', ['-v', 'error', ...from, '-select_streams', 'v', '-show_entries',
    'frame=best_effort_timestamp_time', '-of', 'csv=p=0', input]);
  const sounds = await run('ffprobe', ['-v', 'error', ...from, '-select_streams', 'a', '-count_packets', '-show_entries',
    'stream=nb_read_packets', '-of', 'csv=p=0', input]);
  const format = await run('ffprobe', ['-v', 'error', ...from, '-show_entries', 'format=duration,start_time',
    '-of', 'default=nw=1', input]);
  const about = (name) => Number(format.out.toString().match(new RegExp(`${name}=(.*)`))?.[1]);
  const audio = !has('audio') ? nothing : await run('ffmpeg', ['-v', 'error', '-nostdin', ...from, '-i', input, '-vn', '-ac', '1',
    '-af', 'aresample=48000:async=1:first_pts=0', '-f', 'f32le', 'pipe:1']);

  const times = probe.out.toString().split('\n').filter(Boolean).map((line) => Number(line.split(',')[0]));
  const size = grid.width * grid.height;
  const frames = [];
  const flashes = [];
  let lit = true;
  for (let i = 0; (i + 1) * size <= video.out.length; i++) {
    const grey = video.out.subarray(i * size, (i + 1) * size);
    frames.push({ number: readNumber(grey), seconds: times[i] });
    const bright = grey[29 * grid.width + 32] > 130;
    if (bright && !lit) flashes.push(times[i]);
    lit = bright;
  }
  return {
    frames, flashes, duration: about('duration'),
    // ffmpeg counts what it decodes from the beginning of the file, ffprobe from 0.
    beeps: findBeeps(audio.out).map((at) => at + (about('start_time') || 0)),
    sounds: Number(sounds.out.toString().trim().split('\n').at(0)),
    complaints: (video.errors + probe.errors + audio.errors).trim(),
  };
}

function readNumber(grey) {
  let number = 0;
  for (let bit = 0; bit < bits; bit++) {
    const x = bit * 4 + 2;
    const value = grey[3 * grid.width + x] > 125 ? 1 : 0;
    const complement = grey[9 * grid.width + x] > 125 ? 1 : 0;
    if (value === complement) return null;
    number = (number << 1) | value;
  }
  return number;
}

function findBeeps(raw) {
  const samples = new Float32Array(raw.buffer, raw.byteOffset, Math.floor(raw.length / 4));
  const beeps = [];
  let last = -1;
  samples.forEach((sample, i) => {
    if (Math.abs(sample) < 0.1) return;
    const at = i / 48000;
    if (last < 0 || at - last > 0.3) beeps.push(at);
    last = at;
  });
  return beeps;
}

// offsetOf is by how many seconds the beeps come after the flashes: the median over all flashes
// of the distance to the nearest beep. Both lists are in one unit; period is one second in it.
export function offsetOf(flashes, beeps, period) {
  const distances = flashes.map((flash) => {
    let nearest = Infinity;
    for (const beep of beeps) if (Math.abs(beep - flash) < Math.abs(nearest)) nearest = beep - flash;
    return nearest;
  }).filter((d) => Math.abs(d) <= period / 2).sort((a, b) => a - b);
  if (distances.length === 0) throw new Error('no flash has a beep near it');
  return distances[Math.floor(distances.length / 2)];
}

// shiftOf is by how many milliseconds sound lies further from the picture in what was read back than
// the source had it: the median over the frames with which a second begins, each compared with
// itself, since a camera that has no time drifts from its microphone. null: there is none to compare.
export function shiftOf({ frames, beeps }, source) {
  const nearest = (all, at) => all.reduce((best, one) => (Math.abs(one - at) < Math.abs(best) ? one - at : best), Infinity);
  const was = new Map(source.seconds.map(({ number, at }) => [number, nearest(source.beeps, at)]));
  const shifts = [];
  for (const { number, seconds } of frames) {
    const shift = nearest(beeps, seconds) * 1000 - was.get(number);
    if (Number.isFinite(shift)) shifts.push(shift - 1000 * Math.round(shift / 1000)); // every beep is like the next
  }
  shifts.sort((a, b) => a - b);
  return shifts.length > 0 ? shifts[Math.floor(shifts.length / 2)] : null;
}

// lossOf compares the numbers read with what a camera that loops at `length` frames shows: how many
// are missing between the first and the last, how many come again, how many could not be read.
export function lossOf(frames, length) {
  let missing = 0;
  let doubled = 0;
  let unreadable = 0;
  let disorder = 0;
  let before = null;
  for (const { number } of frames) {
    if (number === null) { unreadable++; continue; }
    if (before !== null) {
      const step = (number - before + length) % length;
      if (step === 0) doubled++;
      else if (step > length / 2) disorder++;
      else missing += step - 1;
    }
    before = number;
  }
  return { missing, doubled, unreadable, disorder };
}
