// The page's side of the worker that keeps lessons: the same calls as Store, each answered when it
// is done, and a word to whoever listens when something has changed.

import { Emitter } from "../lib/emitter";
import type { Store } from "./store";

/** The store's calls that cross to the worker. */
type Method = Exclude<keyof Store, symbol>;

export interface Call {
  id: number;
  method: Method;
  args: unknown[];
}

export interface Answer {
  id: number;
  value?: unknown;
  failed?: { name: string; message: string };
}

/** What keeps lessons. */
export type Keeper = Pick<Store, Method>;

type Events = {
  /** A lesson was begun, changed, or grew by a blob. */
  changed: { recording: string };
};

/** What a worker is to its page; tests answer in its place. */
export interface Port extends EventTarget {
  postMessage(message: Call, transfer: Transferable[]): void;
}

export class Vault extends Emitter<Events> implements Keeper {
  #waiting = new Map<number, { resolve: (value: never) => void; reject: (cause: unknown) => void }>();
  #next = 1;

  constructor(private readonly port: Port) {
    super();
    port.addEventListener("message", (event) => this.#answered((event as MessageEvent<Answer>).data));
    port.addEventListener("error", () => this.#broken());
  }

  lessons: Keeper["lessons"] = () => this.#call("lessons", []);
  lesson: Keeper["lesson"] = (recording) => this.#call("lesson", [recording]);
  read: Keeper["read"] = (...args) => this.#call("read", args);
  spare: Keeper["spare"] = () => this.#call("spare", []);

  begin: Keeper["begin"] = (lesson) => this.#tell(lesson.recording, "begin", [lesson]);
  change: Keeper["change"] = (recording, facts) => this.#tell(recording, "change", [recording, facts]);
  note: Keeper["note"] = (recording, take) => this.#tell(recording, "note", [recording, take]);
  close: Keeper["close"] = (recording, ...args) => this.#tell(recording, "close", [recording, ...args]);
  media: Keeper["media"] = (recording) => this.#call("media", [recording]);
  discard: Keeper["discard"] = (recording) => this.#tell(recording, "discard", [recording]);

  /** Adds a take's next blob. The bytes are handed over: the page has them no more. */
  append: Keeper["append"] = (recording, take, number, timeMS, bytes) =>
    this.#tell(recording, "append", [recording, take, number, timeMS, bytes], [bytes]);

  async #tell(recording: string, method: Method, args: unknown[], transfer?: Transferable[]): Promise<void> {
    await this.#call(method, args, transfer);
    this.emit("changed", { recording });
  }

  #call<T>(method: Method, args: unknown[], transfer: Transferable[] = []): Promise<T> {
    const id = this.#next++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.port.postMessage({ id, method, args }, transfer);
    });
  }

  #answered({ id, value, failed }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failed) waiting?.reject(new DOMException(failed.message, failed.name));
    else waiting?.resolve(value as never);
  }

  #broken(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error("the worker that keeps lessons ended"));
    this.#waiting.clear();
  }
}

let opened: Promise<Vault | null> | undefined;

/** The vault of this page; null where the browser has no file system of its own for pages. */
export function openVault(): Promise<Vault | null> {
  return (opened ??= open());
}

async function open(): Promise<Vault | null> {
  // The handles that write as a lesson goes on are a worker's: whether there are any shows there.
  if (typeof Worker === "undefined" || !("storage" in navigator) || !navigator.storage.getDirectory) return null;
  try {
    await navigator.storage.getDirectory(); // a private window may have none
    const vault = new Vault(new Worker(WORKERS.vault, { name: "vault" }));
    await vault.lessons();
    return vault;
  } catch {
    return null;
  }
}

/** Whether anything was ever kept here: asked without starting a worker, by every page. */
export async function anythingKept(): Promise<boolean> {
  try {
    const root = await navigator.storage.getDirectory();
    for await (const name of (await root.getDirectoryHandle("lessons")).keys()) if (name) return true;
  } catch {
    // Nothing was.
  }
  return false;
}
