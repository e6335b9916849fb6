// Today opens with the next row under the thumb: as it is where that is in sight, else with the now line in the upper third;
// whoever comes back to it from a card finds it as they left it, with the row they came from under the same finger; and
// what a poll changes above the rows in sight does not move them.
(() => {
  const LEFT = "left-today", BACK = "back-to-row";
  const FIND = "left-find"; // the last place, where that was not Today: a card leads back to it; of Find, find.js writes what stood there
  const list = () => document.querySelector("[data-opens-at-now]");
  const scroller = () => {
    const main = document.getElementById("main");
    return main && main.scrollHeight > main.clientHeight + 1 && getComputedStyle(main).overflowY !== "visible" ? main : document.scrollingElement;
  };
  const top = (row) => row.getBoundingClientRect().top;

  // -- leaving

  let from = ""; // the row whose card was opened
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-card]");
    if (link && list()) from = link.closest("li[id]")?.id ?? "";
    const told = event.target.closest("a[href^='/customers/']") && document.querySelector("[data-told-back]:not(.app--find)")?.dataset.toldBack;
    if (told) sessionStorage.setItem(FIND, JSON.stringify({ key: window.navigation?.currentEntry?.key, path: location.pathname, told }));
    const back = event.target.closest("a[data-back]");
    if (!back || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    const find = JSON.parse(sessionStorage.getItem(FIND) ?? "null");
    if (!find && back.dataset.back === "find") return;
    event.preventDefault();
    if (!find || "q" in find) sessionStorage.setItem(BACK, back.hash.slice(1));
    const { key } = find ?? JSON.parse(sessionStorage.getItem(LEFT) ?? "{}"), entries = window.navigation?.entries() ?? [];
    if (entries.slice(0, window.navigation?.currentEntry?.index ?? 0).some((entry) => entry.key === key)) window.navigation.traverseTo(key);
    else location.assign(find?.path ?? back.pathname);
  });
  const sayWhere = () => {
    const find = JSON.parse(sessionStorage.getItem(FIND) ?? "null"), back = document.querySelector("a[data-back='']");
    if (find && back) back.setAttribute("aria-label", find.told);
  };
  for (const kind of ["DOMContentLoaded", "htmx:after:swap"]) document.addEventListener(kind, sayWhere);
  addEventListener("pagehide", () => {
    if (!list()) return;
    const row = from && document.getElementById(from);
    const { key } = window.navigation?.currentEntry ?? {}; // addresses of other entries are hidden from pages without a referrer
    sessionStorage.setItem(LEFT, JSON.stringify({ key, at: scroller().scrollTop, row: from, top: row ? top(row) : 0 }));
  });

  // -- a poll: where most of the rows in sight would move, the list is scrolled by as much, so that they do not

  let seen = []; // {id, at, here} of the rows in sight before it
  const held = (row) => row.closest("#here") !== null;
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.detail.ctx?.target?.id !== "day") return;
    const edge = Math.max(0, scroller().getBoundingClientRect().top), end = document.querySelector(".bar")?.getBoundingClientRect();
    const below = end && end.top > edge && end.width > end.height ? end.top : innerHeight;
    seen = [...document.querySelectorAll("#day li[id]")].filter((row) => {
      const box = row.getBoundingClientRect();
      return box.height && box.bottom > edge && box.top < below;
    }).map((row) => ({ id: row.id, at: top(row), here: held(row) }));
  });
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target?.id !== "day") return;
    const at = document.activeElement?.closest("#day li[id]")?.id, moved = new Map();
    for (const { id, at: was, here } of seen) {
      const row = document.getElementById(id);
      if (!row?.getClientRects().length || held(row) !== here) continue; // went to another place
      const by = Math.round(top(row) - was);
      moved.set(by, (moved.get(by) ?? 0) + (id === at ? Infinity : 1));
    }
    seen = [];
    const [by] = [...moved].reduce((most, one) => (one[1] > most[1] ? one : most), [0, 0]); // of as many the first
    if (by) scroller().scrollTop += by;
  });

  // -- coming back

  const comesBack = () => sessionStorage.getItem(BACK) !== null || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  const restore = (left) => {
    const wanted = sessionStorage.getItem(BACK) || left.row;
    const row = wanted && document.getElementById(wanted);
    scroller().scrollTop = left.at;
    if (!row) return;
    if (wanted === left.row) scroller().scrollTop += top(row) - left.top; // the list may have changed meanwhile
    if (top(row) < 0 || top(row) > innerHeight * 0.8) row.scrollIntoView({ block: "center" });
    row.querySelector("[data-card]")?.focus({ preventScroll: true });
  };
  const start = () => {
    if (!list()) return;
    const left = JSON.parse(sessionStorage.getItem(LEFT) ?? "null");
    if (left && comesBack()) {
      history.scrollRestoration = "manual";
      restore(left);
      let touched = false;
      addEventListener("pointerdown", () => { touched = true; }, { once: true, capture: true });
      addEventListener("load", () => { if (!touched) restore(left); sessionStorage.removeItem(BACK); }, { once: true });
      return;
    }
    sessionStorage.removeItem(BACK);
    const now = document.getElementById("now");
    if (!now || location.hash) return;
    // As it is, where the next act is in sight; else the first row that may stand at the upper edge does, whole.
    const act = document.querySelector(".docket [data-testid=here]"), foot = document.querySelector(".foot");
    if (act && act.getBoundingClientRect().bottom < (foot?.getBoundingClientRect().top ?? innerHeight)) return;
    const stays = document.querySelector(".calls--open")?.offsetHeight ?? 0; // at the upper edge, over the list
    const wanted = top(now) - innerHeight / 3, edge = Math.max(0, scroller().getBoundingClientRect().top) + stays;
    const rows = [...document.querySelectorAll("#here, .day > li"), now].map((row) => top(row) - edge);
    const to = rows.find((at) => at >= wanted);
    if (wanted > 0 && to) scroller().scrollTop += to;
  };
  addEventListener("DOMContentLoaded", start, { once: true });
  addEventListener("pageshow", (event) => {
    if (event.persisted) sessionStorage.removeItem(BACK);
    if (!/^\/(find|customers|notes)\b/.test(location.pathname)) sessionStorage.removeItem(FIND); // another place was opened
  });
})();
