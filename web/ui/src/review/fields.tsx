// The parts that writing and editing feedback share: kind, target areas.

import { t } from "../lib/messages";
import type { Room } from "./room";
import { KindShape } from "./shapes";
import { type Kind, kinds } from "./types";

export const kindKeys: Record<Kind, string> = {
  strength: "S",
  suggestion: "G",
  question: "Q",
  note: "N",
};

export function KindField(props: { name: string; value: Kind; set: (kind: Kind) => void }) {
  return (
    <fieldset class="row">
      <legend class="visually-hidden">{t("room.kind")}</legend>
      {kinds.map((kind) => (
        <label class="chip choice" key={kind}>
          <input
            type="radio"
            class="visually-hidden"
            name={props.name}
            value={kind}
            checked={props.value === kind}
            onChange={() => props.set(kind)}
          />
          <KindShape kind={kind} />
          {t(`kind.${kind}`)} <kbd aria-hidden="true">{kindKeys[kind]}</kbd>
        </label>
      ))}
    </fieldset>
  );
}

export function AreaField(props: {
  room: Room;
  value: readonly string[];
  toggle: (id: string) => void;
}) {
  const areas = props.room.activeAreas;
  if (areas.length === 0) return null;
  return (
    <fieldset class="row">
      <legend class="visually-hidden">{t("room.target_areas")}</legend>
      {areas.map((area, i) => (
        <label class="chip choice" key={area.id} title={area.goal}>
          <input
            type="checkbox"
            class="visually-hidden"
            checked={props.value.includes(area.id)}
            onChange={() => props.toggle(area.id)}
          />
          <i data-hue={area.hue} />
          {area.name} {i < 9 && <kbd aria-hidden="true">{i + 1}</kbd>}
        </label>
      ))}
    </fieldset>
  );
}
