// Sends what is left of lessons on this laptop, from whatever page is open, and shows the banner
// while there is some. Loaded when the page has come to rest.

import { render } from "preact";

import { Sender } from "../local";
import { Banner } from "./banner";
import { person } from "./person";

/** <unsent-lessons>: the banner, below the head of the page. */
class UnsentLessons extends HTMLElement {
  #sender = new Sender();
  #size = new ResizeObserver(() => {
    // A page that fills the screen leaves this much to the banner.
    document.documentElement.style.setProperty("--banner", `${this.offsetHeight}px`);
  });

  connectedCallback(): void {
    render(<Banner lessons={this.#sender.lessons} person={person()} />, this);
    this.#size.observe(this);
    this.#sender.start();
  }

  disconnectedCallback(): void {
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
