// A second picture beside the camera's: the screen, or a document camera. It is recorded on this
// laptop as takes of their own, on the lesson's clock; it is not sent live.

import { signal } from "@preact/signals";

import type { LocalRoute } from "../local/local-route";
import type { EndReason } from "../local/types";

/** Slides and writing need lines more than they need frames. */
const screenPicture = { width: { max: 1920 }, height: { max: 1080 }, frameRate: { max: 15 } };
const documentPicture = { width: { ideal: 1920 }, height: { ideal: 1080 }, frameRate: { ideal: 15 } };

/** How a second picture is opened; tests give another. */
export interface SecondPicture {
  screen(): Promise<MediaStream>;
  camera(id: string): Promise<MediaStream>;
}

export const secondPicture: SecondPicture = {
  screen: () => navigator.mediaDevices.getDisplayMedia({ video: screenPicture, audio: false }),
  camera: (id) => navigator.mediaDevices.getUserMedia({ video: { deviceId: { exact: id }, ...documentPicture } }),
};

export class Screen {
  /** What is shown besides the camera; null when nothing is. */
  readonly stream = signal<MediaStream | null>(null);
  /** It could not be opened, when last tried. Who closes the browser's question meant no. */
  readonly failed = signal(false);

  constructor(private readonly route: () => LocalRoute | null, private readonly picture: SecondPicture) {}

  /** Adds the screen, which the browser asks for, or the camera of that id. */
  async add(going: () => boolean, camera?: string): Promise<void> {
    this.failed.value = false;
    let stream: MediaStream;
    try {
      stream = await (camera ? this.picture.camera(camera) : this.picture.screen());
    } catch (cause) {
      this.failed.value = !(cause instanceof DOMException && cause.name === "NotAllowedError");
      return;
    }
    await this.remove();
    this.stream.value = stream;
    for (const track of stream.getTracks()) {
      // The browser's own bar ends it, or somebody pulls the plug.
      track.addEventListener("ended", () => this.stream.value === stream && void this.remove());
    }
    if (going()) this.route()?.open(stream);
  }

  /** Ends it, for good. */
  async remove(reason: EndReason = "stopped"): Promise<void> {
    const stream = this.stream.value;
    this.stream.value = null;
    await this.pause(reason);
    for (const track of stream?.getTracks() ?? []) track.stop();
  }

  /** Stops recording it, for the time being. */
  async pause(reason: EndReason = "paused"): Promise<void> {
    await this.route()?.close(reason);
  }

  resume(): void {
    if (this.stream.value) this.route()?.open(this.stream.value);
  }
}
