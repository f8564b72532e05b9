// The review room. The server's page works without it; this takes the page's parts over, in their
// places, and keeps the <video> that is there.

import "./review.css";

import { render } from "preact";

import { openShelf } from "../lib/outbox";
import { Actions } from "./actions";
import { Composer } from "./composer";
import { Controls } from "./controls";
import { Filters } from "./filters";
import { DeletePanel, FilesPanel } from "./files-panels";
import { KeysPanel } from "./keys-panel";
import { listenToKeys } from "./keys";
import { List } from "./list";
import { Player } from "./player";
import { loadPreferences } from "./preferences";
import { RequestPanel, ReturnPanel } from "./review-panels";
import { Room } from "./room";
import { SecondPicture } from "./second";
import { SharePanel } from "./share";
import { Announcer, ConnectionLine, PlayerNotice, ProcessingLine, Refused, Toast } from "./status";
import { Timeline, TimelineState } from "./timeline";
import type { Boot } from "./types";

function Stage({ room, timeline }: { room: Room; timeline: TimelineState }) {
  return (
    <>
      <PlayerNotice room={room} />
      <Controls room={room} timeline={timeline} />
      <Timeline room={room} state={timeline} />
      <ProcessingLine room={room} />
    </>
  );
}

function Side({ room }: { room: Room }) {
  return (
    <>
      <Filters room={room} />
      <List room={room} />
      <Refused room={room} />
      <ConnectionLine room={room} />
      {room.may.value.annotate && <Composer room={room} />}
    </>
  );
}

function Over({ room }: { room: Room }) {
  const review = room.ownReview.value;
  return (
    <>
      {room.panel.value === "keys" && <KeysPanel room={room} />}
      {room.panel.value === "share" && room.may.value.share && <SharePanel room={room} />}
      {room.panel.value === "files" && <FilesPanel room={room} />}
      {room.panel.value === "delete" && room.may.value.delete && <DeletePanel room={room} />}
      {room.panel.value === "request" && room.may.value.request_review && (
        <RequestPanel room={room} />
      )}
      {room.panel.value === "return" && review && <ReturnPanel room={room} review={review} />}
      <Toast room={room} />
      <Announcer room={room} />
    </>
  );
}

class ReviewRoom extends HTMLElement {
  #close: () => void = () => {};

  async connectedCallback(): Promise<void> {
    const data = document.getElementById("room-data")?.textContent;
    const video = this.querySelector("video");
    if (!data || !video) return;
    const boot = JSON.parse(data) as Boot;
    const shelf = await openShelf();
    const player = new Player(
      video,
      this.querySelector(".stage")!,
      boot.recording.duration_ms,
      boot.spans,
      boot.expected,
    );
    const room = new Room(boot, player, loadPreferences(boot.me.id), shelf);
    const timeline = new TimelineState(player);

    const parts = [
      [".room-actions", <Actions room={room} />],
      [".second-place", <SecondPicture room={room} />],
      [".stage-controls", <Stage room={room} timeline={timeline} />],
      [".side", <Side room={room} />],
      [".room-over", <Over room={room} />],
    ] as const;
    for (const [place, part] of parts) {
      const root = this.querySelector(place)!;
      root.replaceChildren();
      render(part, root);
    }
    this.classList.add("alive");

    const stopKeys = listenToKeys(room, timeline);
    this.#close = () => {
      stopKeys();
      room.close();
      for (const [place] of parts) render(null, this.querySelector(place)!);
    };
    room.start();
  }

  disconnectedCallback(): void {
    this.#close();
  }
}

customElements.define("review-room", ReviewRoom);
