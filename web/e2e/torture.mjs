// Breaks lessons in every way that lib/runs.mjs knows, or in those that are named, and prints a
// table of what came out. 'random' is twenty random schedules, 'random 7' that of seed 7.
import { Lab } from './lib/lab.mjs';
import { record, runOf, runs } from './lib/runs.mjs';

const columns = ['run', 'encoded', 'present', 'missing', 'doubled', 'disorder', 'av_ms', 'av_kept_ms', 'gaps', 'settle_s'];
const titles = ['run', 'frames encoded', 'present', 'missing', 'doubled', 'out of order', 'A/V ms to the devices', 'to the encoder', 'gaps', 's to settle'];

function namesOf(asked) {
  const first = Number(process.env.BACKROW_SEED ?? Math.floor(Math.random() * 1e6));
  const randoms = Array.from({ length: 20 }, (_, n) => `random ${first + n}`);
  if (asked.length === 0) return [...Object.keys(runs), ...randoms];
  return asked.flatMap((name) => (name === 'random' ? randoms : [name]));
}

const names = namesOf(process.argv.slice(2));
const unknown = names.filter((name) => !runOf(name));
if (unknown.length > 0) {
  console.error(`torture: there is no run ${unknown.join(', ')}; there are:\n  ${Object.keys(runs).join('\n  ')}\n  random SEED`);
  process.exit(2);
}

const labs = new Map(); // by how long their cameras are
async function labOf({ seconds = 150 }) {
  if (!labs.has(seconds)) labs.set(seconds, await Lab.open({ seconds, cameras: 2 }));
  return labs.get(seconds);
}

// Playwright closes its browsers on a signal, and the process would go on without them.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const rows = [];
let failed = 0;
try {
  for (const name of names) {
    const row = await record(await labOf(runOf(name)), name).catch((error) => {
      failed++;
      return { run: name, error: String(error?.stack ?? error) };
    });
    console.log(JSON.stringify(row));
    rows.push(row);
  }
} finally {
  for (const lab of labs.values()) await lab.close();
}

const cell = (row, column) => (row.error && column === 'encoded' ? row.error.split('\n')[0].slice(0, 100)
  : column === 'settle_s' && row.settle_s !== undefined ? row.settle_s.toFixed(1) : row[column] ?? '–');
console.log(`\n| ${titles.join(' | ')} |\n|${' --- |'.repeat(titles.length)}`);
for (const row of rows) console.log(`| ${columns.map((column) => cell(row, column)).join(' | ')} |`);
process.exitCode = failed > 0 ? 1 : 0;
