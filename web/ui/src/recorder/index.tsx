// The page on which a lesson is recorded: camera and microphone, what the lesson is called and who
// gets it, and then the clock and the light that says what is safe.

import "./record.css";

import { render } from "preact";

import { LessonPage } from "./page";
import { Recorder } from "./recorder";
import type { Boot } from "./types";

class LessonRecorder extends HTMLElement {
  #recorder: Recorder | null = null;

  connectedCallback(): void {
    const data = document.getElementById("recorder-data")?.textContent;
    if (!data || this.#recorder) return;
    const recorder = new Recorder();
    this.#recorder = recorder;
    this.replaceChildren();
    render(<LessonPage recorder={recorder} boot={JSON.parse(data) as Boot} />, this);
    addEventListener("beforeunload", (event) => {
      const phase = recorder.phase.value;
      if (phase === "recording" || phase === "paused" || phase === "stopping") event.preventDefault();
    });
    navigator.mediaDevices?.addEventListener("devicechange", () => void recorder.refreshDevices());
    void recorder.prepare();
  }

  disconnectedCallback(): void {
    this.#recorder?.close();
    this.#recorder = null;
    render(null, this);
  }
}

customElements.define("lesson-recorder", LessonRecorder);
