// What people do with the pages, by the names that are on the controls.
import { newPerson } from './browser.mjs';
import { until } from './until.mjs';

export const password = 'a long enough password';

export async function signIn(page, server, email, secret = password) {
  await page.goto(`${server.url}/login`);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(secret);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${server.url}/`);
}

// signOut signs out; anyway says that the page has something to say against it first.
export async function signOut(page, { anyway = false } = {}) {
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  if (anyway) await page.getByRole('button', { name: 'Sign out anyway' }).click();
  await page.waitForURL(/\/login/);
}

// setUp opens the one-time link that the server printed and makes the first account and program.
export async function setUp(page, server, { name, email, program }) {
  const link = server.printed().match(/http:\S+\/setup\?token=\S+/)[0];
  await page.goto(link);
  await page.getByLabel('Name of this site').fill('Riverside schools');
  await page.getByLabel('First program').fill(program);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Email').fill(email);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL(/\/programs\/[0-9a-f-]+/);
  return new URL(page.url()).pathname.split('/')[2];
}

// invite has a lead invite somebody, and that person accept by the link and make their account.
export async function invite(lead, server, browser, program, { name, email, role }, options = {}) {
  await lead.goto(`${server.url}/programs/${program}`);
  await lead.getByLabel('Email').fill(email);
  await lead.getByLabel('Role').first().selectOption({ label: role });
  await lead.getByRole('button', { name: 'Invite people' }).click();
  const link = await lead.getByLabel('Invitation link').inputValue();
  const context = await newPerson(browser, options);
  const page = await context.newPage();
  await page.goto(link);
  await page.getByLabel('Your name').fill(name);
  await page.getByLabel('Choose a password').fill(password);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.waitForURL(`${server.url}/`);
  return page;
}

export async function pair(lead, server, program, instructor, teacher) {
  await lead.goto(`${server.url}/programs/${program}/pairing`);
  await lead.getByLabel('Instructor', { exact: true }).selectOption({ label: instructor });
  await lead.getByLabel('Teacher', { exact: true }).selectOption({ label: teacher });
  await lead.getByRole('button', { name: 'Begin cycle' }).click();
  await lead.getByText(`${instructor} now works with ${teacher}.`).waitFor();
}

export async function addAreas(lead, server, program, areas) {
  await lead.goto(`${server.url}/programs/${program}/framework`);
  await lead.getByLabel('Name of the framework').fill('Classrooms that think');
  await lead.getByRole('button', { name: 'Create framework' }).click();
  for (const area of areas) {
    await lead.locator('summary', { hasText: 'Add area' }).click();
    await lead.getByLabel('Name of the area').fill(area);
    await lead.getByRole('button', { name: 'Add area' }).click();
    await lead.getByText(`${area} was added.`).waitFor();
  }
}

export async function addTarget(teacher, server, area, goal) {
  const me = await (await teacher.request.get(`${server.url}/api/me`)).json();
  await teacher.goto(`${server.url}/people/${me.id}`);
  const form = teacher.getByLabel('Area of the framework');
  if (!(await form.isVisible())) await teacher.locator('summary', { hasText: 'Add target area' }).click();
  await form.selectOption({ label: area });
  await teacher.getByLabel('Goal, in the teacher’s own words').fill(goal);
  await teacher.getByRole('button', { name: 'Add target area' }).click();
  await teacher.getByText(`${area} was added.`).waitFor();
}

// record opens the recorder and presses Start recording when camera and microphone are ready.
export async function record(page, server, title) {
  await page.goto(`${server.url}/`);
  await page.getByRole('link', { name: 'Record a lesson' }).first().click();
  await page.getByRole('button', { name: 'Start recording' }).and(page.locator(':enabled')).waitFor();
  await page.getByLabel('Title').fill(title);
  await page.getByRole('button', { name: 'Start recording' }).click();
  await page.getByText(/^Saved until/).waitFor();
}

// liveAlone takes the laptop's own recorder from a person's pages: what is lost on the way is lost.
export async function liveAlone(context) {
  await context.addInitScript(() => { delete globalThis.MediaRecorder; });
}

// settled resolves when no better is expected of a lesson than what is stored.
export function settled(page, server, id) {
  return until('the lesson has settled', async () => {
    const answer = await page.request.get(`${server.url}/api/recordings/${id}/saved`);
    return answer.ok() && (await answer.json()).settled;
  }, { seconds: 120 });
}

// firstFrame resolves when the page's video shows something.
export function firstFrame(page) {
  return page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) >= 2);
}

export async function addFeedback(page, { text, kind, areas = [], at, onlyMe = false }) {
  if (at !== undefined) {
    const time = page.getByLabel(/time of the feedback/);
    await time.fill(at);
    await time.blur();
  }
  if (kind) await page.getByRole('form', { name: 'Write feedback' }).getByText(kind).click();
  for (const area of areas) await page.getByRole('form', { name: 'Write feedback' }).getByText(area).click();
  await page.getByRole('textbox', { name: 'Feedback', exact: true }).fill(text);
  if (onlyMe) await page.getByRole('form', { name: 'Write feedback' }).getByLabel('Only me').check();
  await page.getByRole('button', { name: 'Add feedback' }).click();
}

export async function cookiesOf(context, server) {
  const cookies = await context.cookies(server.url);
  return `Cookie: ${cookies.map((c) => `${c.name}=${c.value}`).join('; ')}\r\n`;
}
