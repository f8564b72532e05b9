// The camera and the microphone in use: opened together, changed one at a time, and looked for
// again when one is unplugged. What still works goes on meanwhile.

import { signal } from "@preact/signals";

import { DeviceError, list, noCamera, open, remember, rememberedChoice } from "./devices";
import type { Choice, Devices, DeviceTrouble, Kind } from "./devices";
import { Meter } from "./meter";

/** What Inputs asks of the browser. */
export interface Hardware {
  open(choice: Choice, kinds: readonly Kind[]): Promise<MediaStreamTrack[]>;
  list(): Promise<Devices>;
  streamOf(tracks: MediaStreamTrack[]): MediaStream;
  meterOf(microphone: MediaStream): Meter;
}

export const browser: Hardware = {
  open,
  list,
  streamOf: (tracks) => new MediaStream(tracks),
  meterOf: (microphone) => new Meter(microphone),
};

export function kindOf(track: MediaStreamTrack): Kind {
  return track.kind === "video" ? "camera" : "microphone";
}

export class Inputs {
  readonly state = signal<"opening" | "ready" | "trouble">("opening");
  readonly trouble = signal<DeviceTrouble | null>(null);
  /** Those that were there and were unplugged, or taken away. */
  readonly gone = signal<readonly Kind[]>([]);
  readonly stream = signal<MediaStream | null>(null);
  readonly meter = signal<Meter | null>(null);
  readonly devices = signal<Devices>({ cameras: [], microphones: [] });
  /** Told of each track that takes the place of one that was there. */
  replaced: (track: MediaStreamTrack) => void = () => undefined;
  /** Told when what is live has changed: a device took another's place, came, or went. */
  changed: () => void = () => undefined;

  #choice: Choice = rememberedChoice();
  #queue: Promise<void> = Promise.resolve(); // one at a time: many cameras open only once
  #closed = false;

  constructor(private readonly hardware: Hardware = browser) {}

  /** Opens both, at first and when the person tries again. */
  open(): Promise<void> {
    return this.#then(async () => {
      this.state.value = "opening";
      this.#stop();
      await this.#bring(this.soundAlone ? ["microphone"] : ["camera", "microphone"], this.#choice);
      this.state.value = this.trouble.value ? "trouble" : "ready";
    });
  }

  /** Whether there is to be no picture. */
  get soundAlone(): boolean {
    return this.#choice.camera === noCamera;
  }

  /** Takes another camera or microphone, or no camera. When it does not open, the one in use stays. */
  choose(kind: Kind, id: string): Promise<void> {
    if (this.state.value !== "ready") {
      this.#choice = { ...this.#choice, [kind]: id };
      return this.open();
    }
    return this.#then(async () => {
      const choice = { ...this.#choice, [kind]: id };
      if (id === noCamera) this.#leaveOut(kind);
      else if (!(await this.#bring([kind], choice))) return;
      this.#choice = choice;
      remember(choice);
    });
  }

  /** Looks again at what is plugged in, and for what is missing. */
  refresh(): Promise<void> {
    if (this.state.value === "trouble" && this.trouble.value !== "refused") return this.open();
    return this.#then(async () => {
      const gone = this.gone.value;
      if (gone.length > 0) await this.#bring(gone, this.#choice);
      else this.devices.value = await this.hardware.list();
    });
  }

  /** Stops camera and microphone; the picture goes dark. */
  close(): void {
    this.#closed = true;
    this.#stop();
  }

  #then(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(() => (this.#closed ? undefined : work()));
    return this.#queue;
  }

  async #bring(kinds: readonly Kind[], choice: Choice): Promise<boolean> {
    try {
      const tracks = await this.hardware.open(choice, kinds);
      if (this.#closed) {
        for (const track of tracks) track.stop();
        return false;
      }
      this.#take(tracks);
      this.trouble.value = null;
      this.gone.value = this.gone.value.filter((kind) => !kinds.includes(kind));
      return true;
    } catch (cause) {
      this.trouble.value = cause instanceof DeviceError ? cause.trouble : "unknown";
      return false;
    } finally {
      this.devices.value = await this.hardware.list();
    }
  }

  #leaveOut(kind: Kind): void {
    const before = this.stream.value?.getTracks() ?? [];
    const kept = before.filter((track) => kindOf(track) !== kind);
    this.stream.value = this.hardware.streamOf(kept);
    this.gone.value = this.gone.value.filter((other) => other !== kind);
    this.trouble.value = null;
    this.changed();
    for (const track of before) if (!kept.includes(track)) track.stop();
  }

  #take(tracks: MediaStreamTrack[]): void {
    const before = this.stream.value?.getTracks() ?? [];
    const kept = before.filter((old) => !tracks.some((track) => track.kind === old.kind));
    const stream = this.hardware.streamOf([...kept, ...tracks]);
    this.stream.value = stream;
    for (const track of tracks) {
      track.addEventListener("ended", () => void this.#ended(track));
      if (track.kind === "audio") {
        this.meter.value?.close();
        this.meter.value = this.hardware.meterOf(this.hardware.streamOf([track]));
      }
      if (before.length > 0) this.replaced(track);
    }
    if (before.length > 0) this.changed();
    for (const old of before) if (!kept.includes(old)) old.stop();
  }

  /** A device was unplugged: another of its kind takes its place, if there is one. */
  #ended(track: MediaStreamTrack): Promise<void> {
    return this.#then(async () => {
      if (!this.stream.value?.getTracks().includes(track)) return;
      const kind = kindOf(track);
      this.gone.value = [...this.gone.value.filter((other) => other !== kind), kind];
      if (!(await this.#bring([kind], this.#choice))) this.changed();
    });
  }

  #stop(): void {
    for (const track of this.stream.value?.getTracks() ?? []) track.stop();
    this.meter.value?.close();
    this.meter.value = null;
    this.stream.value = null;
    this.gone.value = [];
  }
}
