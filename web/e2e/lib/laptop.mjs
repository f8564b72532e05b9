// A teacher's laptop: a Chromium with a profile that outlives it, behind a wire, with a camera
// whose frames are numbered on through its restarts.
import { readFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { chromium } from 'playwright-core';

import { quiet } from './browser.mjs';
import { Evidence } from './evidence.mjs';
import * as people from './people.mjs';
import { until } from './until.mjs';

export class Laptop {
  #sittings = 0;
  evidence = new Evidence();
  complaints = [];

  // It sees cameras (files) one after the other, one for each time that the browser is opened;
  // the last stays.
  constructor({ folder, wire, server, cameras, microphone, live = false }) {
    Object.assign(this, { folder, wire, server, cameras, microphone, live });
  }

  // open starts the browser, with the profile as it was left.
  async open() {
    const profile = path.join(this.folder, 'profile');
    await mkdir(profile, { recursive: true });
    this.command = await this.wire.command('/usr/bin/chromium');
    const camera = this.cameras[Math.min(this.#sittings++, this.cameras.length - 1)];
    this.context = await chromium.launchPersistentContext(profile, {
      executablePath: this.command, viewport: { width: 1366, height: 768 }, locale: 'en-GB',
      args: [...quiet, '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
        `--unsafely-treat-insecure-origin-as-secure=${this.server.url}`,
        `--use-file-for-fake-video-capture=${camera}`, `--use-file-for-fake-audio-capture=${this.microphone}`],
    });
    this.pid = Number(await readFile(`${this.command}.pid`, 'utf8'));
    await this.evidence.of(this.context, { live: this.live });
    this.context.on('page', (page) => this.#listen(page));
    [this.page] = this.context.pages();
    this.#listen(this.page);
  }

  #listen(page) {
    page.on('dialog', (dialog) => dialog.accept().catch(() => {})); // leave the page? yes
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  async signIn(email) {
    this.email = email;
    await people.signIn(this.page, this.server, email);
    await this.keepCamera();
    const cookies = await this.context.cookies(this.server.url);
    this.cookies = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  // keepCamera has a tab look at the camera, which keeps it open: its numbers go on over a reload.
  async keepCamera() {
    const other = await this.context.newPage();
    await other.goto(`${this.server.url}/readyz`);
    await other.evaluate(async () => { globalThis.__kept = await navigator.mediaDevices.getUserMedia({ video: true }); });
    await this.page.bringToFront();
  }

  // goto opens a page. A browser that is killed may have lost the cookies of its last half minute:
  // then the person signs in again.
  async goto(address) {
    await this.page.goto(this.server.url + address);
    if (new URL(this.page.url()).pathname !== '/login' || address === '/login') return;
    await people.signIn(this.page, this.server, this.email);
    await this.page.goto(this.server.url + address);
  }

  // press presses a button as soon as it can be pressed.
  press(name) {
    return this.page.getByRole('button', { name }).and(this.page.locator(':enabled')).click({ timeout: 60_000 });
  }

  entitle(title) { return this.page.getByLabel('Title').fill(title); }

  says(pattern, seconds = 60) { return this.page.getByText(pattern).first().waitFor({ timeout: seconds * 1000 }); }

  reload() { return this.page.reload(); }

  // tab opens another tab and makes it the one that is used.
  async tab() {
    this.page = await this.context.newPage();
  }

  // crash ends the page's process as a lack of memory would.
  async crash() {
    const session = await this.context.newCDPSession(this.page);
    const crashed = this.page.waitForEvent('crash');
    session.send('Page.crash').catch(() => {});
    await crashed;
  }

  // kill ends the whole browser as a power cut would, and waits until its processes are gone.
  async kill() {
    const closed = new Promise((resolve) => { this.context.on('close', resolve); });
    process.kill(-this.pid, 'SIGKILL');
    await closed;
    await until('the browser is gone', () => {
      try { process.kill(-this.pid, 0); return false; } catch { return true; }
    });
  }

  async close() { await this.context?.close().catch(() => {}); }

  clock() {
    return this.page.getByRole('timer').textContent().then((text) => (
      text.match(/[\d:]+/)[0].split(':').reduce((sum, part) => sum * 60 + Number(part), 0)));
  }

  // taught waits until the lesson's clock shows so many seconds.
  taught(seconds) {
    return until(`${seconds} s have been taught`, async () => await this.clock() >= seconds, { seconds: seconds + 60 });
  }
}
