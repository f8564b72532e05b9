// The page on which a lesson is recorded: camera and microphone, what the lesson is called and who
// gets it, and then the clock and the light that says what is safe.

import "./record.css";

import { render } from "preact";

import { LessonPage } from "./page";
import { outside, Recorder } from "./recorder";
import type { Boot } from "./types";

class LessonRecorder extends HTMLElement {
  #recorder: Recorder | null = null;
  #listening = new AbortController();

  connectedCallback(): void {
    const data = document.getElementById("recorder-data")?.textContent;
    if (!data || this.#recorder) return;
    const boot = JSON.parse(data) as Boot;
    const recorder = new Recorder(outside({ id: boot.me, name: boot.me_name }));
    this.#recorder = recorder;
    this.replaceChildren();
    render(<LessonPage recorder={recorder} boot={boot} />, this);
    this.#listen(recorder);
    void recorder.open();
  }

  #listen(recorder: Recorder): void {
    const { signal } = this.#listening;
    const busy = new Set(["recording", "paused", "stopping"]);
    addEventListener("beforeunload", (event) => {
      if (!busy.has(recorder.phase.value)) return;
      recorder.beforeLeaving();
      event.preventDefault();
    }, { signal });
    addEventListener("pagehide", () => recorder.leave(), { signal });
    // Come back by the browser's Back, the page would show a lesson that it no longer sends.
    addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }, { signal });
    addEventListener("online", () => recorder.hurry(), { signal });
    navigator.mediaDevices?.addEventListener("devicechange", () => void recorder.inputs.refresh(), { signal });
  }

  disconnectedCallback(): void {
    this.#listening.abort();
    this.#recorder?.leave();
    this.#recorder?.close();
    this.#recorder = null;
    render(null, this);
  }
}

customElements.define("lesson-recorder", LessonRecorder);
