// Who works by keyboard or by ear stays where they were: when the button they pressed is swapped away, focus goes to the
// act that took its place. (htmx finds the way back only for elements with an id.)
(() => {
  let lost = false;
  document.addEventListener("htmx:before:swap", () => {
    lost = Boolean(document.activeElement.closest("[data-customer], #toast"));
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx && event.detail.ctx.target;
    if (!lost || !target || !target.id || document.activeElement !== document.body) return;
    const now = document.getElementById(target.id);
    const act = now && now.querySelector("[data-testid=said], [data-testid=here], [data-testid=undo]");
    if (act) act.focus({ preventScroll: true });
  });
})();
