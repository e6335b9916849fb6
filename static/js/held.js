// Private notes are shown for five seconds, longer only while they are held, and never to a page that is not looked at.
(() => {
  const SHOWN = 5000;
  let timer;
  const place = () => document.querySelector("[data-held]");
  const hide = () => { clearTimeout(timer); place()?.replaceChildren(); };
  const arm = () => {
    clearTimeout(timer);
    timer = setTimeout(() => (place()?.matches(":active") ? arm() : hide()), SHOWN);
  };
  document.addEventListener("htmx:after:swap", () => { if (place()?.firstElementChild) arm(); });
  document.addEventListener("visibilitychange", hide);
  addEventListener("blur", hide);
})();
