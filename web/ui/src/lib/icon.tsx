// The Lucide icons of the islands, 20 px, hidden from screen readers: the control has the name.

import arrowRightLeft from "lucide-static/icons/arrow-right-left.svg";
import check from "lucide-static/icons/check.svg";
import cloudUpload from "lucide-static/icons/cloud-upload.svg";
import download from "lucide-static/icons/download.svg";
import keyboard from "lucide-static/icons/keyboard.svg";
import lock from "lucide-static/icons/lock.svg";
import maximize from "lucide-static/icons/maximize.svg";
import minimize from "lucide-static/icons/minimize.svg";
import monitor from "lucide-static/icons/monitor.svg";
import monitorOff from "lucide-static/icons/monitor-off.svg";
import pause from "lucide-static/icons/pause.svg";
import play from "lucide-static/icons/play.svg";
import triangleAlert from "lucide-static/icons/triangle-alert.svg";
import trash from "lucide-static/icons/trash-2.svg";
import undo from "lucide-static/icons/undo-2.svg";
import volume2 from "lucide-static/icons/volume-2.svg";
import volumeX from "lucide-static/icons/volume-x.svg";
import wifiOff from "lucide-static/icons/wifi-off.svg";
import x from "lucide-static/icons/x.svg";
import zoomIn from "lucide-static/icons/zoom-in.svg";
import zoomOut from "lucide-static/icons/zoom-out.svg";

const icons = {
  "arrow-right-left": arrowRightLeft,
  check,
  "cloud-upload": cloudUpload,
  download,
  keyboard,
  lock,
  maximize,
  minimize,
  monitor,
  "monitor-off": monitorOff,
  pause,
  play,
  "triangle-alert": triangleAlert,
  trash,
  undo,
  "volume-2": volume2,
  "volume-x": volumeX,
  "wifi-off": wifiOff,
  x,
  "zoom-in": zoomIn,
  "zoom-out": zoomOut,
};

export type IconName = keyof typeof icons;

export function Icon({ name }: { name: IconName }) {
  const inside = icons[name].replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, "");
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      dangerouslySetInnerHTML={{ __html: inside }}
    />
  );
}
