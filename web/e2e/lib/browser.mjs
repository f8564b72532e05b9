// Real browsers: Debian's Chromium by Playwright, Firefox ESR by WebDriver BiDi.
import { chromium } from 'playwright-core';
import puppeteer from 'puppeteer-core';

// quiet are the flags of a Chromium that asks nobody and calls nowhere.
export const quiet = ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// openChromium starts a browser with a fresh profile. With camera and microphone (files) it has
// devices that play them and gives leave to use them.
export async function openChromium({ camera, microphone, flags = [] } = {}) {
  const devices = camera ? ['--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${camera}`, `--use-file-for-fake-audio-capture=${microphone}`] : [];
  return chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [...quiet, '--allow-loopback-in-peer-connection', ...devices, ...flags],
  });
}

export const screens = { laptop: { width: 1366, height: 768 }, phone: { width: 390, height: 844 } };

// newPerson is a browser context of one person. What its pages complain about on their consoles
// is gathered in complaints: tests end by showing that there was nothing.
export async function newPerson(browser, options = {}) {
  const context = await browser.newContext({ viewport: screens.laptop, locale: 'en-GB', ...options });
  context.complaints = [];
  context.expected = [];
  context.on('page', (page) => {
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const text = `${message.text()} (${message.location().url})`;
      if (!context.expected.some((pattern) => pattern.test(text))) context.complaints.push(text);
    });
    page.on('pageerror', (error) => context.complaints.push(String(error)));
  });
  return context;
}

export async function openFirefox() {
  return puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    protocol: 'webDriverBiDi',
    extraPrefsFirefox: { 'media.autoplay.default': 0 },
  });
}
