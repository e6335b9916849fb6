// Who works by keyboard or by ear stays where they were: when the button they pressed is swapped away, focus goes to its
// like. Where there is none it goes to the words after Here, else to who it was about or to the pencil beside, and never to
// the act that takes back the one just done: a second Enter would. (htmx finds the way back only for elements with an id.)
(() => {
  let lost = null;
  document.addEventListener("htmx:before:swap", () => {
    const at = document.activeElement; // the way back from a sheet is sheet.js's
    const row = at?.closest("#promises .promise"), rows = row ? [...document.querySelectorAll('#promises .promise[data-state="open"]')] : [];
    const after = rows.find((one) => one !== row && row.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    lost = row ? { row: after?.id } : !at?.matches("[data-sheet]") && at?.closest("[data-customer], .met, #toast") && { act: at.dataset.testid, foot: at.closest(".acts") !== null };
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const target = event.detail.ctx && event.detail.ctx.target;
    if (!lost || !target || !target.id || document.activeElement !== document.body) return;
    const now = document.getElementById(target.id);
    if (!now) return;
    const seen = (selector) => [...now.querySelectorAll(selector)].find((one) => one.getClientRects().length);
    if ("row" in lost) { // a list of promises: on to the next that is open, else to the heading
      const on = (lost.row && document.getElementById(lost.row)?.querySelector("button")) || seen("h1");
      if (on?.matches("h1")) on.tabIndex = -1;
      on?.focus({ preventScroll: on.matches("h1") });
      return;
    }
    const like = lost.act && seen(`[data-testid="${lost.act}"]`);
    const who = () => seen("[data-card]") || seen(".card__name"), pencil = () => seen("[data-testid=note-add]");
    const next = like || (lost.act === "here" && seen("[data-testid=said]")) || (lost.foot ? pencil() : who()) || pencil();
    if (!next) return;
    if (next.matches("h1")) next.tabIndex = -1;
    next.focus({ preventScroll: true });
    const acts = next.closest(".card__foot") ? now.querySelector(".account__acts") : next.closest(".account__acts, .account__cause") ?? next;
    if (acts && acts.getBoundingClientRect().top < innerHeight) requestAnimationFrame(() => uncover(acts));
  });
  // Whoever has seen a line that was left for them goes on with the next one, or from the heading.
  let within = false;
  document.addEventListener("htmx:before:swap", () => { within = Boolean(document.activeElement?.closest("#left")); });
  document.addEventListener("htmx:after:swap", () => {
    const left = document.getElementById("left");
    if (!within || !left || document.activeElement !== document.body) return;
    const heading = document.querySelector("h1");
    heading.tabIndex = -1;
    (left.querySelector("button") || heading).focus();
  });
  // The toast stands over the end of a card: what was just done, and what can be done next, do not lie under it.
  const uncover = (acts) => {
    const toast = document.querySelector(".card__foot .toast:not([hidden])");
    const under = toast ? acts.getBoundingClientRect().bottom - toast.getBoundingClientRect().top : 0;
    if (under > 0) scrollBy({ top: under + 8, behavior: "instant" });
  };
})();
