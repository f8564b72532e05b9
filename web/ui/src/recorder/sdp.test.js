import assert from "node:assert/strict";
import { test } from "node:test";

import { offerAudioRepair, preferVideo } from "./sdp";

const offer = [
  "v=0", "m=audio 9 UDP/TLS/RTP/SAVPF 111 0", "a=rtpmap:111 opus/48000/2",
  "a=rtcp-fb:111 transport-cc", "a=rtpmap:0 PCMU/8000",
  "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 nack", "",
].join("\r\n");

test("sound is offered to be sent again, once", () => {
  const changed = offerAudioRepair(offer);
  assert.equal(changed.split("a=rtcp-fb:111 nack\r\n").length, 2);
  assert.ok(changed.indexOf("a=rtcp-fb:111 nack") < changed.indexOf("m=video"));
  assert.ok(!changed.includes("a=rtcp-fb:0 nack"), "only Opus is repaired");
  assert.equal(offerAudioRepair(changed), changed);
  assert.equal(changed.replace("a=rtcp-fb:111 nack\r\n", ""), offer);
});

test("nack with a parameter is another feedback", () => {
  const pli = offer.replace("transport-cc", "nack pli");
  assert.match(offerAudioRepair(pli), /a=rtcp-fb:111 nack\r\n/);
});

test("lines may end in a line feed alone, and sections may lack Opus", () => {
  const unix = offer.replaceAll("\r\n", "\n");
  assert.match(offerAudioRepair(unix), /opus\/48000\/2\na=rtcp-fb:111 nack\n/);
  const none = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\n";
  assert.equal(offerAudioRepair(none), none);
  assert.equal(offerAudioRepair(""), "");
});

test("H.264 that can be cut comes first, then VP9, then VP8; the rest keep their order", () => {
  const codecs = [
    { mimeType: "video/VP8" }, { mimeType: "video/rtx" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=0;profile-level-id=42e01f" },
    { mimeType: "video/VP9" },
    { mimeType: "video/H264", sdpFmtpLine: "packetization-mode=1;profile-level-id=42e01f" },
    { mimeType: "video/AV1" },
  ];
  const order = preferVideo(codecs).map((codec) => codecs.indexOf(codec));
  assert.deepEqual(order, [4, 2, 3, 0, 1, 5]);
});
