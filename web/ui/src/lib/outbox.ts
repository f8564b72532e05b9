// What was written and is not known to be stored: kept in IndexedDB, in order, so that it outlives
// the tab, and sent again until it is answered. Sending twice is harmless (docs/live-feed.md), so
// two tabs that share an outbox need not agree on who sends.

import { isRecord } from "./api";
import type { Refusal } from "./feed";

/** A message of the feed's protocol, without its ref. */
export interface Write {
  type: string;
  id: string;
  [field: string]: unknown;
}

export interface Entry {
  /** Its place in the order; also what its ref is made of. */
  n: number;
  write: Write;
  /** Refused for good: kept for the person, who sends it anew or drops it. */
  refused?: Refusal;
}

/** Where entries are kept, in order, per scope (one person's writes to one recording). */
export interface Shelf {
  all(scope: string): Promise<Entry[]>;
  add(scope: string, write: Write): Promise<number>;
  mark(n: number, refused: Refusal): Promise<void>;
  remove(n: number): Promise<void>;
}

const store = "outbox";

/** The shelf in IndexedDB; one in memory where the browser gives none (private windows). */
export async function openShelf(): Promise<Shelf> {
  try {
    return new DatabaseShelf(await openDatabase());
  } catch {
    return new MemoryShelf();
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open("backrow", 1);
  opening.onupgradeneeded = () => {
    opening.result
      .createObjectStore(store, { keyPath: "n", autoIncrement: true })
      .createIndex("scope", "scope");
  };
  return answer(opening);
}

class DatabaseShelf implements Shelf {
  constructor(readonly database: IDBDatabase) {}

  async all(scope: string): Promise<Entry[]> {
    const found = await answer(this.#open("readonly").index("scope").getAll(scope));
    return (found as Entry[]).sort((a, b) => a.n - b.n);
  }

  async add(scope: string, write: Write): Promise<number> {
    return Number(await answer(this.#open("readwrite").add({ scope, write })));
  }

  async mark(n: number, refused: Refusal): Promise<void> {
    const entries = this.#open("readwrite");
    const found: unknown = await answer(entries.get(n));
    if (isRecord(found)) await answer(entries.put({ ...found, refused }));
  }

  async remove(n: number): Promise<void> {
    await answer(this.#open("readwrite").delete(n));
  }

  #open(mode: IDBTransactionMode): IDBObjectStore {
    return this.database.transaction(store, mode).objectStore(store);
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

/** A shelf that lasts as long as the page. */
export class MemoryShelf implements Shelf {
  #entries = new Map<number, Entry & { scope: string }>();
  #next = 1;

  all(scope: string): Promise<Entry[]> {
    return Promise.resolve([...this.#entries.values()].filter((entry) => entry.scope === scope));
  }

  add(scope: string, write: Write): Promise<number> {
    const n = this.#next++;
    this.#entries.set(n, { n, scope, write });
    return Promise.resolve(n);
  }

  mark(n: number, refused: Refusal): Promise<void> {
    const entry = this.#entries.get(n);
    if (entry) this.#entries.set(n, { ...entry, refused });
    return Promise.resolve();
  }

  remove(n: number): Promise<void> {
    this.#entries.delete(n);
    return Promise.resolve();
  }
}
