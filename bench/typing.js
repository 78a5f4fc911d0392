// How long keys and frames take while something else goes on: window.bench.keys, milliseconds from a key's event to the
// end of its handlers, and window.bench.frames, milliseconds between two frames.
() => {
  const bench = Object.assign(window.bench ?? {}, { keys: [], frames: [], last: 0 });
  // After React's own listeners, which are nearer to the field.
  window.addEventListener("input", (event) => bench.keys.push(performance.now() - event.timeStamp));
  const frame = (now) => {
    if (bench.last) bench.frames.push(now - bench.last);
    bench.last = now;
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  window.bench = bench;
}
