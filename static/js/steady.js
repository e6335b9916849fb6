// Nothing moves under a finger: the answer to an act waits until the glass is free, for it may change the height of its row.
// (What a poll brings is dropped and asked for again: tick.js.)
(() => {
  const FREE = 60; // ms after the finger is lifted: its click comes first
  const PASS = ["day", "held", "sheet", "toast"]; // what is drawn over the page, or sees to itself
  const waiting = [];
  let pointer = false, fingers = 0, timer;
  const free = () => !pointer && fingers === 0;
  const swap = () => {
    if (!free()) return;
    for (const ctx of waiting.splice(0)) htmx.swap(ctx);
  };
  const lifted = () => { clearTimeout(timer); timer = setTimeout(swap, FREE); };
  // of a right click the end is not always told
  addEventListener("pointerdown", (event) => { pointer = !event.button; }, { passive: true, capture: true });
  for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, () => { pointer = false; lifted(); }, { passive: true, capture: true });
  for (const kind of ["touchstart", "touchend", "touchcancel"]) {
    addEventListener(kind, (event) => { fingers = event.touches.length; if (!fingers) lifted(); }, { passive: true, capture: true });
  }
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (free() || !ctx?.target || PASS.includes(ctx.target.id)) return;
    event.preventDefault();
    ctx.waits = true;
    waiting.push(ctx);
  });
})();
