// A browser's caches and a server, for the tests of what the service worker does.

/** CacheStorage, as far as it is used: entries keep their order, and what is put again comes last. */
export class FakeCaches {
  #caches = new Map();

  async open(name) {
    if (!this.#caches.has(name)) this.#caches.set(name, new FakeCache());
    return this.#caches.get(name);
  }

  async keys() {
    return [...this.#caches.keys()];
  }

  async delete(name) {
    return this.#caches.delete(name);
  }

  /** Everything that is kept, as text. */
  async text() {
    const all = [...this.#caches.values()].flatMap((cache) => [...cache.entries.values()]);
    return (await Promise.all(all.map((answer) => answer.clone().text()))).join("\n");
  }
}

const absolute = (key) => new URL(typeof key === "string" ? key : key.url, "https://backrow.test").href;

class FakeCache {
  entries = new Map();

  async match(key) {
    return this.entries.get(absolute(key))?.clone();
  }

  async put(key, answer) {
    this.entries.set(absolute(key), answer);
  }

  async delete(key) {
    return this.entries.delete(absolute(key));
  }

  async keys() {
    return [...this.entries.keys()].map((url) => new Request(url));
  }
}

/** A server whose pages are those of a person and of a version of the screens. */
export class FakeServer {
  person = "nobody";
  version = 1;
  status = 200;
  reachable = true;
  program = "0190aaaa-0000-7000-8000-000000000001";
  asked = [];

  page(path) {
    if (path === "/record" && this.person === "nobody") return redirect();
    return new Response(`<html data-person="${this.person}"><script src="/assets/site-${this.version}.js">` +
      `<link rel="icon" href="/assets/mark-${this.version}.svg">{"program_id":"${this.program}","v":${this.version}}`,
    { status: this.status, headers: { "Backrow-Person": this.person, "Content-Security-Policy": "default-src 'none'" } });
  }

  ask = async (address) => {
    const { pathname, search } = new URL(address, "https://backrow.test");
    this.asked.push(pathname + search);
    if (!this.reachable) throw new TypeError("Failed to fetch");
    if (pathname.startsWith("/assets/")) {
      return new Response(pathname, { status: pathname.includes(`-${this.version}.`) ? 200 : 404 });
    }
    if (pathname === "/offline") return new Response(`<script src="/assets/site-${this.version}.js">No connection`);
    return this.page(pathname);
  };
}

function redirect() {
  const answer = new Response(null, { status: 200 });
  Object.defineProperties(answer, { type: { value: "opaqueredirect" }, status: { value: 0 }, ok: { value: false } });
  return answer;
}
