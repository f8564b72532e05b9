// Folders for what a test process keeps. They go with the process; those of processes that were
// killed go when the next one begins.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const prefix = 'backrow-test-';
const mine = path.join(os.tmpdir(), prefix + process.pid);
let swept = false;

function sweep() {
  for (const name of readdirSync(os.tmpdir())) {
    const pid = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    if (/^\d+$/.test(pid) && !existsSync(`/proc/${pid}`)) rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
  }
  process.on('exit', () => rmSync(mine, { recursive: true, force: true }));
}

// scratch makes an empty folder.
export async function scratch(name) {
  if (!swept) sweep();
  swept = true;
  await mkdir(mine, { recursive: true });
  return mkdtemp(path.join(mine, `${name}-`));
}

// mortal is a command that is killed when this process ends, however it ends.
export function mortal(command) {
  return ['setpriv', '--pdeathsig', 'KILL', '--', ...command];
}
