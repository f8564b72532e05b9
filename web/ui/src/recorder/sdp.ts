// What the browser's offer lacks. Browsers repair lost video packets by themselves, but do not offer
// to send lost audio again; the server can ask for it when the offer says so.

/** Adds `a=rtcp-fb:<opus> nack` (RFC 4585, section 4.2) to each audio section that lacks it. */
export function offerAudioRepair(sdp: string): string {
  const sections = sdp.split(/(?=^m=)/m);
  return sections.map((section) => (section.startsWith("m=audio") ? repairable(section) : section)).join("");
}

function repairable(section: string): string {
  return section.replace(/^a=rtpmap:(\d+) opus\/48000\/2(\r?\n)/gim, (line, type: string, end: string) => {
    const feedback = `a=rtcp-fb:${type} nack`;
    const there = new RegExp(`^a=rtcp-fb:${type} nack\\r?$`, "m").test(section);
    return there ? line : `${line}${feedback}${end}`;
  });
}

/** The order in which a lesson's picture is best sent: what plays everywhere without being encoded
 *  again comes first. The others keep their order behind. */
export function preferVideo<T extends { mimeType: string; sdpFmtpLine?: string }>(codecs: T[]): T[] {
  const order = ["video/h264", "video/vp9", "video/vp8"];
  const rank = (codec: T): number => {
    const at = order.indexOf(codec.mimeType.toLowerCase());
    if (at === 0 && !/packetization-mode=1/.test(codec.sdpFmtpLine ?? "")) return 0.5;
    return at < 0 ? order.length : at;
  };
  return [...codecs].sort((a, b) => rank(a) - rank(b));
}
