// The laptop itself: its screen, which must not go dark in the middle of a lesson, its battery and
// its disk. Browsers that do not offer these do without.

import { freeBytes, minuteBytes } from "../local/disk";
import { pictureBits, soundBits } from "../local/local-route";

/** Keeps the screen awake until the function that it returns is called. */
export function keepAwake(): () => void {
  let lock: WakeLockSentinel | null = null;
  let over = false;
  const ask = async () => {
    if (over || document.visibilityState !== "visible") return;
    lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    if (over) void lock?.release();
  };
  const again = () => void ask(); // the lock is lost whenever the page is hidden
  document.addEventListener("visibilitychange", again);
  again();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", again);
    void lock?.release();
  };
}

export interface Power {
  /** 0–1. */
  level: number;
  charging: boolean;
}

interface Battery extends EventTarget, Power {}

/** Tells of the battery now and at each change, until the function that it returns is called. */
export function watchBattery(tell: (power: Power) => void): () => void {
  let battery: Battery | null = null;
  let over = false;
  const say = () => battery && tell({ level: battery.level, charging: battery.charging });
  const get = (navigator as { getBattery?: () => Promise<Battery> }).getBattery;
  void get?.call(navigator).then((found) => {
    if (over) return;
    battery = found;
    battery.addEventListener("levelchange", say);
    battery.addEventListener("chargingchange", say);
    say();
  }).catch(() => undefined);
  return () => {
    over = true;
    battery?.removeEventListener("levelchange", say);
    battery?.removeEventListener("chargingchange", say);
  };
}

const lookAtDiskEvery = 20_000;

/** Tells for how many minutes of a lesson the disk will do, now and again, until the function that
 *  it returns is called. */
export function watchDisk(tell: (minutes: number) => void): () => void {
  let over = false;
  const look = async () => {
    const free = await freeBytes();
    if (!over && free !== null) tell(Math.floor(free / minuteBytes(pictureBits + soundBits)));
  };
  void look();
  const timer = setInterval(() => void look(), lookAtDiskEvery);
  return () => {
    over = true;
    clearInterval(timer);
  };
}
