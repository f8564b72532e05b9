// What makes the pages open without a network: the service worker (src/offline), and the page that
// it shows in the place of one that it cannot get.

import { person } from "./person";

/** Installs the service worker for who is signed in. It keeps itself up to date from then on. */
export function startWithoutNetwork(): void {
  if (!("serviceWorker" in navigator) || ["", "nobody"].includes(person())) return;
  // When the page is there: what it needs goes first.
  addEventListener("load", () => {
    navigator.serviceWorker
      .register("/service-worker.js", { scope: "/", updateViaCache: "none" })
      .catch(() => undefined); // the network went, or the browser forbids it: the next page tries again
  }, { once: true });
}

/** <offline-page>: shows of its parts those that are true, and goes away when the network is back. */
export class OfflinePage extends HTMLElement {
  #gone = new AbortController();

  connectedCallback(): void {
    const { signal } = this.#gone;
    const leaving = location.pathname === "/logout";
    // Nothing is lost by opening the page once more; a sign-out has to be meant.
    if (!leaving) addEventListener("online", () => location.reload(), { signal });
    if (leaving) this.querySelector("[data-again]")?.setAttribute("href", "/");
    void this.#show(leaving);
  }

  async #show(leaving: boolean): Promise<void> {
    const kept = await this.#recorderIsKept();
    const now = new Set([kept ? "kept" : "not-kept", leaving ? "signing-out" : ""]);
    for (const part of this.querySelectorAll<HTMLElement>("[data-when]")) {
      part.hidden = !now.has(part.dataset.when ?? "");
    }
  }

  async #recorderIsKept(): Promise<boolean> {
    try {
      return (await caches.match("/record", { ignoreSearch: true })) !== undefined;
    } catch {
      return false; // no caches over plain http
    }
  }

  disconnectedCallback(): void {
    this.#gone.abort();
  }
}
