// Files that were chosen and are not known to be on the server: kept in IndexedDB, so that a reload,
// a stop, or a day without a connection loses none of them.

export interface Kept {
  id: string;
  /** Who chose it: laptops are shared. */
  person: string;
  /** Where it belongs; "" while the lesson has not begun. */
  recording: string;
  name: string;
  file: Blob;
}

export interface FileShelf {
  all(person: string): Promise<Kept[]>;
  put(kept: Kept): Promise<void>;
  remove(id: string): Promise<void>;
}

const store = "files";

/** The shelf in IndexedDB; one in memory where the browser gives none (private windows). */
export async function openFileShelf(): Promise<FileShelf> {
  try {
    const opening = indexedDB.open("backrow-files", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(store, { keyPath: "id" });
    const database = await answer(opening);
    const objects = (mode: IDBTransactionMode) => database.transaction(store, mode).objectStore(store);
    return {
      all: async (person) => {
        const found = (await answer(objects("readonly").getAll())) as Kept[]; // by id: in their order
        return found.filter((kept) => kept.person === person);
      },
      put: async (kept) => void (await answer(objects("readwrite").put(kept))),
      remove: async (id) => void (await answer(objects("readwrite").delete(id))),
    };
  } catch {
    return new MemoryFileShelf();
  }
}

function answer<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error("IndexedDB"));
  });
}

export class MemoryFileShelf implements FileShelf {
  #kept = new Map<string, Kept>();

  all(person: string): Promise<Kept[]> {
    return Promise.resolve([...this.#kept.values()].filter((kept) => kept.person === person));
  }

  put(kept: Kept): Promise<void> {
    this.#kept.set(kept.id, kept);
    return Promise.resolve();
  }

  remove(id: string): Promise<void> {
    this.#kept.delete(id);
    return Promise.resolve();
  }
}
