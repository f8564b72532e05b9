// A camera and a microphone for a browser that plays no files as devices: the numbered lesson drawn
// on a canvas, beeps from an oscillator, both by the audio clock.

// pretendDevices runs in the page before its own scripts. first is the number with which this
// sitting begins; the page's own clock numbers on over its reloads.
export function pretendDevices({ first, begun }) {
  if (!navigator.mediaDevices) return; // an empty page
  const size = { width: 640, height: 360 };
  const seconds = [];
  let audio;
  let canvas;
  let ahead; // of the audio clock, so that numbers go on over a reload
  let numbers = null;
  function draw(to, number) {
    const fill = (value, left, top, right, bottom) => {
      to.fillStyle = `rgb(${value},${value},${value})`;
      to.fillRect(left, top, right - left, bottom - top);
    };
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
  function start() {
    audio = new AudioContext();
    ahead = Math.ceil((Date.now() - begun) / 1000);
    canvas = Object.assign(document.createElement('canvas'), size);
    const to = canvas.getContext('2d', { willReadFrequently: true });
    const gain = audio.createGain();
    gain.gain.value = 0;
    const oscillator = audio.createOscillator();
    oscillator.frequency.value = 1000;
    oscillator.connect(gain);
    oscillator.start();
    for (let second = 1; second < 1800; second++) {
      gain.gain.setValueAtTime(0.6, second);
      gain.gain.setValueAtTime(0, second + 0.1);
    }
    const speaker = audio.createMediaStreamDestination();
    gain.connect(speaker);
    let last = -1;
    setInterval(() => {
      const number = first + Math.floor((audio.currentTime + ahead) * 30);
      if (audio.currentTime === 0 || number === last) return;
      last = number;
      draw(to, number);
      numbers = { first: numbers?.first ?? number, last: number };
      if (number % 30 === 0) seconds.push({ number, at: audio.currentTime * 1000 });
    }, 8);
    const picture = canvas.captureStream(30);
    return new MediaStream([...picture.getVideoTracks(), ...speaker.stream.getAudioTracks()]);
  }
  let stream;
  globalThis.__source = () => ({ flashes: [], numbers, seconds,
    beeps: Array.from({ length: Math.ceil(audio?.currentTime ?? 0) + 1 }, (_, second) => (second + 1) * 1000) });
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    stream ??= start();
    await audio.resume();
    const tracks = [...(wanted.video ? stream.getVideoTracks() : []), ...(wanted.audio ? stream.getAudioTracks() : [])];
    return new MediaStream(tracks.map((track) => track.clone()));
  };
  const devices = [['videoinput', 'camera'], ['audioinput', 'microphone']].map(([kind, deviceId]) => (
    { kind, deviceId, groupId: '', label: `Pretended ${deviceId}`, toJSON() { return { ...this }; } }));
  navigator.mediaDevices.enumerateDevices = async () => devices;
}
