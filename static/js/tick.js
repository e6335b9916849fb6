// While the page is visible and no finger is on it, ask every four seconds whether something changed.
// htmx's own "every" would go on in the background, and a swap must never come under a finger.
(() => {
  const EVERY = 4000;
  let touching = false;
  const held = (on) => () => { touching = on; };
  addEventListener("pointerdown", held(true), { passive: true });
  addEventListener("pointerup", held(false), { passive: true });
  addEventListener("pointercancel", held(false), { passive: true });

  const typing = () => document.querySelector("dialog[open]") !== null;
  const tick = () => {
    const day = document.getElementById("day");
    if (day && !document.hidden && !touching && !typing()) day.dispatchEvent(new CustomEvent("tick"));
  };
  setInterval(tick, EVERY);
  document.addEventListener("visibilitychange", tick);
})();
