// Cameras and microphones: opening them, choosing among them, remembering the choice on this
// laptop, and saying what is wrong with them.

export type Kind = "camera" | "microphone";

export type DeviceTrouble =
  | "insecure" // the page has no right to devices at this address
  | "no_camera"
  | "no_microphone"
  | "refused" // by the person or by the school's policy
  | "in_use" // another program holds it
  | "unknown";

export class DeviceError extends Error {
  constructor(readonly trouble: DeviceTrouble) {
    super(trouble);
    this.name = "DeviceError";
  }
}

/** The devices that were chosen, by id. */
export type Choice = Partial<Record<Kind, string>>;

/** Chosen in the place of a camera: sound alone. */
export const noCamera = "none";

const remembered = "backrow.devices";

export function rememberedChoice(): Choice {
  try {
    return JSON.parse(localStorage.getItem(remembered) ?? "{}") as Choice;
  } catch {
    return {};
  }
}

export function remember(choice: Choice): void {
  try {
    localStorage.setItem(remembered, JSON.stringify(choice));
  } catch {
    // Storage is off: the choice lasts as long as the page.
  }
}

// The clean-up that calls want swallows the pupils at the back of a room.
const roomSound = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const roomPicture = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/** Opens devices of the kinds asked for. One that was chosen and is gone is replaced by another. */
export async function open(choice: Choice, kinds: readonly Kind[]): Promise<MediaStreamTrack[]> {
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError("insecure");
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      video: kinds.includes("camera") && { deviceId: choice.camera, ...roomPicture },
      audio: kinds.includes("microphone") && { deviceId: choice.microphone, ...roomSound },
    });
    return stream.getTracks();
  } catch (cause) {
    throw new DeviceError(await troubleOf(cause, kinds));
  }
}

async function troubleOf(cause: unknown, kinds: readonly Kind[]): Promise<DeviceTrouble> {
  switch (cause instanceof DOMException ? cause.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "refused";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    case "NotFoundError":
    case "OverconstrainedError": {
      if (kinds.length === 1) return kinds[0] === "camera" ? "no_camera" : "no_microphone";
      return (await list()).cameras.length === 0 ? "no_camera" : "no_microphone";
    }
  }
  return "unknown";
}

export interface Devices {
  cameras: MediaDeviceInfo[];
  microphones: MediaDeviceInfo[];
}

export async function list(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
  return {
    cameras: all.filter((d) => d.kind === "videoinput"),
    microphones: all.filter((d) => d.kind === "audioinput"),
  };
}
