// A lesson whose every frame carries its own number and whose every second begins with a flash
// and a beep: what was lost, doubled, swapped or shifted on its way can be read off the result.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';

export const width = 1280;
export const height = 720;
export const framesPerSecond = 30;
const bits = 16;
const flashFrames = 3;
const sampleRate = 48000;
const beep = { hertz: 1000, seconds: 0.1 };

// draw paints frame n in 8-bit grey: its number in a band of black and white cells, most
// significant bit first; the complement beneath, so that a misread cannot pass; a square that
// moves, so that the encoder has work; and the flash. It is the same picture in every size of 16:9.
function draw(grey, n, size) {
  const fill = (value, { left = 0, top, right = 1280, bottom }) => {
    const scale = size.width / width;
    for (let y = top * scale; y < bottom * scale; y++) {
      grey.fill(value, y * size.width + left * scale, y * size.width + right * scale);
    }
  };
  grey.fill(96);
  for (let bit = 0; bit < bits; bit++) {
    const on = (n >> (bits - 1 - bit)) & 1;
    const cell = { left: (bit * width) / bits, right: ((bit + 1) * width) / bits };
    fill(on ? 235 : 16, { ...cell, top: 0, bottom: 120 });
    fill(on ? 16 : 235, { ...cell, top: 120, bottom: 240 });
  }
  const x = Math.floor(((n * 7) % (width - 80)) / 2) * 2;
  fill(200, { left: x, top: 260, right: x + 80, bottom: 340 });
  fill(n % framesPerSecond < flashFrames ? 235 : 32, { top: 400, bottom: height });
}

// makeCamera writes seconds of the lesson as MJPEG, the form that Chromium's file camera reads at
// 30 frames a second. Its first frame has the number first, so that several cameras can be told
// apart; it is as wide as wide says.
export async function makeCamera(path, seconds, { first = 0, wide = width } = {}) {
  const size = { width: wide, height: (wide * height) / width };
  const ffmpeg = spawn('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-f', 'rawvideo', '-pix_fmt', 'gray',
    '-s', `${size.width}x${size.height}`, '-r', String(framesPerSecond), '-i', 'pipe:0', '-pix_fmt', 'yuvj420p',
    '-c:v', 'mjpeg', '-q:v', '5', '-f', 'mjpeg', path], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(ffmpeg, 'exit');
  for (let n = first; n < first + seconds * framesPerSecond; n++) {
    const grey = Buffer.alloc(size.width * size.height);
    draw(grey, n, size);
    if (!ffmpeg.stdin.write(grey)) await once(ffmpeg.stdin, 'drain');
  }
  ffmpeg.stdin.end();
  const [code] = await ended;
  if (code !== 0) throw new Error(`ffmpeg could not make the camera: it ended with ${code}`);
}

// makeMicrophone writes seconds of silence with a beep at every second as a WAV file.
export async function makeMicrophone(path, seconds) {
  const samples = seconds * sampleRate;
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0);
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(sampleRate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36);
  wav.writeUInt32LE(samples * 2, 40);
  for (let i = 0; i < samples; i++) {
    const t = (i % sampleRate) / sampleRate;
    const level = t < beep.seconds ? Math.sin(2 * Math.PI * beep.hertz * t) * 0.6 : 0;
    wav.writeInt16LE(Math.round(level * 32767), 44 + i * 2);
  }
  await writeFile(path, wav);
}

// watchSource runs in the page before its own scripts. It keeps a note of when each flash and each
// beep left the devices, read from clones of the very tracks that the page records: the file camera
// and the file microphone do not start together, so only this tells by how much the source itself
// is apart. Each track has timestamps on a clock of its own; what is nearest to that clock on the
// page's is the arrival that was delayed least.
//
// What the browser says that it sent is written into the session's storage as it goes, since the
// page ends with the lesson; so is when something was last clicked, and when a video last had its
// first frame.
export function watchSource() {
  if (!navigator.mediaDevices) return; // an empty page
  const newClock = () => ({ moments: [], ahead: Infinity }); // moments in ms of the track's clock
  const video = newClock();
  const audio = newClock();
  const onPage = ({ moments, ahead }) => moments.map((moment) => moment + ahead);
  let numbers = null; // the first and the last that the camera showed
  const seconds = []; // the numbered frames with which a second begins
  globalThis.__source = () => ({ flashes: onPage(video), beeps: onPage(audio), numbers,
    seconds: seconds.map(({ number, at }) => ({ number, at: at + video.ahead })) });
  const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    const stream = await original(constraints);
    for (const track of stream.getVideoTracks()) watchVideo(track.clone());
    for (const track of stream.getAudioTracks()) watchAudio(track.clone());
    return stream;
  };
  const note = (name) => sessionStorage.setItem(name, String(Date.now()));
  addEventListener('click', () => note('clicked'), { capture: true });
  addEventListener('loadeddata', () => note('shown'), { capture: true }); // a first frame is there
  const Connection = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Connection {
    constructor(...args) {
      super(...args);
      follow(this);
    }
  };
  async function follow(connection) {
    let sent = { frames: 0, first: 0, last: 0 };
    while (connection.connectionState !== 'closed') {
      for (const stat of (await connection.getStats()).values()) {
        if (stat.type !== 'outbound-rtp' || stat.kind !== 'video' || stat.framesSent <= sent.frames) continue;
        const now = performance.now();
        sent = { frames: stat.framesSent, first: sent.first || now, last: now };
        sessionStorage.setItem('sent', JSON.stringify(sent));
      }
      await new Promise((resume) => { setTimeout(resume, 10); });
    }
  }
  async function watchVideo(track) {
    const reader = new globalThis.MediaStreamTrackProcessor({ track }).readable.getReader();
    let lit = true;
    for (;;) {
      const { value: frame, done } = await reader.read();
      if (done) return;
      const at = frame.timestamp / 1000;
      video.ahead = Math.min(video.ahead, performance.now() - at);
      const plane = new Uint8Array(frame.allocationSize());
      const rect = frame.visibleRect;
      await frame.copyTo(plane);
      const middle = Math.floor(rect.height * 0.8) * rect.width + Math.floor(rect.width / 2);
      const bright = plane[middle] > 130;
      if (bright && !lit) video.moments.push(at);
      lit = bright;
      const number = numberIn(plane, rect);
      if (number !== null) numbers = { first: numbers?.first ?? number, last: number };
      if (number !== null && number % 30 === 0) seconds.push({ number, at });
      frame.close();
    }
  }
  function numberIn(plane, { width, height }) {
    let number = 0;
    for (let bit = 0; bit < 16; bit++) {
      const x = Math.floor(((bit + 0.5) * width) / 16);
      const [above, below] = [1 / 12, 3 / 12].map((share) => plane[Math.floor(share * height) * width + x] > 125);
      if (above === below) return null;
      number = number * 2 + (above ? 1 : 0);
    }
    return number;
  }
  async function watchAudio(track) {
    const reader = new globalThis.MediaStreamTrackProcessor({ track }).readable.getReader();
    let loud = -Infinity;
    for (;;) {
      const { value: data, done } = await reader.read();
      if (done) return;
      const start = data.timestamp / 1000;
      const length = (data.numberOfFrames / data.sampleRate) * 1000;
      audio.ahead = Math.min(audio.ahead, performance.now() - start - length);
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      samples.forEach((sample, i) => {
        if (Math.abs(sample) < 0.1) return;
        const at = start + (i / data.sampleRate) * 1000;
        if (at - loud > 300) audio.moments.push(at);
        loud = at;
      });
      data.close();
    }
  }
}
