import assert from "node:assert/strict";
import { test } from "node:test";

import { Room, settle } from "./fakes";
import { Inputs } from "./inputs";

async function opened() {
  const room = new Room();
  const inputs = new Inputs(room);
  const replaced = [];
  inputs.replaced = (track) => replaced.push(track.id);
  await inputs.open();
  return { room, inputs, replaced };
}

test("both are opened, and closed again", async () => {
  const { room, inputs, replaced } = await opened();
  assert.equal(inputs.state.value, "ready");
  assert.deepEqual(room.live, ["cam", "mic"]);
  assert.deepEqual(replaced, []);
  inputs.close();
  assert.deepEqual(room.live, []);
  assert.ok(room.meters.every((meter) => meter.closed));
});

test("trouble is told, and trying again may end it", async () => {
  const room = new Room();
  room.trouble = "refused";
  const inputs = new Inputs(room);
  await inputs.open();
  assert.equal(inputs.state.value, "trouble");
  assert.equal(inputs.trouble.value, "refused");
  await inputs.refresh(); // a device that comes does not change what the person said
  assert.equal(inputs.state.value, "trouble");
  room.trouble = null;
  await inputs.open();
  assert.equal(inputs.state.value, "ready");
  assert.equal(inputs.trouble.value, null);
});

test("a camera that is plugged in ends the trouble by itself", async () => {
  const room = new Room();
  room.cameras = [];
  const inputs = new Inputs(room);
  await inputs.open();
  assert.equal(inputs.trouble.value, "no_camera");
  room.cameras = ["usb"];
  await inputs.refresh();
  assert.equal(inputs.state.value, "ready");
  assert.deepEqual(room.live, ["usb", "mic"]);
});

test("choosing another camera leaves the microphone alone", async () => {
  const { room, inputs, replaced } = await opened();
  room.cameras.push("usb");
  await inputs.choose("camera", "usb");
  assert.deepEqual(room.live, ["mic", "usb"]);
  assert.deepEqual(replaced, ["usb"]);
  assert.equal(room.meters.length, 1);
  room.microphones.push("desk");
  await inputs.choose("microphone", "desk");
  assert.deepEqual(room.live, ["usb", "desk"]);
  assert.deepEqual(room.meters.map((meter) => meter.closed), [true, false]);
});

test("a camera that does not open leaves the one in use, and is not the choice", async () => {
  const { room, inputs } = await opened();
  room.cameras.push("usb");
  room.trouble = "in_use";
  await inputs.choose("camera", "usb");
  assert.equal(inputs.state.value, "ready");
  assert.equal(inputs.trouble.value, "in_use");
  assert.deepEqual(room.live, ["cam", "mic"]);
  room.trouble = null;
  inputs.stream.value.getTracks().find((track) => track.kind === "video").unplug();
  await settle();
  assert.deepEqual(room.live, ["mic", "cam"]);
});

test("another microphone takes the place of one that is unplugged", async () => {
  const { room, inputs, replaced } = await opened();
  room.microphones = ["built-in"];
  room.opened[1].unplug();
  await settle();
  assert.deepEqual(room.live, ["cam", "built-in"]);
  assert.deepEqual(replaced, ["built-in"]);
  assert.deepEqual(inputs.gone.value, []);
});

test("without another the rest goes on, until it is plugged in again", async () => {
  const { room, inputs, replaced } = await opened();
  room.cameras = [];
  room.opened[0].unplug();
  await settle();
  assert.deepEqual(inputs.gone.value, ["camera"]);
  assert.deepEqual(room.live, ["mic"]);
  assert.equal(inputs.stream.value.getTracks().length, 2, "its place is kept");
  await inputs.refresh();
  assert.deepEqual(inputs.gone.value, ["camera"]);
  room.cameras = ["cam"];
  await inputs.refresh();
  assert.deepEqual(inputs.gone.value, []);
  assert.equal(inputs.trouble.value, null);
  assert.deepEqual(room.live, ["mic", "cam"]);
  assert.deepEqual(replaced, ["cam"]);
});

test("both unplugged at once leave nothing on", async () => {
  const { room, inputs } = await opened();
  room.cameras = room.microphones = [];
  room.opened[0].unplug();
  room.opened[1].unplug();
  void inputs.refresh();
  await settle();
  assert.deepEqual([...inputs.gone.value].sort(), ["camera", "microphone"]);
  room.cameras = ["cam"];
  room.microphones = ["mic"];
  await Promise.all([inputs.refresh(), inputs.refresh()]);
  assert.deepEqual(room.live, ["cam", "mic"]);
  inputs.close();
  assert.deepEqual(room.live, []);
});

test("a camera that opens after the page has closed is stopped", async () => {
  const room = new Room();
  let let_go;
  room.hold = new Promise((resolve) => { let_go = resolve; });
  const inputs = new Inputs(room);
  const opening = inputs.open();
  await settle();
  inputs.close();
  let_go();
  await opening;
  assert.equal(room.opened.length, 2);
  assert.deepEqual(room.live, []);
});

test("a device that is chosen while there is trouble is tried together with the other", async () => {
  const room = new Room();
  room.cameras = ["cam", "usb"];
  room.trouble = "in_use";
  const inputs = new Inputs(room);
  await inputs.open();
  room.trouble = null;
  await inputs.choose("camera", "usb");
  assert.equal(inputs.state.value, "ready");
  assert.deepEqual(room.live, ["usb", "mic"]);
});
