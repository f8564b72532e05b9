// What a person has chosen about the room, on this device.

import { effect, type Signal, signal } from "@preact/signals";

export interface Preferences {
  /** Whether the first letter of feedback pauses the video. */
  pauseWhileTyping: Signal<boolean>;
  theme: Signal<"dark" | "light">;
  /** Whether the screen is the large picture, and the camera the small one. */
  screenLarge: Signal<boolean>;
  screenHidden: Signal<boolean>;
}

const pauseKey = "backrow:room:pause-while-typing";

/** person: whose choices, on a device that several use. */
export function loadPreferences(person: string): Preferences {
  const root = document.documentElement;
  const largeKey = `backrow:room:screen-large:${person}`;
  const hiddenKey = `backrow:room:screen-hidden:${person}`;
  const preferences: Preferences = {
    pauseWhileTyping: signal(read(pauseKey) !== "no"),
    theme: signal(root.dataset["theme"] === "light" ? "light" : "dark"),
    screenLarge: signal(read(largeKey) === "yes"),
    screenHidden: signal(read(hiddenKey) === "yes"),
  };
  effect(() => write(pauseKey, preferences.pauseWhileTyping.value ? "yes" : "no"));
  effect(() => write(largeKey, preferences.screenLarge.value ? "yes" : "no"));
  effect(() => write(hiddenKey, preferences.screenHidden.value ? "yes" : "no"));
  let first = true;
  effect(() => {
    const theme = preferences.theme.value;
    root.dataset["theme"] = theme;
    // A cookie, so that the server renders the next page in it.
    if (!first) {
      const year = 365 * 24 * 3600;
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `room_theme=${theme}; Path=/; Max-Age=${year}; SameSite=Lax${secure}`;
    }
    first = false;
  });
  return preferences;
}

function read(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A private window: it holds as long as the page.
  }
}
