// Another process that has the write lock of the server's database.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { promisify } from 'node:util';

import { scratch } from './scratch.mjs';

const root = path.resolve(import.meta.dirname, '../../..');

// lockDatabase takes the lock of a data folder's database, and answers with what gives it back.
export async function lockDatabase(data) {
  const file = path.join(await scratch('dblock'), 'dblock');
  await promisify(execFile)('go', ['build', '-o', file, './web/e2e/dblock'],
    { cwd: root, env: { ...process.env, CGO_ENABLED: '0' } });
  const child = spawn(file, [path.join(data, 'backrow.db')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [said] = await Promise.race([once(child.stdout, 'data'), exited.then(() => [''])]);
  if (!String(said).includes('locked')) throw new Error('the database could not be locked');
  return async () => {
    child.stdin.end();
    await exited;
  };
}
