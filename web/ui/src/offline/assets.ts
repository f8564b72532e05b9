// The scripts, styles and fonts of the recorder and of every page, kept by version. A version's
// are kept whole or not at all, so that a page whose parts are here is not half here.

const prefix = "backrow-assets-";

/** How many versions are kept: a tab that was opened under an older one may yet load a part of it,
 *  which the server has no more. A version weighs less than a second of video. */
const versionsKept = 4;

export type Ask = (url: string, options?: RequestInit) => Promise<Response>;

export class Assets {
  readonly #name: string;

  constructor(
    private readonly caches: CacheStorage,
    version: string,
    private readonly urls: readonly string[],
    private readonly ask: Ask,
  ) {
    this.#name = prefix + version;
  }

  /** Gets what this version has and no earlier one had. Rejects when anything cannot be had; what
   *  was got by then need not be got again. */
  async install(): Promise<void> {
    const cache = await this.caches.open(this.#name);
    await Promise.all(this.urls.map(async (url) => {
      if (await cache.match(url, ignoreVary)) return;
      const answer = (await this.find(url)) ?? (await this.ask(url));
      if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
      await cache.put(url, answer);
    }));
  }

  /** An asset of any version: their names carry a hash of what is in them. */
  async find(url: string): Promise<Response | undefined> {
    for (const name of await this.#versions()) {
      const found = await (await this.caches.open(name)).match(url, ignoreVary);
      if (found) return found;
    }
    return undefined;
  }

  /** Whether all that a page loads as it opens is here. */
  async haveAllOf(html: string): Promise<boolean> {
    const found = await Promise.all(assetsIn(html).map((url) => this.find(url)));
    return found.every(Boolean);
  }

  /** Lets go of the oldest versions. */
  async tidy(): Promise<void> {
    const old = (await this.#versions()).filter((name) => name !== this.#name);
    const excess = old.slice(0, Math.max(0, old.length + 1 - versionsKept));
    await Promise.all(excess.map((name) => this.caches.delete(name)));
  }

  /** Oldest first: caches are listed in the order of their making. */
  async #versions(): Promise<string[]> {
    return (await this.caches.keys()).filter((name) => name.startsWith(prefix));
  }
}

/** The Accept-Encoding that an asset was asked for with says nothing of what is kept of it. */
const ignoreVary = { ignoreVary: true };

/** The scripts, styles and fonts that a page names. Icons are not missed when they are missing. */
export function assetsIn(html: string): string[] {
  const found = html.matchAll(/\s(?:href|src)="(\/assets\/[^"]+\.(?:js|css|woff2))"/g);
  return [...new Set([...found].map((match) => match[1]!))];
}
