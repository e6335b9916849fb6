// The note sheet opens over the page it was asked from. Closing it keeps chips alone; words that were typed, in a note or as
// the line at the end of a shift, wait in this tab for whoever typed them until they are kept, whatever closes the sheet or
// the page, or signs out.
(() => {
  const sheet = () => document.getElementById("sheet");
  const text = (form) => form.elements.text;
  const chips = (form) => [...form.querySelectorAll("[name=chip]")];
  const isRefused = (form) => Boolean(form.querySelector("[data-told]:not([hidden]), .doubt")); // it stands as typed, and is not kept
  const isTyped = (form) => {
    const words = text(form)?.value.trim();
    return Boolean(words) && (isRefused(form) || words !== text(form).defaultValue.trim());
  };

  // -- words that wait

  const DRAFT = "draft:", LASTS = 14 * 3600_000; // ms: longer than a shift
  const SENT = "draft-sent"; // the draft of the plain form that was sent last, until the next page tells what became of it
  const FIELDS = ["text", "this_is", "due", "lifetime", "moment", "seen_by", "everywhere", "base", "for"];
  const key = (form) => form.dataset.draft && DRAFT + form.dataset.draft; // it begins with whose words they are
  const forget = (form) => { if (key(form)) sessionStorage.removeItem(key(form)); };
  const prune = () => {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(DRAFT) && !(JSON.parse(sessionStorage.getItem(name)).at > Date.now() - LASTS)) sessionStorage.removeItem(name);
    }
  };
  const keep = (form) => {
    if (!key(form)) return;
    if (!isTyped(form)) { forget(form); return; }
    const chosen = { at: Date.now() };
    for (const name of FIELDS) if (form.elements[name]) chosen[name] = form.elements[name].value;
    chosen.safety = form.elements.safety?.checked;
    chosen.chips = chips(form).filter((chip) => chip.checked).map((chip) => chip.value);
    sessionStorage.setItem(key(form), JSON.stringify(chosen));
  };
  const restore = (form) => {
    prune();
    const waiting = key(form) && sessionStorage.getItem(key(form));
    if (!waiting || !text(form) || isRefused(form)) return;
    const chosen = JSON.parse(waiting);
    for (const name of FIELDS) if (name in chosen && form.elements[name]) form.elements[name].value = chosen[name];
    for (const chip of chips(form)) chip.checked = chosen.chips.includes(chip.value);
    if (form.elements.safety) form.elements.safety.checked = Boolean(chosen.safety);
    const more = form.querySelector("details.more");
    if (more) more.open = chosen.safety || chosen.seen_by === "private" || chosen.lifetime !== "always" || chosen.moment !== "arrival" || Boolean(chosen.everywhere);
    form.querySelector("[data-restored]").hidden = false;
    if (chosen.seen_by === "private") { form.dataset.veil = ""; veil(); }
  };
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest("[data-draft]");
      if (form) keep(form);
    });
  }
  document.addEventListener("toggle", (event) => { // what was unfolded is not left below the edge
    if (event.target.matches?.("details.more[open]")) event.target.scrollIntoView({ block: "nearest" });
  }, true);
  // A plain form that was kept leads on: only then is the next page one that the server redirected to, without the form.
  // Signed out, refused or without network it is not, and the words wait on.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-draft]") && !form.closest("dialog")) sessionStorage.setItem(SENT, key(form));
  });
  const arrive = () => {
    const sent = sessionStorage.getItem(SENT), [came] = performance.getEntriesByType("navigation");
    sessionStorage.removeItem(SENT);
    if (sent && came?.redirectCount > 0 && came.type !== "back_forward" && !document.querySelector("[data-draft]")) sessionStorage.removeItem(sent);
  };

  // -- private words being written are veiled while nobody looks

  const veil = () => document.querySelectorAll("[data-veil]").forEach((form) => form.classList.add("veiled"));
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, (event) => event.target.closest?.(".veiled")?.classList.remove("veiled"));
  }
  addEventListener("blur", veil);
  document.addEventListener("visibilitychange", () => { if (document.hidden) veil(); });

  // What was begun for whoever writes ends in dots: these are chosen, so that the first letter takes their place.
  const goOn = () => {
    const words = document.activeElement, at = words?.matches("[data-note] textarea[autofocus]") ? words.value.indexOf("…") : -1;
    if (at >= 0) words.setSelectionRange(at, at + 1);
  };
  for (const kind of ["focusin", "DOMContentLoaded"]) document.addEventListener(kind, goOn);

  // -- opening and closing

  let opener; // who asked for it: the element, and where it leads, should the element be replaced meanwhile
  const close = (form) => {
    if (form && isTyped(form)) { if (form.dataset.waiting) document.dispatchEvent(new CustomEvent("tell", { detail: form.dataset.waiting })); }
    else if (form && chips(form).some((chip) => chip.checked)) { form.requestSubmit(form.querySelector("[data-testid=keep]")); return; }
    sheet().close();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-testid=note-add], [data-sheet]");
    if (link) opener = { link, href: link.getAttribute("href") };
    const dialog = sheet(), form = event.target.closest("[data-note]");
    if (event.target.closest("[data-close]") && form && !form.closest("dialog")) {
      if (isTyped(form) || !chips(form).some((chip) => chip.checked)) return; // the link leads back
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-testid=keep]"));
    } else if (dialog && (event.target.closest("#sheet [data-close]") || event.target === dialog)) {
      event.preventDefault();
      close(dialog.querySelector("[data-note]"));
    }
  });
  document.addEventListener("cancel", (event) => {
    if (event.target === sheet()) { event.preventDefault(); close(sheet().querySelector("[data-note]")); }
  }, true);
  const refresh = (customer) => {
    const card = document.getElementById("card");
    if (!card || card.dataset.customer !== customer) return;
    htmx.ajax("GET", card.dataset.address, { target: "#card-body", select: "#card-body", swap: "outerHTML" });
  };
  document.addEventListener("htmx:after:swap", (event) => {
    const dialog = sheet(), { ctx } = event.detail;
    if (!dialog || !ctx) return;
    if (ctx.target === dialog && dialog.firstElementChild) {
      if (!dialog.open) dialog.showModal();
      dialog.scrollTop = 0; // what is asked or was wrong stands first
      const form = dialog.querySelector("[data-note]");
      if (form) restore(form);
      const told = dialog.querySelector("[data-told]:not([hidden])"); // something stands in the way: there one goes on
      if (told) { told.tabIndex = -1; told.focus(); dialog.scrollTop = 0; }
    } else if (dialog.open && ctx.sourceElement?.matches("#sheet [data-note]") && ctx.response?.status < 400) {
      const form = ctx.sourceElement;
      forget(form);
      dialog.close();
      refresh(form.dataset.customer);
      document.getElementById("day")?.dispatchEvent(new CustomEvent("tick")); // who was booked for today is on the list at once
    }
  });
  document.addEventListener("kept", ({ target }) => { // on this phone, until the signal is back
    if (!target.matches("[data-note]")) return;
    forget(target);
    sheet()?.close();
  });
  document.addEventListener("close", (event) => {
    if (event.target !== sheet()) return;
    sheet().replaceChildren();
    back();
  }, true);
  const back = () => {
    if (!opener) return;
    const again = opener.link.isConnected ? opener.link : opener.href && document.querySelector(`a[href="${CSS.escape(opener.href)}"]`);
    (again || document.querySelector("[data-hold]"))?.focus({ preventScroll: true });
  };
  document.addEventListener("htmx:after:swap", (event) => {
    if (event.detail.ctx?.target?.id === "card-body" && document.activeElement === document.body) back();
  });

  addEventListener("DOMContentLoaded", () => {
    arrive();
    prune();
    document.querySelectorAll("[data-draft]").forEach(restore);
  });
  addEventListener("pageshow", (event) => { if (event.persisted) sessionStorage.removeItem(SENT); });
})();
