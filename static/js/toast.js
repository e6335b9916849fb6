// A toast stays ten seconds, and as long as it is touched or focused. Undo is also on the row, so nothing hangs on it.
(() => {
  const STAYS = 10000;
  let timer;
  const arm = () => {
    const toast = document.getElementById("toast");
    clearTimeout(timer);
    if (!toast || toast.hidden) return;
    timer = setTimeout(() => {
      if (toast.matches(":hover, :focus-within")) arm(); else toast.hidden = true;
    }, STAYS);
  };
  addEventListener("DOMContentLoaded", arm);
  document.addEventListener("htmx:after:swap", arm);

  const tell = (told) => {
    const toast = document.getElementById("toast");
    if (!toast) return;
    const words = document.createElement("p");
    words.textContent = told;
    toast.replaceChildren(words);
    toast.hidden = false;
    arm();
  };
  document.addEventListener("tell", (event) => tell(event.detail));

  // No answer at all: nothing was lost, for the form is still there. Over a sheet it is said in the sheet.
  document.addEventListener("htmx:error", (event) => { if (!polled(event.target) && !waits(event.target)) lost(); });
  document.addEventListener("lost", () => lost());
  const waits = (element) => element?.closest?.("form")?.dataset.act; // it is kept on the phone: waiting.js tells
  const polled = (element) => element?.matches?.("#day, [data-polls]");
  const lost = () => {
    const told = document.documentElement.dataset.notSaved, banner = document.querySelector("dialog[open] [data-told]");
    if (!banner) { tell(told); return; }
    banner.textContent = told;
    banner.hidden = false;
  };

  // A refusal that is not in our own words (a proxy's page, or nothing at all) takes the place of nothing.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (!(ctx?.response?.status >= 400) || ctx.hx?.retarget) return;
    event.preventDefault();
    if (!polled(ctx.target) && !waits(ctx.sourceElement)) lost();
  });

  // Undo of somebody whose row is no longer here: there is nothing to put the answer into.
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (!ctx?.sourceElement?.closest?.("#toast") || ctx.target) return;
    event.preventDefault();
    document.getElementById("toast").hidden = true;
    document.getElementById("day")?.dispatchEvent(new CustomEvent("tick"));
  });
})();
