// A teacher's laptop with Firefox: what laptop.mjs is with Chromium, by WebDriver BiDi.
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import puppeteer from 'puppeteer-core';

import { Evidence } from './evidence.mjs';
import * as people from './people.mjs';
import { pretendCamera } from './pretend.mjs';
import { freePort } from './server.mjs';
import { until } from './until.mjs';

const framesPerSitting = 9000; // 5 min

export class Firefox {
  #sittings = 0;
  evidence = new Evidence();
  complaints = [];

  constructor({ folder, wire, server, live = false }) {
    Object.assign(this, { folder, wire, server, live });
  }

  async open() {
    const profile = path.join(this.folder, 'profile');
    await mkdir(profile, { recursive: true });
    this.command = await this.wire.command('/usr/bin/firefox-esr');
    const debuggingPort = await freePort();
    await this.wire.relay(debuggingPort); // by which it is controlled, whatever becomes of the wire
    this.browser = await puppeteer.launch({
      browser: 'firefox', headless: true, protocol: 'webDriverBiDi', executablePath: this.command,
      userDataDir: profile, debuggingPort, timeout: 60_000, protocolTimeout: 60_000,
      extraPrefsFirefox: {
        'media.autoplay.default': 0,
        'media.navigator.streams.fake': true,
        'dom.securecontext.allowlist': this.wire.address,
        'security.mixed_content.upgrade_display_content': false, // its pictures are not on https either
        'security.mixed_content.block_active_content': false,
        'dom.security.https_first': false,
        'security.warn_submit_secure_to_insecure': false,
        'media.devices.insecure.enabled': true,
        'media.getusermedia.insecure.enabled': true,
        'media.navigator.permission.disabled': true,
        'media.peerconnection.ice.obfuscate_host_addresses': false, // as when a camera is in use
        'dom.disable_beforeunload': true,
        'browser.sessionstore.resume_from_crash': false,
        'network.captive-portal-service.enabled': false,
        'network.connectivity-service.enabled': false,
      },
    });
    this.pid = Number(await readFile(`${this.command}.pid`, 'utf8'));
    this.sitting = { first: this.#sittings++ * framesPerSitting, begun: Date.now() };
    await this.tab();
  }

  async tab() {
    this.page = await this.browser.newPage();
    this.page.setDefaultTimeout(120_000);
    await this.page.setViewport({ width: 1366, height: 768 });
    await this.page.exposeFunction('__tell', (fact) => this.evidence.hear(fact));
    await this.page.evaluateOnNewDocument(pretendCamera, this.sitting);
    await this.page.evaluateOnNewDocument(Evidence.watch, { live: this.live });
    this.page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  async signIn(email) {
    await this.goto('/login');
    await this.page.evaluate((...words) => {
      const form = document.querySelector('#email').form;
      [form.querySelector('#email').value, form.querySelector('#password').value] = words;
      setTimeout(() => form.requestSubmit());
    }, email, people.password);
    await until('the person is signed in', () => this.page.evaluate(() => location.pathname === '/').catch(() => false));
    const cookies = await this.page.cookies();
    this.cookies = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  keepCamera() {} // it is the page's own

  goto(address) { return this.page.goto(this.server.url + address); }

  // press presses a button as soon as it can be pressed.
  press(name) {
    return until(`“${name}” is pressed`, () => this.page.evaluate((words) => {
      const button = [...document.querySelectorAll('button')].find((one) => one.textContent.trim() === words && !one.disabled);
      button?.click();
      return Boolean(button);
    }, name));
  }

  async entitle(title) {
    await this.page.waitForSelector('label');
    await this.page.evaluate((text) => {
      const input = [...document.querySelectorAll('label')].find((one) => one.textContent.trim().startsWith('Title')).control;
      Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(input, text);
      input.dispatchEvent(new Event('input', { bubbles: true }));
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }, title);
  }

  says(pattern, seconds = 60) {
    return until(`the page says ${pattern}`, () => this.page.evaluate(
      (source) => new RegExp(source, 'm').test(document.body.innerText), pattern.source).catch(() => false), { seconds });
  }

  async reload() { await this.page.reload(); }

  async kill() {
    const gone = new Promise((resolve) => { this.browser.on('disconnected', resolve); });
    process.kill(-this.pid, 'SIGKILL');
    await gone;
  }

  async close() { await this.browser?.close().catch(() => {}); }

  clock() {
    return this.page.evaluate(() => (document.querySelector('[role=timer]')?.textContent.match(/[\d:]+/)?.[0] ?? '0')
      .split(':').reduce((sum, part) => sum * 60 + Number(part), 0));
  }

  taught(seconds) {
    return until(`${seconds} s have been taught`, async () => await this.clock() >= seconds, { seconds: seconds + 60 });
  }
}
