// A network that the test controls, between a browser in a network namespace of its own and this
// machine: see ../wire. It is gone with the process, so nothing is left behind.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import readline from 'node:readline';
import { promisify } from 'node:util';

import { mortal, scratch } from './scratch.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
let program;

// build compiles the wire, once in a test process.
function build() {
  program ??= (async () => {
    const file = path.join(await scratch('wire'), 'wire');
    await promisify(execFile)('go', ['build', '-o', file, './web/e2e/wire'],
      { cwd: root, env: { ...process.env, CGO_ENABLED: '0' } });
    return file;
  })();
  return program;
}

export const mended = { loss: 0, delay: 0, jitter: 0, rate: 0, queue: 0, cut: false, no_udp: false };

export class Wire {
  #child;
  #lines;
  #turn = Promise.resolve();

  // lay lays a wire that does nothing yet. Its server end is at address, which a server may listen
  // on; its seed decides which packets it loses.
  static async lay({ seed = Math.floor(Math.random() * 2 ** 32) } = {}) {
    const wire = new Wire();
    const file = await build();
    wire.#child = spawn(file, ['-seed', String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] });
    wire.exited = once(wire.#child, 'exit');
    wire.#lines = readline.createInterface({ input: wire.#child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await wire.#lines.next();
    if (done) throw new Error('the wire could not be laid: it needs root and /dev/net/tun');
    const { namespace, far, near } = JSON.parse(value);
    Object.assign(wire, { seed, namespace, address: far, near });
    wire.folder = await scratch('end');
    return wire;
  }

  // shape changes both directions, or each by itself: { up: {…}, down: {…} }. What is not named
  // stays as it is. It answers with the counts of packets so far.
  shape(change) {
    const { up, down, ...both } = change;
    return this.#order({ up: { ...both, ...up }, down: { ...both, ...down } });
  }

  cut() { return this.shape({ cut: true }); }

  // mend makes it a wire that does nothing to what it carries.
  mend() { return this.shape(mended); }

  // relay makes a loopback port of the browser's namespace one of this machine's, beside the wire.
  relay(port) { return this.#order({ relay: port }); }

  // command writes a script that runs a program at the browser's end, for those who can start
  // nothing but a program. Its process id is in the file pid beside it.
  async command(executable) {
    const script = path.join(this.folder, path.basename(executable));
    await writeFile(script, '#!/bin/sh\n'
      + `echo $$ >'${script}.pid'\nexec ${mortal(['nsenter', `--net=${this.namespace}`, '--', executable]).join(' ')} "$@"\n`);
    await chmod(script, 0o755);
    return script;
  }

  #order(order) {
    const asked = this.#turn.then(async () => {
      this.#child.stdin.write(`${JSON.stringify(order)}\n`);
      const { value, done } = await this.#lines.next();
      if (done) throw new Error('the wire has ended');
      const { error, ...counts } = JSON.parse(value);
      if (error) throw new Error(`the wire: ${error}`);
      return counts;
    });
    this.#turn = asked.catch(() => {});
    return asked;
  }

  async end() {
    this.#child.stdin.end();
    await this.exited;
  }
}
