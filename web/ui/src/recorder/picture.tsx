// The camera's picture, or what is wrong with the camera and what to do about it.

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../lib/icon";
import { t } from "../lib/messages";
import type { Inputs } from "./inputs";
import type { Recorder } from "./recorder";
import { glance, Sight } from "./sight";
import type { Seen } from "./sight";

const lookEvery = 2000;

export function Picture({ recorder }: { recorder: Recorder }) {
  const { inputs } = recorder;
  const video = useRef<HTMLVideoElement>(null);
  const stream = inputs.stream.value;
  useEffect(() => {
    if (video.current) video.current.srcObject = stream;
  }, [stream]);
  const phase = recorder.phase.value;
  const ready = inputs.state.value === "ready";
  return (
    <div class="picture">
      <video ref={video} muted autoplay playsInline aria-label={t("record.preview")} hidden={!ready}
        onResize={() => recorder.turned()} />
      {ready && !stream && <p class="picture-words">{t("record.camera_off")}</p>}
      {ready && stream && inputs.soundAlone && <p class="picture-words">{t("record.sound_alone")}</p>}
      {inputs.state.value === "opening" && <p class="picture-words" role="status">{t("record.opening")}</p>}
      {phase === "recording" && isRecording(recorder) && (
        <p class="picture-badge"><i />{t("record.on")}</p>
      )}
      {phase === "paused" && <p class="picture-badge"><Icon name="pause" />{t("record.paused")}</p>}
      {inputs.state.value === "trouble" && <Trouble inputs={inputs} />}
      {ready && stream && <Warning inputs={inputs} stream={stream} video={video} />}
    </div>
  );
}

/** Whether something of what is taught now is kept or sent. */
function isRecording(recorder: Recorder): boolean {
  return recorder.route.link.value === "connected" || recorder.local.value?.state.value === "recording";
}

function Trouble({ inputs }: { inputs: Inputs }) {
  const trouble = inputs.trouble.value ?? "unknown";
  return (
    <div class="picture-trouble" role="alert">
      <h2>{t(`record.trouble.${trouble}`)}</h2>
      <p>{t(`record.trouble.${trouble}.do`)}</p>
      {trouble !== "insecure" && (
        <button class="button" type="button" onClick={() => void inputs.open()}>{t("record.again")}</button>
      )}
    </div>
  );
}

interface WarningProps {
  inputs: Inputs;
  stream: MediaStream;
  video: { current: HTMLVideoElement | null };
}

/** What is wrong with a picture that is there, or with a device that was. */
function Warning({ inputs, stream, video }: WarningProps) {
  const seen = useSignal<Seen>("fine");
  useEffect(() => {
    const sight = new Sight();
    const canvas = document.createElement("canvas");
    const timer = setInterval(() => {
      const pixels = video.current && glance(video.current, canvas);
      if (pixels) seen.value = sight.look(pixels);
    }, lookEvery);
    return () => {
      clearInterval(timer);
      seen.value = "fine";
    };
  }, [stream, video, seen]);
  const gone = inputs.gone.value;
  const words = gone.length > 1 ? "record.gone.both" : gone[0] ? `record.gone.${gone[0]}`
    : seen.value !== "fine" ? `record.seen.${seen.value}` : "";
  return <div class="picture-warning" role="alert">{words && <p>{t(words)}</p>}</div>;
}
