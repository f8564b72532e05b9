// A typed event emitter. `on` returns its own undo, so that a listener's end is where its
// beginning is.

export class Emitter<Events extends Record<string, unknown>> {
  #listeners = new Map<keyof Events, Set<(detail: never) => void>>();

  /** Has listen called at every event of that name, until the function returned is called. */
  on<Name extends keyof Events>(name: Name, listen: (detail: Events[Name]) => void): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    listeners.add(listen);
    return () => listeners.delete(listen);
  }

  protected emit<Name extends keyof Events>(name: Name, detail: Events[Name]): void {
    for (const listen of [...(this.#listeners.get(name) ?? [])]) {
      (listen as (detail: Events[Name]) => void)(detail);
    }
  }
}
