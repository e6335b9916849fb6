// Who works by keyboard or by ear stays where they were: when the button they pressed is swapped away, focus goes to its
// like, or to the act that took its place. (htmx finds the way back only for elements with an id.)
(() => {
  let lost = null;
  document.addEventListener("htmx:before:swap", () => {
    const at = document.activeElement?.closest("[data-customer], #toast");
    lost = at && { like: document.activeElement.dataset.testid };
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx && event.detail.ctx.target;
    if (!lost || !target || !target.id || document.activeElement !== document.body) return;
    const now = document.getElementById(target.id);
    const like = lost.like && now && now.querySelector(`[data-testid="${lost.like}"]`);
    const act = like || (now && now.querySelector("[data-testid=said], [data-testid=here], [data-testid=undo]"));
    if (act) act.focus({ preventScroll: true });
  });
})();
