// The camera's picture, or what is wrong with the camera and what to do about it.

import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../lib/icon";
import { t } from "../lib/messages";
import type { Recorder } from "./recorder";

export function Picture({ recorder }: { recorder: Recorder }) {
  const video = useRef<HTMLVideoElement>(null);
  const stream = recorder.stream.value;
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  const phase = recorder.phase.value;
  return (
    <div class="picture">
      <video ref={video} muted autoplay playsInline aria-label={t("record.preview")} hidden={phase === "trouble"} />
      {phase === "opening" && <p class="picture-words">{t("record.opening")}</p>}
      {phase === "recording" && <p class="picture-badge"><i />{t("record.on")}</p>}
      {phase === "paused" && <p class="picture-badge paused"><Icon name="pause" />{t("record.paused")}</p>}
      {phase === "trouble" && <Trouble recorder={recorder} />}
    </div>
  );
}

function Trouble({ recorder }: { recorder: Recorder }) {
  const trouble = recorder.trouble.value ?? "unknown";
  return (
    <div class="picture-trouble" role="alert">
      <h2>{t(`record.trouble.${trouble}`)}</h2>
      <p>{t(`record.trouble.${trouble}.do`)}</p>
      {trouble !== "insecure" && (
        <button class="button" type="button" onClick={() => void recorder.prepare()}>{t("record.again")}</button>
      )}
    </div>
  );
}
