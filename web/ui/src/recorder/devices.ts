// Cameras and microphones: opening them, choosing among them, remembering the choice on this
// laptop, and saying what is wrong with them.

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

export interface Choice {
  camera?: string;
  microphone?: string;
}

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

/** Opens camera and microphone. A device that was chosen and is gone is replaced by another. */
export async function open(choice: Choice): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw new DeviceError("insecure");
  try {
    return await navigator.mediaDevices.getUserMedia({
      video: { deviceId: choice.camera, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
      audio: { deviceId: choice.microphone, ...roomSound },
    });
  } catch (cause) {
    throw new DeviceError(await troubleOf(cause));
  }
}

async function troubleOf(cause: unknown): Promise<DeviceTrouble> {
  switch (cause instanceof DOMException ? cause.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "refused";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    case "NotFoundError":
    case "OverconstrainedError": {
      const devices = await list();
      return devices.cameras.length === 0 ? "no_camera" : "no_microphone";
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
