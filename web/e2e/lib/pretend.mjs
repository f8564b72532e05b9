// A camera for a browser that plays no file as one: the numbered lesson drawn on a canvas. The
// microphone is Firefox's own pretended one, a steady tone: without a sound card it has no clock by
// which a page could make beeps, so what is here says nothing about sound and picture being together.

// pretendCamera runs in the page before its own scripts. first is the number of the frame at the
// moment begun, in ms since 1970; frames are numbered on over the page's reloads.
export function pretendCamera({ first, begun }) {
  if (!navigator.mediaDevices) return; // an empty page
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
  const to = canvas.getContext('2d', { willReadFrequently: true });
  const fill = (value, left, top, right, bottom) => {
    to.fillStyle = `rgb(${value},${value},${value})`;
    to.fillRect(left, top, right - left, bottom - top);
  };
  function draw(number) {
    fill(96, 0, 0, 640, 360);
    for (let bit = 0; bit < 16; bit++) {
      const on = (number >> (15 - bit)) & 1;
      fill(on ? 235 : 16, bit * 40, 0, bit * 40 + 40, 60);
      fill(on ? 16 : 235, bit * 40, 60, bit * 40 + 40, 120);
    }
    const x = (number * 3) % 600;
    fill(200, x, 130, x + 40, 170);
    fill(number % 30 < 3 ? 235 : 32, 0, 200, 640, 360);
  }
  const original = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  let timer;
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    const stream = wanted.audio ? await original({ audio: wanted.audio }) : new MediaStream();
    if (!wanted.video) return stream;
    let last = -1;
    timer ??= setInterval(() => {
      const number = first + Math.floor(((performance.timeOrigin + performance.now() - begun) * 30) / 1000);
      if (number !== last) draw(number);
      last = number;
    }, 8);
    return new MediaStream([...stream.getAudioTracks(), ...canvas.captureStream(30).getVideoTracks()]);
  };
}
