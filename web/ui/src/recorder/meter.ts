// Listens to the microphone: how loud it is just now, and whether anything is heard at all.

/** Levels are 0–1. Below this nobody speaks and no chair moves: a room is never so quiet. */
const silence = 0.004;
const silentAfter = 4000;

export class Meter {
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #samples: Float32Array<ArrayBuffer>;
  #heardAt: number;

  constructor(
    stream: MediaStream,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 2048; // 43 ms at 48 kHz: one glance
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    this.#heardAt = this.now();
  }

  /** Loudness just now, 0–1, on the scale that ears have (−50 dB is 0). */
  read(): number {
    if (this.#context.state === "suspended") void this.#context.resume(); // until the first click
    this.#analyser.getFloatTimeDomainData(this.#samples);
    let sum = 0;
    for (const sample of this.#samples) sum += sample * sample;
    const level = Math.sqrt(sum / this.#samples.length);
    if (level > silence) this.#heardAt = this.now();
    return Math.min(1, Math.max(0, 1 + (20 * Math.log10(Math.max(level, 1e-6))) / 50));
  }

  /** Whether something was heard in the last seconds. */
  get hears(): boolean {
    return this.now() - this.#heardAt < silentAfter;
  }

  /** Whether the browser lets it listen: before the first click it may not. */
  get listening(): boolean {
    return this.#context.state === "running";
  }

  close(): void {
    void this.#context.close();
  }
}
