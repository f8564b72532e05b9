// What a service worker has that a page has not (W3C, Service Workers), as far as ours uses it.
// TypeScript knows it only in a library that excludes the page's.

export interface LifeEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}

export interface FetchEvent extends LifeEvent {
  readonly request: Request;
  /** What the browser asked for while the worker was starting; undefined when it did not. */
  readonly preloadResponse: Promise<Response | undefined>;
  respondWith(answer: Promise<Response>): void;
}

export interface WorkerScope {
  readonly caches: CacheStorage;
  readonly clients: { claim(): Promise<void> };
  readonly location: Location;
  readonly registration: ServiceWorkerRegistration;
  skipWaiting(): Promise<void>;
  addEventListener(name: "install" | "activate", listen: (event: LifeEvent) => void): void;
  addEventListener(name: "fetch", listen: (event: FetchEvent) => void): void;
}
