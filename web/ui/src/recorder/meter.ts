// Listens to the microphone: how loud it is just now, and whether anything is heard at all.

/** Levels are 0–1. Below −48 dB nobody speaks; but a microphone that works never brings less than
 *  its own noise, and one that is muted or broken brings nothing, or next to it (−80 dB). */
const speech = 0.004;
const noise = 0.0001;
/** Milliseconds for which what was heard counts. */
const recent = 4000;

export type Heard = "speech" | "quiet" | "nothing";

export class Meter {
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #samples: Float32Array<ArrayBuffer>;
  #spokenAt: number;
  #noiseAt: number;

  constructor(
    stream: MediaStream,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 2048; // 43 ms at 48 kHz: one glance
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    this.#spokenAt = this.#noiseAt = this.now();
  }

  /** Loudness just now, 0–1, on the scale that ears have (−50 dB is 0). */
  read(): number {
    if (this.#context.state === "suspended") void this.#context.resume().catch(() => undefined); // until the first click
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const level = Math.sqrt(sum / this.#samples.length);
    if (level > speech) this.#spokenAt = this.now();
    if (level > noise) this.#noiseAt = this.now();
    return Math.min(1, Math.max(0, 1 + (20 * Math.log10(Math.max(level, 1e-6))) / 50));
  }

  /** What was heard in the last seconds. */
  get heard(): Heard {
    if (this.now() - this.#spokenAt < recent) return "speech";
    return this.now() - this.#noiseAt < recent ? "quiet" : "nothing";
  }

  /** Whether the browser lets it listen: before the first click it may not. */
  get listening(): boolean {
    return this.#context.state === "running";
  }

  close(): void {
    if (this.#context.state !== "closed") void this.#context.close();
  }
}
