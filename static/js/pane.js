// From 768 px the card opens beside the list and follows it; below, a row's link leads to the card's own page.
(() => {
  const wide = matchMedia("(min-width: 48rem)");
  const pane = () => wide.matches && document.querySelector("[data-pane]");
  let shown = "";
  const mark = () => document.querySelectorAll("[data-card]").forEach((link) => {
    if (link.href === shown) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  });
  const show = (href) => {
    shown = href;
    mark();
    // asked by the row itself: each has a queue of its own, and only the last one asked for is shown
    const source = document.querySelector("[data-card][aria-current]") ?? document.body;
    htmx.ajax("GET", href, { source, target: "#aside", swap: "innerHTML" });
  };
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx?.target?.id !== "aside") return;
    if (!shown.endsWith(ctx.request.action)) event.preventDefault();
    else if (ctx.swap === ANEW && busy()) { // since it was asked for
      event.preventDefault();
      stale();
    }
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-card]");
    if (!link || !pane() || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    show(link.href);
  });
  addEventListener("load", () => {
    const first = document.querySelector(".docket [data-card]");
    if (first && pane()) show(first.href);
  });
  // Where a poll changed the row of the card that is open, the card is made anew: morphed, so that what is unfolded stays,
  // and not while somebody is at it: with the sheet open, reading a private note, or by keyboard in one of its forms.
  const ANEW = "innerMorph", AGAIN = 1000; // ms until it is tried again
  const busy = () => document.hidden || document.querySelector("dialog[open], #aside form :focus-visible") !== null
    || !["", "hidden"].includes(document.documentElement.dataset.notes ?? "");
  let waits = null;
  const stale = () => { waits ??= setTimeout(anew, busy() ? AGAIN : 0); };
  const anew = () => {
    waits = null;
    const source = document.querySelector("[data-card][aria-current]") ?? document.body;
    if (busy()) stale();
    else if (shown && pane()) htmx.ajax("GET", shown, { source, target: "#aside", swap: ANEW });
  };
  const row = () => {
    const line = shown && document.getElementById(`p-${shown.split("/").pop()}`);
    return line ? `${line.dataset.arrived} ${line.textContent.replace(/\s+/g, " ")}` : "";
  };
  let before = "", own = false; // own: what the poll brings was done on the card
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.detail.ctx?.target?.id === "day") before = row();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target?.id !== "day" || !shown || !pane()) return;
    mark();
    if (!own && row() !== before) stale();
    own = false;
  });

  // What was done on the card shows in the list, and the other way round.
  const list = () => {
    const day = document.getElementById("day");
    if (day) day.dispatchEvent(new CustomEvent("tick")); else document.querySelector("[role=search]")?.requestSubmit();
  };
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx && event.detail.ctx.target;
    if (!shown || !target || !pane()) return;
    mark();
    if (target.id === "card") { own = true; list(); }
    else if (target.matches("li[data-customer]") && shown.endsWith(`/${target.dataset.customer}`)) show(shown);
  });
})();
