// Looks at the camera's picture now and then: a lens that is covered and a picture that stands
// still are noticed before the lesson is over.

export type Seen = "fine" | "dark" | "still";

/** Pixels are 0–255. The noise of a sensor alone moves more than this; a covered lens shows less. */
const black = 20;
const looksDark = 3;
const looksStill = 8;

/** Judges a row of small pictures (RGBA), as many a second as the caller gives it. */
export class Sight {
  #before: Uint8ClampedArray | null = null;
  #dark = 0;
  #still = 0;

  look(pixels: Uint8ClampedArray): Seen {
    const same = this.#before?.length === pixels.length && pixels.every((v, n) => v === this.#before![n]);
    this.#still = same ? this.#still + 1 : 0;
    this.#dark = pixels.every((v, n) => n % 4 === 3 || v < black) ? this.#dark + 1 : 0;
    this.#before = pixels;
    if (this.#dark >= looksDark) return "dark";
    return this.#still >= looksStill ? "still" : "fine";
  }
}

const width = 32;
const height = 18;

/** A small copy of what a video shows; null when it shows nothing yet. */
export function glance(video: HTMLVideoElement, canvas: HTMLCanvasElement): Uint8ClampedArray | null {
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) return null;
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.drawImage(video, 0, 0, width, height);
  return context.getImageData(0, 0, width, height).data;
}
