// Which page a browser gets: the server's where there is one; the kept recorder where there is none
// and a lesson is to be recorded; otherwise a page that says what to do.

import type { Ask, Assets } from "./assets";
import { nobody, personHeader } from "./kept";
import type { KeptPages } from "./kept";

/** How long the server has for the recorder, before a lesson is begun without it. The first bell
 *  has gone: a teacher waits for a few seconds and no longer. */
export const answerWithin = 3000; // ms

/** Tells the server that a page is asked for to be shown later. */
const keepHeader = "Backrow-Keep";

const recorder = "/record";

export interface Outside {
  assets: Assets;
  kept: KeptPages;
  ask: Ask;
  /** The address of this server. */
  origin: string;
  /** Resolves after so many milliseconds. */
  pass(ms: number): Promise<void>;
}

export class Pages {
  constructor(private readonly outside: Outside) {}

  /** Answers a page that is being opened. `later` is given what goes on after the answer. */
  async open(url: URL, network: Promise<Response>, later: (work: Promise<unknown>) => void): Promise<Response> {
    const answered = network.then((answer) => {
      later(this.#saw(url, answer));
      return answer;
    });
    answered.catch(() => undefined); // told below, or too late to matter
    if (url.pathname === recorder) return this.#recorder(url, answered, later);
    return answered.catch(() => this.#away());
  }

  /** What is kept goes before the server is told: it may be out of reach. */
  async signOut(network: () => Promise<Response>): Promise<Response> {
    await this.outside.kept.drop();
    return network().catch(() => this.#away());
  }

  async #recorder(url: URL, answered: Promise<Response>, later: (work: Promise<unknown>) => void): Promise<Response> {
    const first = await Promise.race([
      answered.catch(() => null), this.outside.pass(answerWithin).then(() => null),
    ]);
    if (first && first.status < 500) return first;
    const kept = await this.outside.kept.find(url);
    if (kept) {
      later(answered.catch(() => undefined)); // it may still bring news of who is signed in
      return kept;
    }
    return first ?? answered.catch(() => this.#away());
  }

  /** Learns from an answer who is signed in, and has their recorder kept. */
  async #saw(url: URL, answer: Response): Promise<void> {
    const { kept } = this.outside;
    const person = answer.headers.get(personHeader);
    if (url.pathname === recorder && !person && answer.status < 400) {
      // To the sign-in page, or from a server that is older than this script.
      return kept.drop();
    }
    if (!person) return;
    const before = await kept.person();
    if (before !== "" && before !== person) await kept.drop();
    if (person === nobody) return;
    if (url.pathname === recorder) await (answer.ok ? this.keep(url) : this.#refused(url, answer));
    else if (answer.ok) await this.keep(new URL(recorder, this.outside.origin), person);
  }

  /** Has the recorder kept as the server has it now. For a person who is named it is not asked for
   *  again within the hour. */
  async keep(url = new URL(recorder, this.outside.origin), person = ""): Promise<void> {
    const { kept, assets, ask } = this.outside;
    if (person && (await kept.askedLately(person))) return;
    const { moment } = kept;
    const answer = await ask(url.href, {
      headers: { [keepHeader]: "1" }, redirect: "manual", credentials: "same-origin", cache: "no-store",
    });
    if (answer.type === "opaqueredirect" || answer.status === 401) return kept.drop();
    const whose = answer.headers.get(personHeader);
    if (whose && whose !== nobody) await kept.noteAsked(whose, moment);
    await this.#refused(url, answer);
    if (answer.ok) {
      const html = await answer.text();
      // Where a new version is not here yet, its service worker asks again when it is.
      if (await assets.haveAllOf(html)) await kept.keep(answer, html, moment);
    }
    await this.keepAway();
  }

  /** Somebody who may not record in a program any more has no recorder of it either. */
  async #refused(url: URL, { status }: Response): Promise<void> {
    if (status === 403 || status === 404) await this.outside.kept.dropAt(url);
  }

  /** Keeps the page that stands in for others, in the language that its reader has chosen. */
  async keepAway(): Promise<void> {
    const answer = await this.outside.ask("/offline", { cache: "no-store" });
    if (!answer.ok) throw new Error(`the page for no connection answers ${answer.status}`);
    const html = await answer.text();
    if (await this.outside.assets.haveAllOf(html)) await this.outside.kept.keepAway(answer, html);
  }

  async #away(): Promise<Response> {
    const page = await this.outside.kept.away();
    if (!page) return Response.error(); // the browser's own page
    return new Response(page.body, { status: 503, headers: page.headers });
  }
}
