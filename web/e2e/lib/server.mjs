// Starts the built binary the way an operator would, on loopback with a data folder of its own,
// and stops, kills and restarts it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { mortal } from './scratch.mjs';
import { until } from './until.mjs';

const binary = process.env.BACKROW_BINARY ?? path.resolve(import.meta.dirname, '../../../bin/backrow');

export async function freePort(address = '127.0.0.1') {
  const server = net.createServer().listen(0, address);
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}

// command runs the binary to its end and answers with { code, out, err }. Input is written to it.
export async function command(args, { input = '', env = {} } = {}) {
  const child = spawn(binary, args, { stdio: 'pipe', env: { ...process.env, ...env } });
  const said = { out: '', err: '' };
  child.stdout.on('data', (chunk) => { said.out += chunk; });
  child.stderr.on('data', (chunk) => { said.err += chunk; });
  child.stdin.on('error', () => {}); // it may end without reading
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, ...said };
}

export class Server {
  #child;
  #flags;

  // start begins a server and resolves when it is ready. Flags are added to its command line.
  static async start({ flags = [], env = {}, data, address = '127.0.0.1' } = {}) {
    const server = new Server();
    server.address = address;
    server.data = data ?? await mkdtemp(path.join(os.tmpdir(), 'backrow-e2e-'));
    server.port = await freePort(address);
    server.media = await freePort(address);
    server.url = `http://${address}:${server.port}`;
    server.env = env;
    server.#flags = flags;
    server.log = '';
    await server.again();
    return server;
  }

  // again starts the server on the same data, after stop or kill. First are flags of this start
  // alone.
  async again(first = []) {
    const from = this.log.length;
    const [command, ...args] = mortal([binary, 'serve', '--data', this.data, '--listen', `${this.address}:${this.port}`,
      '--media-udp-port', String(this.media), '--media-tcp-port', String(this.media),
      ...this.#flags, ...first]);
    this.#child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...this.env } });
    const child = this.#child;
    child.stdout.on('data', (chunk) => { this.log += chunk; });
    child.stderr.on('data', (chunk) => { this.log += chunk; });
    this.exited = once(child, 'exit');
    let gone = false;
    this.exited.then(() => { gone = true; });
    await until('the server is ready', async () => {
      if (gone) throw new Error(`the server ended: ${this.log.slice(from)}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      return answer?.ok;
    });
    this.printed = () => this.log.slice(from);
  }

  // kill ends the server as a power cut would.
  async kill() {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  // stop asks the server to drain, and answers with its exit code.
  async stop() {
    this.#child.kill('SIGTERM');
    const [code] = await this.exited;
    return code;
  }

  // end stops the server and removes its data.
  async end() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await this.stop();
    await rm(this.data, { recursive: true, force: true });
  }
}
