// A dialog over the room: the browser's own, so that focus stays in it and Esc closes it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { Icon } from "../lib/icon";
import { t } from "../lib/messages";

export function Dialog(props: { title: string; close: () => void; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current!;
    element.showModal();
    return () => element.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class="panel"
      aria-labelledby="panel-title"
      onClose={props.close}
      onClick={(event) => event.target === dialog.current && props.close()}
    >
      <div class="panel-body">
        <div class="panel-head">
          <h2 id="panel-title">{props.title}</h2>
          <button
            type="button"
            class="button quiet icon-only"
            aria-label={t("room.close")}
            onClick={props.close}
          >
            <Icon name="x" />
          </button>
        </div>
        {props.children}
      </div>
    </dialog>
  );
}
