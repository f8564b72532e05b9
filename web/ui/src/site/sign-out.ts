// Whoever signs out is told first of a lesson of theirs that is on this laptop alone. The form signs
// out by itself where no script runs.

import { person } from "./person";

/** How long signing out waits for what the laptop keeps: somebody may be waiting for the laptop. */
const patience = 2000; // ms

/** Has the forms that sign out ask first, where there is something to tell. */
export function tellBeforeSignOut(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('form[action="/logout"]')) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void signOut(form);
    });
  }
}

async function signOut(form: HTMLFormElement): Promise<void> {
  const tell = await Promise.race([
    import("./leaving").then((module) => module.toTell(person())).catch(() => null),
    new Promise<null>((resolve) => setTimeout(() => resolve(null), patience)),
  ]);
  if (!tell || (await tell())) form.submit();
}
