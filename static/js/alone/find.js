// Find fits into what the keyboard leaves free, and the keys of the field do what hands expect: Escape clears, Enter goes
// to the best hit. It marks nobody by itself: a second Enter does, and a wrong name costs nothing.
(() => {
  const field = () => document.getElementById("q");
  const LEAST = 120; // px: what covers less is no keyboard

  // Browsers lay the keyboard over the page; only the visual viewport tells. When it is enlarged by hand it tells nothing.
  const fit = () => {
    const app = document.querySelector(".app--find"), seen = window.visualViewport;
    if (!app || !seen || seen.scale > 1.01) return;
    const covered = document.documentElement.clientHeight - seen.height > LEAST;
    app.toggleAttribute("data-keyboard", covered);
    if (covered) app.style.setProperty("--seen", `${seen.height}px`); else app.style.removeProperty("--seen");
    if (covered && seen.offsetTop) scrollTo(0, 0);
  };
  window.visualViewport?.addEventListener("resize", fit);
  addEventListener("DOMContentLoaded", fit);

  // Whoever comes back from a card, or from the question whether somebody is one we know, finds what they typed, what was
  // found and where they were. It is kept for this tab until another place is opened, and stands in no address.
  const LEFT = "left-find", BACK = "back-to-row"; // opening.js leads back by them
  let back = null; // what to come back to, until its results are there
  const arrive = () => {
    const { row, at } = back;
    back = null;
    document.querySelector(".app--find .main").scrollTop = at;
    (document.getElementById(row)?.querySelector("[data-card]") ?? field()).focus({ preventScroll: true });
  };
  const whenPowered = (then) => { // before that, nobody listens to the field
    if (field().form.matches("[data-htmx-powered]")) then();
    else document.addEventListener("htmx:after:process", () => whenPowered(then), { once: true });
  };
  const leave = (event) => {
    const link = event.target.closest?.("[data-card], .add");
    if (!link || !field() || (event.type === "click" && link.matches(".add"))) return;
    const { key } = window.navigation?.currentEntry ?? {}, told = link.closest("[data-told-back]").dataset.toldBack;
    const at = link.closest(".main").scrollTop, row = link.closest("li[id]")?.id ?? "";
    sessionStorage.setItem(LEFT, JSON.stringify({ key, path: location.pathname, told, q: field().value, at, row }));
  };
  for (const kind of ["click", "submit"]) document.addEventListener(kind, leave, true);
  const comesBack = () => sessionStorage.getItem(BACK) !== null || performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  addEventListener("pageshow", (event) => {
    back = field() && (event.persisted || comesBack()) ? JSON.parse(sessionStorage.getItem(LEFT) ?? "null") : null;
    if (back && !("q" in back)) back = null; // of another place, left later
    if (back) field().value = back.q;
    if (field() && field().value !== field().defaultValue) whenPowered(typed); else if (back) arrive();
    if (field()) sessionStorage.removeItem(BACK);
    const asks = document.querySelector(".already");
    if (asks) history.replaceState(null, "", asks.dataset.find); // Back to the question would be Back to a form that was sent
    if (!asks) sessionStorage.removeItem(LEFT);
  });

  const typed = () => field().dispatchEvent(new Event("input", { bubbles: true }));
  let entered = false;
  document.addEventListener("keydown", (event) => {
    if (event.target !== field()) return;
    if (event.key === "Enter") entered = true;
    else entered = false;
    if (event.key !== "Escape" || !field().value) return;
    event.preventDefault();
    field().value = "";
    typed();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx && event.detail.ctx.target;
    if (!target || target.id !== "results") return;
    const results = document.getElementById("results");
    if (back) {
      arrive();
      return;
    }
    results.closest(".main").scrollTop = 0; // the best hits are where a list begins, above the field or below it
    if (!entered || !field().value) return;
    entered = false;
    const best = results.querySelector("[data-testid=here]") || results.querySelector("[data-card], [data-testid=add]");
    if (best) best.focus();
  });

  // Whoever taps Add before the last letters have been answered means what stands in the field.
  document.addEventListener("click", (event) => {
    const form = event.target.closest("button") && event.target.closest(".add");
    if (!form || !field() || !field().value.trim()) return;
    const name = form.elements.name;
    if (name.type !== "hidden" && field().value.trim().startsWith("#")) return; // they were found by a tag
    if (name.type === "hidden" || !name.value.trim()) name.value = field().value.trim();
  }, true);
})();
