// Private notes are hidden whenever a page is opened. Pressed and held they are read; a tap or Enter shows them for five
// seconds; the pill shows those of the open card until it is pressed again, nobody looks, or nothing is touched for a minute.
// The text is fetched each time, so that each reading is known, and an answer that comes too late is dropped.
(() => {
  const GLIMPSE = 5000, UNTOUCHED = 60000; // ms
  const TAP = 350, SCROLLS = 120; // a press shorter than the first is a tap, shorter than the second may be a scroll
  const SLOP = 12; // px that a finger may slip before it scrolls
  const UNTIL = "notes-shown-until"; // kept for this tab: the pill pressed on a list holds for the card opened from it
  let mode = ""; // "", "held" while a finger is on it, "glimpse" for five seconds, "shown" by the pill
  let press = null, asked = null, timer, end, leaving = false;

  const place = () => document.querySelector("[data-held]");
  const isShown = () => Number(sessionStorage.getItem(UNTIL)) > Date.now();
  const form = () => document.querySelector("[data-private] form[data-htmx-powered]"); // before that, it leads to another page
  const ask = () => { asked = form(); asked?.requestSubmit(); };
  const turn = (to) => { mode = to; document.documentElement.dataset.notes = to || "hidden"; };
  const hide = () => { clearTimeout(timer); turn(""); asked = null; place()?.replaceChildren(); };
  const glimpse = () => {
    clearTimeout(timer);
    timer = setTimeout(() => { if (place()?.matches(":active")) glimpse(); else hide(); }, GLIMPSE);
  };

  // -- pressed and held

  const letGo = () => {
    if (!press) return;
    const short = performance.now() - press.since < TAP;
    clearTimeout(press.wait);
    press = null;
    if (!short) { hide(); return; }
    if (mode !== "held") { turn("glimpse"); ask(); return; }
    turn("glimpse");
    if (place()?.firstElementChild) glimpse();
  };
  let byFinger = false;
  document.addEventListener("pointerdown", (event) => {
    const hold = event.target.closest("[data-hold]");
    if (!hold || event.button || !event.isPrimary) return;
    if (event.pointerType === "mouse") hold.setPointerCapture(event.pointerId);
    byFinger = true;
    hide();
    press = { since: performance.now(), y: event.clientY, wait: setTimeout(() => { turn("held"); ask(); }, SCROLLS) };
  });
  const scrolls = () => {
    if (!press) return;
    clearTimeout(press.wait);
    press = null;
    byFinger = false;
    hide();
  };
  document.addEventListener("pointerup", letGo);
  document.addEventListener("pointercancel", scrolls);
  document.addEventListener("pointermove", (event) => {
    if (press && !mode && Math.abs(event.clientY - press.y) > SLOP) scrolls();
  }, { passive: true });
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-hold]")) return;
    if (byFinger) event.preventDefault(); else turn("glimpse"); // by keyboard or by ear: the form is sent as it is
    byFinger = false;
  });
  document.addEventListener("contextmenu", (event) => { if (event.target.closest("[data-hold]")) event.preventDefault(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && mode === "glimpse") hide(); });

  document.addEventListener("htmx:before:swap", (event) => {
    if (event.detail.ctx?.target === place() && place() && !mode) event.preventDefault();
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const held = place(), target = event.detail.ctx?.target;
    if (!held) return;
    if (target !== held) {
      if (mode !== "shown" && !held.firstElementChild) turn(""); // another card
      return;
    }
    if (mode === "glimpse") glimpse();
    // over what stands above it, so that nothing moves; below where there is no room
    const room = held.parentElement.getBoundingClientRect().top - (held.closest(".aside")?.getBoundingClientRect().top ?? 0);
    held.toggleAttribute("data-below", room < held.offsetHeight + 8);
  });

  // What is swapped in is plain and hidden, as every page is: before it is painted, the pill is drawn and the notes are asked
  // for again. Where there is no answer, they are not shown, and the pill does not say that they are.
  document.addEventListener("htmx:after:process", () => {
    draw();
    if (mode === "shown" && form() !== asked) ask();
  });
  const failed = (source) => { if (mode === "shown" && asked && source === asked) over(); };
  document.addEventListener("htmx:error", (event) => failed(event.target));
  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    if (ctx?.response?.status >= 400) failed(ctx.sourceElement);
  });
  let onPill = false; // who works by keyboard stays on it (where focus goes else: focus.js)
  document.addEventListener("htmx:before:swap", () => { onPill = Boolean(document.activeElement?.closest("[data-safe]")); });
  document.addEventListener("htmx:after:swap", () => {
    if (onPill && !document.activeElement?.closest("[data-safe]")) document.querySelector("[data-safe] button")?.focus({ preventScroll: true });
  });

  // -- the pill

  const draw = () => {
    const pill = document.querySelector("[data-safe]");
    if (!pill) return;
    const plain = pill.querySelector("p");
    if (plain) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = plain.className;
      button.append(...plain.childNodes);
      plain.replaceWith(button);
    }
    const button = pill.querySelector("button"), shown = isShown();
    button.setAttribute("aria-pressed", String(shown));
    button.querySelector("span").textContent = shown ? pill.dataset.shown : pill.dataset.hidden;
    button.querySelector("use").setAttribute("href", shown ? "#i-shown" : "#i-hidden");
  };
  const over = () => { clearTimeout(end); sessionStorage.removeItem(UNTIL); press = null; hide(); draw(); };
  const touched = () => {
    clearTimeout(end);
    sessionStorage.setItem(UNTIL, String(Date.now() + UNTOUCHED));
    end = setTimeout(over, UNTOUCHED);
  };
  const show = () => { touched(); turn("shown"); draw(); ask(); };
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-safe] button")) return;
    if (isShown()) over(); else show();
  });
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, () => { if (isShown()) touched(); }, { passive: true });
  }

  // -- whether anybody looks

  // Whoever goes on to the next page still looks; where the owner wishes, so does whoever wakes the phone within the minute.
  const away = () => { if (leaving || document.querySelector("[data-wakes]")) hide(); else over(); };
  const back = () => { if (!leaving && isShown()) show(); };
  addEventListener("blur", away);
  addEventListener("focus", back);
  document.addEventListener("visibilitychange", () => (document.hidden ? away : back)());
  addEventListener("pagehide", () => { leaving = true; hide(); });
  addEventListener("pageshow", (event) => {
    leaving = false;
    if (document.querySelector("[data-pin]")) { over(); return; }
    if (event.persisted || !document.querySelector("[data-safe] button")) draw();
    if (isShown()) show();
  });
  addEventListener("DOMContentLoaded", draw);
})();
