// The pages that are kept: the recorder of the person who was signed in last, one for each of their
// programs, and the page that stands in for those that cannot be reached. The recorder's names
// people and what they work on, so it is nobody else's, and goes when that person goes.

/** Says of a page whose it is; "nobody" where nobody is signed in (web/offline.go). */
export const personHeader = "Backrow-Person";
export const nobody = "nobody";

const name = "backrow-page";
const atHeader = "Backrow-Kept";
const asked = "/asked";
const away = "/offline";

const day = 86_400_000;
/** A sign-in lasts 30 days at most: a page older than that is of somebody who is not signed in. */
const keptFor = 30 * day;
/** How long a page is new enough not to be asked for again, unless its person opens it. */
const freshFor = day / 24;
/** More programs than anybody teaches in. */
const most = 8;

export class KeptPages {
  #turn: Promise<unknown> = Promise.resolve();
  #person: string | undefined;
  /** Counts what was dropped: a page that was asked for before that is not kept after it. */
  #dropped = 0;

  constructor(
    private readonly caches: CacheStorage,
    private readonly now: () => number = Date.now,
  ) {}

  /** Marks a moment: what was asked for then is not kept if all was dropped since. */
  get moment(): number {
    return this.#dropped;
  }

  /** The recorder for an address: of the program that it names; of the one opened last where it
   *  names none. */
  async find(url: URL): Promise<Response | undefined> {
    const cache = await this.caches.open(name);
    const keys = await recorders(cache);
    const program = url.searchParams.get("program");
    const found = program
      ? keys.find((key) => new URL(key.url).searchParams.get("program") === program)
      : keys.at(-1);
    const page = found && (await cache.match(found));
    if (!page) return undefined;
    if (this.now() - Number(page.headers.get(atHeader)) < keptFor) return page;
    await this.drop();
    return undefined;
  }

  /** Keeps a recorder in place of the one before of its program, and drops those of others. */
  keep(page: Response, html: string, moment: number): Promise<void> {
    return this.#inTurn(async () => {
      const person = page.headers.get(personHeader);
      if (!person || person === nobody || moment !== this.#dropped) return;
      if (![person, ""].includes(await this.#who())) await this.#clear();
      const cache = await this.caches.open(name);
      const key = `/record?program=${programOf(html)}`;
      await cache.delete(key); // put would leave it where it was in the order
      await cache.put(key, this.#copy(page, html));
      this.#person = person;
      for (const old of (await recorders(cache)).slice(0, -most)) await cache.delete(old);
    });
  }

  /** Whose recorder is kept, or was asked for; "" when there is none. */
  async person(): Promise<string> {
    return this.#inTurn(() => this.#who());
  }

  /** Drops what is kept of anybody. */
  drop(): Promise<void> {
    this.#dropped++;
    return this.#inTurn(() => this.#clear());
  }

  /** Drops the recorder that an address names, which its person may not use any more; all of them
   *  where it names no program. */
  dropAt(url: URL): Promise<void> {
    const program = url.searchParams.get("program");
    return this.#inTurn(async () => {
      const cache = await this.caches.open(name);
      for (const key of await recorders(cache)) {
        if (!program || new URL(key.url).searchParams.get("program") === program) await cache.delete(key);
      }
    });
  }

  /** Whether the recorder was asked for lately: somebody who has none is not to be asked for it at
   *  every page. */
  async askedLately(person: string): Promise<boolean> {
    const note = await (await this.caches.open(name)).match(asked);
    if (!note || note.headers.get(personHeader) !== person) return false;
    const since = this.now() - Number(note.headers.get(atHeader));
    return since >= 0 && since < freshFor;
  }

  noteAsked(person: string, moment: number): Promise<void> {
    return this.#inTurn(async () => {
      if (moment !== this.#dropped) return;
      const headers = { [personHeader]: person, [atHeader]: String(this.now()) };
      await (await this.caches.open(name)).put(asked, new Response("", { headers }));
      this.#person = person;
    });
  }

  /** The page that stands in for those that cannot be reached. It says nothing of anybody. */
  async away(): Promise<Response | undefined> {
    return (await this.caches.open(`${name}-away`)).match(away);
  }

  async keepAway(page: Response, html: string): Promise<void> {
    await (await this.caches.open(`${name}-away`)).put(away, this.#copy(page, html));
  }

  async #clear(): Promise<void> {
    await this.caches.delete(name);
    this.#person = "";
  }

  async #who(): Promise<string> {
    if (this.#person === undefined) {
      const cache = await this.caches.open(name);
      const [first] = await cache.keys();
      const page = first && (await cache.match(first));
      this.#person = page?.headers.get(personHeader) ?? "";
    }
    return this.#person;
  }

  #copy(page: Response, html: string): Response {
    const headers = new Headers(page.headers); // with its content security policy
    headers.delete("Content-Encoding");
    headers.delete("Content-Length");
    headers.set(atHeader, String(this.now()));
    return new Response(html, { headers });
  }

  /** One change at a time, in order. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work, work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

async function recorders(cache: Cache): Promise<readonly Request[]> {
  return (await cache.keys()).filter((key) => new URL(key.url).pathname === "/record");
}

/** The program that a recorder begins lessons in, from what the server tells its script. */
function programOf(html: string): string {
  return /"program_id":\s*"([0-9a-f-]{36})"/.exec(html)?.[1] ?? "";
}
