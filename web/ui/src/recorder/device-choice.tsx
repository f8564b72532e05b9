// Which camera and microphone, and whether the microphone hears.

import { t } from "../lib/messages";
import { noCamera } from "./devices";
import type { Kind } from "./devices";
import { Hearing } from "./hearing";
import { kindOf } from "./inputs";
import type { Inputs } from "./inputs";

export function DeviceChoice({ inputs }: { inputs: Inputs }) {
  const { cameras, microphones } = inputs.devices.value;
  return (
    <div class="device-choice">
      <DeviceList inputs={inputs} kind="camera" devices={cameras} />
      <DeviceList inputs={inputs} kind="microphone" devices={microphones} />
      <Hearing meter={inputs.meter.value} />
      {inputs.state.value === "ready" && inputs.trouble.value && inputs.gone.value.length === 0 && (
        <p class="notice warn" role="alert">{t(`record.trouble.${inputs.trouble.value}`)}. {t("record.kept")}</p>
      )}
    </div>
  );
}

interface DeviceListProps {
  inputs: Inputs;
  kind: Kind;
  devices: MediaDeviceInfo[];
}

function DeviceList({ inputs, kind, devices }: DeviceListProps) {
  const label = t(`record.${kind}`);
  const track = inputs.stream.value?.getTracks().find((each) => kindOf(each) === kind);
  const none = kind === "camera" && inputs.soundAlone;
  const used = none ? noCamera : track?.getSettings().deviceId ?? devices[0]?.deviceId ?? "";
  return (
    <div class="field">
      <label for={kind}>{label}</label>
      <select class="input" id={kind} value={used} disabled={devices.length === 0 && kind !== "camera"}
        onChange={(event) => void inputs.choose(kind, event.currentTarget.value)}>
        {devices.length === 0 && <option value="">{t(`record.no_${kind}`)}</option>}
        {devices.map((device, n) => (
          <option key={device.deviceId} value={device.deviceId}>
            {device.label || t("record.unnamed", { label, number: n + 1 })}
          </option>
        ))}
        {kind === "camera" && <option value={noCamera}>{t("record.without_camera")}</option>}
      </select>
    </div>
  );
}
