// A store of objects that can be made to refuse and to hang: MinIO, behind a line that the test
// controls.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';

import { mortal, scratch } from './scratch.mjs';
import { freePort } from './server.mjs';
import { until } from './until.mjs';

// The binary that scripts/test names for the Go tests.
export const minio = process.env.BACKROW_TEST_MINIO;

const busy = 'HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

export class Store {
  #child;
  #listener;
  #ends = new Set();
  #mood = 'well';

  static async start() {
    if (!minio) throw new Error('BACKROW_TEST_MINIO names no MinIO');
    const store = new Store();
    store.folder = await scratch('store');
    const [port, console_] = [await freePort(), await freePort()];
    const [command, ...args] = mortal([minio, 'server', '--quiet', '--address', `127.0.0.1:${port}`,
      '--console-address', `127.0.0.1:${console_}`, path.join(store.folder, 'data')]);
    store.#child = spawn(command, args, {
      stdio: 'ignore',
      env: { ...process.env, MINIO_ROOT_USER: 'backrow', MINIO_ROOT_PASSWORD: 'a long enough secret',
        MINIO_UPDATE: 'off', MINIO_BROWSER: 'off', MINIO_CI_CD: 'on', HOME: store.folder },
    });
    store.exited = once(store.#child, 'exit');
    await until('MinIO is ready', async () => (
      await fetch(`http://127.0.0.1:${port}/minio/health/ready`).catch(() => null))?.ok);
    store.#listener = net.createServer((near) => store.#join(near, port)).listen(0, '127.0.0.1');
    await once(store.#listener, 'listening');
    store.flags = ['--s3-endpoint', `http://127.0.0.1:${store.#listener.address().port}`, '--s3-timeout', '5s'];
    store.env = { BACKROW_S3_ACCESS_KEY: 'backrow', BACKROW_S3_SECRET_KEY: 'a long enough secret' };
    return store;
  }

  #join(near, port) {
    near.on('error', () => {}); // an end that breaks is closed, which is all that matters here
    if (this.#mood === 'refusing') return near.once('data', () => near.end(busy));
    this.#ends.add(near);
    near.on('close', () => this.#ends.delete(near));
    if (this.#mood === 'hanging') return near.resume(); // it takes what it is sent, and says nothing
    const far = net.connect(port, '127.0.0.1');
    far.on('error', () => {});
    far.on('close', () => near.destroy());
    near.on('close', () => far.destroy());
    near.pipe(far);
    far.pipe(near);
    return null;
  }

  // be makes the store 'well', 'refusing' (503 to everything) or 'hanging' (it never answers).
  // Connections that were open break.
  be(mood) {
    this.#mood = mood;
    for (const end of this.#ends) end.destroy();
  }

  async end() {
    this.be('refusing');
    this.#listener.close();
    this.#child.kill('SIGKILL');
    await this.exited;
    await rm(this.folder, { recursive: true, force: true });
  }
}
