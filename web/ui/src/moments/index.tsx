// The page that a phone opens by the code on the laptop: one button that marks moments of one
// lesson, without signing in. The token is in the address's fragment, which is sent to nobody.

import "./moments.css";

import { render } from "preact";

import { Marker } from "./marker";
import { Phone } from "./phone";

class MomentMarker extends HTMLElement {
  #phone: Phone | null = null;

  connectedCallback(): void {
    const phone = new Phone(this.dataset["recording"] ?? "", location.hash.slice(1));
    this.#phone = phone;
    this.replaceChildren();
    render(<Marker phone={phone} />, this);
    phone.begin();
  }

  disconnectedCallback(): void {
    this.#phone?.close();
    render(null, this);
  }
}

customElements.define("moment-marker", MomentMarker);
// A link to another lesson differs in its fragment alone, which loads nothing anew.
addEventListener("hashchange", () => location.reload());
