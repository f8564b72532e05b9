// Stands before a server as a school's network and its updates do: it can be cut, hold an answer
// back, and show the screens under other names, as after a new version.
import { once } from 'node:events';
import http from 'node:http';

import { freePort } from './server.mjs';

const rewritten = /^(text\/(html|javascript|css)|application\/manifest)/;

export class Front {
  #server;
  #sockets = new Set();
  #held = null;
  #version = '';

  // start listens before a server; url is the address for browsers.
  static async start(server) {
    const front = new Front();
    front.server = server;
    front.port = await freePort();
    front.url = `http://127.0.0.1:${front.port}`;
    await front.mend();
    return front;
  }

  // cut has the network gone: connections break, and none can be made.
  async cut() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async mend() {
    this.#server = http.createServer((request, response) => void this.#pass(request, response))
      .on('connection', (socket) => {
        this.#sockets.add(socket);
        socket.on('close', () => this.#sockets.delete(socket));
      })
      .listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  // hold has the server not answer the requests that which(request) is true of, until the function
  // that it returns is called.
  hold(which) {
    let release;
    this.#held = { which, over: new Promise((resolve) => { release = resolve; }) };
    return () => { this.#held = null; release(); };
  }

  // update gives all assets other names; those of before are gone. '' is the server's own version.
  update(version) {
    this.#version = version;
  }

  async end() {
    await this.cut();
  }

  #renamed(url, text) {
    const named = text.replaceAll(/(\/assets\/[\w.-]+?)(\.(?:js|css))\b/g, `$1~${this.#version}$2`);
    // The service worker has a name for all that it keeps.
    return url === '/service-worker.js' ? named.replace(/"[0-9a-f]{12}"/, `"${this.#version}"`) : named;
  }

  async #pass(request, response) {
    if (this.#held?.which(request)) await this.#held.over;
    let { url } = request;
    if (url.startsWith('/assets/') && /\.(js|css)$/.test(url)) {
      const mark = /~(\w+)\.(js|css)$/.exec(url)?.[1] ?? '';
      if (mark !== this.#version) return response.writeHead(404).end();
      url = url.replace(/~\w+\./, '.');
    }
    // What is to be rewritten must not come compressed or as unchanged.
    const { 'accept-encoding': _, 'if-none-match': __, ...headers } = request.headers;
    const asked = http.request({ host: '127.0.0.1', port: this.server.port, path: url, method: request.method,
      headers }, (answer) => void this.#answer(url, answer, response));
    asked.on('error', () => response.destroy());
    response.on('close', () => asked.destroy());
    request.pipe(asked);
  }

  async #answer(url, answer, response) {
    response.on('error', () => answer.destroy());
    if (!this.#version || !rewritten.test(answer.headers['content-type'] ?? '')) {
      response.writeHead(answer.statusCode, answer.headers);
      return answer.pipe(response);
    }
    const chunks = [];
    try {
      for await (const chunk of answer) chunks.push(chunk);
    } catch {
      return response.destroy();
    }
    const { 'content-length': _, etag: __, ...headers } = answer.headers;
    response.writeHead(answer.statusCode, headers);
    response.end(this.#renamed(url, Buffer.concat(chunks).toString()));
  }
}
