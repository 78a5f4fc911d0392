// How long keys and frames take while something else goes on, in milliseconds: window.bench.keys, from a key's event to
// the end of its handlers; window.bench.painted, to the end of the frame that shows it; window.bench.frames, between the
// beginnings of two frames.
() => {
  const bench = Object.assign(window.bench ?? {}, { keys: [], painted: [], frames: [], last: 0 });
  // A message that is posted in a frame arrives when the frame has been painted.
  const afterPaint = (act) =>
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = act;
      channel.port2.postMessage(null);
    });
  let pressed = 0;
  window.addEventListener("keydown", ({ timeStamp }) => (pressed = timeStamp), true);
  // After React's own listeners, which are nearer to the field.
  window.addEventListener("input", () => {
    const began = pressed;
    bench.keys.push(performance.now() - began);
    afterPaint(() => bench.painted.push(performance.now() - began));
  });
  const frame = (now) => {
    if (bench.last) bench.frames.push(now - bench.last);
    bench.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.bench = bench;
}
