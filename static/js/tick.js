// While the page is visible and no finger is on it, ask every four seconds whether something changed.
// htmx's own "every" would go on in the background, and a swap must never come under a finger.
(() => {
  const EVERY = 4000, POLLED = "#day, [data-polls]";
  let pointer = false, fingers = 0;
  // A finger that scrolls ends as a pointer (pointercancel) while it is still on the glass: touches are counted too.
  const pressed = (on) => () => { pointer = on; };
  const touched = (event) => { fingers = event.touches.length; };
  addEventListener("pointerdown", pressed(true), { passive: true });
  for (const end of ["pointerup", "pointercancel", "blur"]) addEventListener(end, pressed(false), { passive: true });
  for (const kind of ["touchstart", "touchend", "touchcancel"]) addEventListener(kind, touched, { passive: true });

  const busy = () => pointer || fingers > 0 || document.querySelector("dialog[open]") !== null;
  const tick = () => {
    if (document.hidden || busy()) return;
    for (const one of document.querySelectorAll(POLLED)) one.dispatchEvent(new CustomEvent("tick"));
  };
  setInterval(tick, EVERY);
  document.addEventListener("visibilitychange", tick);

  // An answer that comes under a finger is dropped, and its tag forgotten, so that the next question gets it again.
  document.addEventListener("htmx:before:swap", (event) => {
    const one = event.target;
    if (!one.matches?.(POLLED) || !busy()) return;
    event.preventDefault();
    if (one._htmx) one._htmx.ptag = undefined;
  });
})();
