// A line between a browser and the server that can be cut: connections break in the middle, and no
// new ones are made until it is mended.
import { once } from 'node:events';
import net from 'node:net';

export class Line {
  #listener;
  #ends = new Set();
  #isCut = false;

  // to lays a line to a server. Its url is for the person at the other end.
  static async to(server) {
    const line = new Line();
    line.#listener = net.createServer((near) => {
      if (line.#isCut) {
        near.destroy();
        return;
      }
      const far = net.connect(server.port, '127.0.0.1');
      for (const [end, other] of [[near, far], [far, near]]) {
        line.#ends.add(end);
        end.on('error', () => {}); // an end that breaks is closed, which is all that matters here
        end.on('close', () => {
          line.#ends.delete(end);
          other.destroy();
        });
        end.pipe(other);
      }
    });
    line.#listener.listen(0, '127.0.0.1');
    await once(line.#listener, 'listening');
    line.url = `http://127.0.0.1:${line.#listener.address().port}`;
    return line;
  }

  cut() {
    this.#isCut = true;
    for (const end of this.#ends) end.destroy();
  }

  mend() { this.#isCut = false; }

  async end() {
    this.cut();
    this.#listener.close();
    await once(this.#listener, 'close');
  }
}
