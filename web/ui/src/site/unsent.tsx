// Sends what is left of lessons on this laptop, from whatever page is open, and shows the banner
// while there is some. Loaded when the page has come to rest.

import { computed, signal } from "@preact/signals";
import { render } from "preact";

import { Sender, unsent } from "../local";
import { Banner } from "./banner";
import type { Shown } from "./banner";
import { person } from "./person";

/** How often a page that does not send looks at what is left. */
const lookEvery = 5000; // ms

/** <unsent-lessons>: the banner, below the head of the page. */
class UnsentLessons extends HTMLElement {
  #sender = new Sender();
  #elsewhere = signal<readonly Shown[]>([]);
  #timer: ReturnType<typeof setInterval> | undefined;
  #size = new ResizeObserver(() => {
    // A page that fills the screen leaves this much to the banner.
    document.documentElement.style.setProperty("--banner", `${this.offsetHeight}px`);
  });

  connectedCallback(): void {
    const own = this.#sender.lessons;
    const lessons = computed<readonly Shown[]>(() => (own.value.length > 0 ? own.value : this.#elsewhere.value));
    render(<Banner lessons={lessons} person={person()} />, this);
    this.#size.observe(this);
    this.#sender.start();
    this.#timer = setInterval(() => void this.#look(), lookEvery);
  }

  /** One page of the browser sends; the others tell what they see. */
  async #look(): Promise<void> {
    if (document.visibilityState === "hidden") return;
    const left = this.#sender.lessons.value.length > 0 ? [] : await unsent().catch(() => []);
    this.#elsewhere.value = left
      .filter((lesson) => lesson.bytesLeft > 0)
      .map((lesson) => ({ ...lesson, state: "elsewhere", sentence: "", leftMs: null }));
  }

  disconnectedCallback(): void {
    clearInterval(this.#timer);
    this.#sender.stop();
    this.#size.disconnect();
    render(null, this);
  }
}

customElements.define("unsent-lessons", UnsentLessons);
const banner = document.createElement("unsent-lessons");
const above = document.querySelector(".header") ?? document.querySelector(".skip");
if (above) above.after(banner);
else document.body.prepend(banner);
