// Which feedback is shown, in the list and on the timeline: by target area, by kind, by person.

import { t } from "../lib/messages";
import type { Room } from "./room";
import { KindShape } from "./shapes";
import { kinds } from "./types";

export function Filters({ room }: { room: Room }) {
  const all = room.shown.value;
  const filter = room.filter.value;
  const counts = new Map<string, number>();
  const people = new Map<string, string>();
  for (const mark of all) {
    const keys = mark.target_area_ids.length > 0 ? mark.target_area_ids : [""];
    for (const key of [...keys, mark.kind]) counts.set(key, (counts.get(key) ?? 0) + 1);
    people.set(mark.author.id, mark.author.name);
  }
  if (all.length === 0) return null;
  const areas = [...room.areas.values()].filter(({ id }) => counts.has(id) || filter.areas.has(id));
  return (
    <div class="filters" role="group" aria-label={t("room.filter")}>
      {areas.map((area) => (
        <button
          type="button"
          key={area.id}
          class="chip"
          aria-pressed={filter.areas.has(area.id)}
          onClick={() => room.toggleFilter("areas", area.id)}
        >
          <i data-hue={area.hue} />
          <span class="chip-name">{area.name}</span> <span class="tally">{counts.get(area.id) ?? 0}</span>
        </button>
      ))}
      {areas.length > 0 && counts.has("") && (
        <button
          type="button"
          class="chip"
          aria-pressed={filter.areas.has("")}
          onClick={() => room.toggleFilter("areas", "")}
        >
          <i class="no-area" />
          {t("room.no_area")} <span class="tally">{counts.get("")}</span>
        </button>
      )}
      {kinds
        .filter((kind) => counts.has(kind) || filter.kinds.has(kind))
        .map((kind) => (
          <button
            type="button"
            key={kind}
            class="chip"
            aria-pressed={filter.kinds.has(kind)}
            aria-label={`${t(`kind.${kind}`)} ${counts.get(kind) ?? 0}`}
            title={t(`kind.${kind}`)}
            onClick={() => room.toggleFilter("kinds", kind)}
          >
            <KindShape kind={kind} />
            <span class="tally">{counts.get(kind) ?? 0}</span>
          </button>
        ))}
      {people.size > 1 && (
        <select
          class="chip"
          aria-label={t("room.filter_person")}
          value={filter.person}
          onChange={(event) => room.filterPerson(event.currentTarget.value)}
        >
          <option value="">{t("room.everyone")}</option>
          {[...people].map(([id, name]) => (
            <option value={id} key={id}>
              {name}
            </option>
          ))}
        </select>
      )}
    </div>
  );
}
