// The service worker: Backrow in a browser that has no network. It keeps the recorder and its parts,
// and nothing else: no media, no answers of the API, no page but its own. It is built apart from the
// islands, because it names them all (build.mjs).
//
// A new one takes over at once, also from tabs that an older one served: it does for both the same
// few things, and has the older one's assets beside its own. So nobody waits for a correction until
// the last tab is closed, which on a teacher's laptop is never.

import { Assets } from "./assets";
import { KeptPages } from "./kept";
import { Pages } from "./pages";
import type { FetchEvent, WorkerScope } from "./scope";

/** The assets of this version, and a name for all of them together. */
declare const ASSETS: string[];
declare const VERSION: string;

const scope = self as unknown as WorkerScope;
const ask = (url: string, options?: RequestInit) => fetch(url, options);
const assets = new Assets(scope.caches, VERSION, ASSETS, ask);
const kept = new KeptPages(scope.caches);
const pages = new Pages({
  assets, kept, ask, origin: scope.location.origin,
  pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});

scope.addEventListener("install", (event) => {
  event.waitUntil(assets.install().then(() => pages.keepAway()).then(() => scope.skipWaiting()));
});

scope.addEventListener("activate", (event) => {
  event.waitUntil(begin());
});

async function begin(): Promise<void> {
  await scope.registration.navigationPreload?.enable();
  await scope.clients.claim();
  // The page that is kept may need an older version's assets until it is of this one.
  await pages.keep().then(() => assets.tidy()).catch(() => undefined);
}

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== scope.location.origin) return;
  if (request.mode === "navigate") open(event, url);
  else if (request.method === "GET" && url.pathname.startsWith("/assets/")) {
    event.respondWith(assets.find(url.pathname).then((found) => found ?? fetch(request)));
  }
});

function open(event: FetchEvent, url: URL): void {
  const { request } = event;
  if (request.method === "POST" && url.pathname === "/logout") {
    event.respondWith(pages.signOut(() => fetch(request)));
  } else if (request.method === "GET" && !url.pathname.startsWith("/api/")) {
    const network = Promise.resolve(event.preloadResponse).then((answer) => answer ?? fetch(request));
    event.respondWith(pages.open(url, network, (work) => event.waitUntil(work.catch(() => undefined))));
  }
}
