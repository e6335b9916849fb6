// Today opens with the next row under the thumb: as it is where that is in sight, else with the now line in the upper third;
// whoever comes back to it from a card finds it as they left it, with the row they came from under the same finger.
(() => {
  const LEFT = "left-today", BACK = "back-to-row";
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
    const back = event.target.closest("a[data-back]");
    if (!back || event.defaultPrevented || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    sessionStorage.setItem(BACK, back.hash.slice(1));
    const { key } = JSON.parse(sessionStorage.getItem(LEFT) ?? "{}"), entries = window.navigation?.entries() ?? [];
    if (entries.slice(0, window.navigation?.currentEntry?.index ?? 0).some((entry) => entry.key === key)) window.navigation.traverseTo(key);
    else location.assign(back.pathname);
  });
  addEventListener("pagehide", () => {
    if (!list()) return;
    const row = from && document.getElementById(from);
    const { key } = window.navigation?.currentEntry ?? {}; // addresses of other entries are hidden from pages without a referrer
    sessionStorage.setItem(LEFT, JSON.stringify({ key, at: scroller().scrollTop, row: from, top: row ? top(row) : 0 }));
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
    const wanted = top(now) - innerHeight / 3, edge = Math.max(0, scroller().getBoundingClientRect().top);
    const rows = [...document.querySelectorAll("#here, .day > li"), now].map((row) => top(row) - edge);
    const to = rows.find((at) => at >= wanted);
    if (wanted > 0 && to) scroller().scrollTop += to;
  };
  addEventListener("DOMContentLoaded", start, { once: true });
  addEventListener("pageshow", (event) => { if (event.persisted) sessionStorage.removeItem(BACK); });
})();
