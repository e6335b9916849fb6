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
    if (name.type === "hidden" || !name.value.trim()) name.value = field().value.trim();
  }, true);

  // Back to a page that the browser kept: what was typed stands there, so its results should.
  addEventListener("pageshow", () => { if (field() && field().value !== field().defaultValue) typed(); });
})();
