// Records chromium.mp4 and firefox.webm anew, with the MediaRecorder of the real browsers: six
// seconds of 320×180, with a flash and a beep each second. In the folder web, where the browsers'
// drivers are installed: node ../transcode/testdata/record.mjs
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

import { openChromium } from '../../web/e2e/lib/browser.mjs';

const { default: puppeteer } = await import(createRequire(
  new URL('../../web/package.json', import.meta.url)).resolve('puppeteer-core'));

// record runs in the page. Firefox has no sound card to run an AudioContext by; its pretended
// microphone hums all the time, as Chromium's does here.
async function record({ type, pretended }) {
  const canvas = document.body.appendChild(
    Object.assign(document.createElement('canvas'), { width: 320, height: 180 }));
  const context = canvas.getContext('2d');
  const hum = async () => {
    if (pretended) return navigator.mediaDevices.getUserMedia({ audio: true });
    const audio = new AudioContext();
    const out = audio.createMediaStreamDestination();
    const tone = new OscillatorNode(audio, { frequency: 1000 });
    tone.connect(out);
    tone.start();
    await audio.resume();
    return out.stream;
  };
  const [sound] = (await hum()).getAudioTracks();
  const zero = performance.now() + 500;
  let frame = 0;
  const draw = () => {
    const now = performance.now() - zero;
    const flash = now >= 0 && now % 1000 < 100;
    sound.enabled = flash;
    context.fillStyle = flash ? '#fff' : '#223';
    context.fillRect(0, 0, 320, 180);
    context.fillStyle = '#8a4';
    context.fillRect((frame++ * 5) % 300, 160, 20, 20);
  };
  draw();
  const drawing = setInterval(draw, 1000 / 30);

  const recorder = new MediaRecorder(
    new MediaStream([...canvas.captureStream(30).getTracks(), sound]),
    { mimeType: type, videoBitsPerSecond: 60_000, audioBitsPerSecond: 24_000, videoKeyFrameIntervalDuration: 2000 });
  const blobs = [];
  recorder.ondataavailable = ({ data }) => blobs.push(data);
  recorder.start(1000);
  await new Promise((resolve) => { setTimeout(resolve, 6000); });
  const stopped = new Promise((resolve) => { recorder.onstop = resolve; });
  recorder.stop();
  await stopped;
  clearInterval(drawing);
  return [...new Uint8Array(await new Blob(blobs).arrayBuffer())];
}

const openFirefox = () => puppeteer.launch({
  browser: 'firefox', executablePath: '/usr/bin/firefox-esr', headless: true, protocol: 'webDriverBiDi',
  extraPrefsFirefox: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true },
});

const server = http.createServer((_, answer) => {
  answer.setHeader('content-type', 'text/html');
  answer.end('<!doctype html><title>Record</title>');
}).listen(0, 'localhost');
await once(server, 'listening');

for (const [open, name, how] of [
  [() => openChromium({ flags: ['--autoplay-policy=no-user-gesture-required'] }), 'chromium.mp4',
    { type: 'video/mp4;codecs=avc1.42E01F,opus', pretended: false }],
  [openFirefox, 'firefox.webm', { type: 'video/webm;codecs=vp8,opus', pretended: true }],
]) {
  const browser = await open();
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  const bytes = await page.evaluate(record, how);
  await writeFile(path.join(import.meta.dirname, name), Buffer.from(bytes));
  console.log(name, bytes.length, 'bytes');
  await browser.close();
}
server.close();
