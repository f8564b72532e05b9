// The keys of the room. They act where nothing is being typed, and leave to a focused control
// what that control does with the key.

import type { Room } from "./room";
import type { TimelineState } from "./timeline";
import type { Kind } from "./types";

/** The keys as the help shows them, in its order. */
export const keyTable: readonly (readonly [keys: readonly string[], label: string])[] = [
  [["Space", "K"], "room.key_play"],
  [["J", "L"], "room.key_skip"],
  [[",", "."], "room.key_frame"],
  [["<", ">"], "room.key_speed"],
  [["[", "]"], "room.key_mark"],
  [["W", "H"], "room.key_screen"],
  [["Home", "End"], "room.key_ends"],
  [["F"], "room.key_fullscreen"],
  [["M"], "room.key_mute"],
  [["+", "-"], "room.key_zoom"],
  [["C"], "room.key_compose"],
  [["I", "O"], "room.key_range"],
  [["S", "G", "Q", "N"], "room.key_kind"],
  [["1", "…", "9"], "room.key_area"],
  [["Ctrl+Enter"], "room.key_post"],
  [["Esc"], "room.key_cancel"],
  [["?"], "room.key_help"],
];

const kindOf: Record<string, Kind> = { s: "strength", g: "suggestion", q: "question", n: "note" };

/** Listens to the keyboard until what it returns is called. */
export function listenToKeys(room: Room, timeline: TimelineState): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (room.panel.value !== "" || isTyping(event.target)) return;
    if (event.key === " " && isControl(event.target)) return;
    if (act(room, timeline, event.key)) event.preventDefault();
  };
  document.addEventListener("keydown", listen);
  return () => document.removeEventListener("keydown", listen);
}

function act(room: Room, timeline: TimelineState, key: string): boolean {
  const { player, composition } = room;
  const annotates = room.may.value.annotate;
  const kind = kindOf[key.toLowerCase()];
  if (annotates && kind) {
    composition.setKind(kind);
    return true;
  }
  if (annotates && /^[1-9]$/.test(key)) {
    const area = room.activeAreas[Number(key) - 1];
    if (area) composition.toggleArea(area.id);
    return area !== undefined;
  }
  switch (key.toLowerCase()) {
    case " ":
    case "k":
      player.toggle();
      break;
    case "j":
      player.skip(-10_000);
      break;
    case "l":
      player.skip(10_000);
      break;
    case ",":
      player.step(-1);
      break;
    case ".":
      player.step(1);
      break;
    case "<":
      player.faster(-1);
      break;
    case ">":
      player.faster(1);
      break;
    case "[":
      room.step(-1);
      break;
    case "]":
      room.step(1);
      break;
    case "home":
      player.seek(0);
      break;
    case "end":
      player.seek(player.duration.value);
      break;
    case "f":
      void player.toggleFullscreen();
      break;
    case "w":
      return room.swapPictures();
    case "h":
      return room.toggleScreen();
    case "m":
      player.mute();
      break;
    case "+":
    case "=":
      timeline.zoom(1 / 1.6);
      break;
    case "-":
      timeline.zoom(1.6);
      break;
    case "c":
      if (!annotates) return false;
      room.compose();
      break;
    case "i":
      if (!annotates) return false;
      composition.setStart();
      break;
    case "o":
      if (!annotates) return false;
      composition.setEnd();
      break;
    case "escape":
      if (!annotates || !composition.pinned.value) return false;
      composition.cancel();
      break;
    case "?":
      room.open("keys");
      break;
    default:
      return false;
  }
  return true;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("dialog")) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

/** Whether Space is what presses the thing. */
function isControl(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest("button, a, input, summary") !== null;
}
