// The note sheet opens over the page it was asked from. Closing it keeps chips alone; words that were typed wait in this tab
// until they are kept, whatever closes the sheet or the page.
(() => {
  const sheet = () => document.getElementById("sheet");
  const text = (form) => form.elements.text;
  const chips = (form) => [...form.querySelectorAll("[name=chip]")];
  const isTyped = (form) => Boolean(text(form)) && text(form).value.trim() !== text(form).defaultValue.trim() && text(form).value.trim() !== "";

  // -- words that wait

  const key = (form) => form.dataset.draft && `draft:${form.dataset.draft}`;
  const forget = (form) => { if (key(form)) sessionStorage.removeItem(key(form)); };
  const keep = (form) => {
    if (!key(form)) return;
    if (!isTyped(form)) { forget(form); return; }
    const chosen = {};
    for (const name of ["text", "lifetime", "seen_by", "base"]) if (form.elements[name]) chosen[name] = form.elements[name].value;
    chosen.chips = chips(form).filter((chip) => chip.checked).map((chip) => chip.value);
    sessionStorage.setItem(key(form), JSON.stringify(chosen));
  };
  const restore = (form) => {
    const waiting = key(form) && sessionStorage.getItem(key(form));
    if (!waiting || !text(form) || !form.querySelector("[data-told]").hidden) return; // told what is wrong: it stands as typed
    const chosen = JSON.parse(waiting);
    for (const name of ["text", "lifetime", "seen_by", "base"]) if (name in chosen && form.elements[name]) form.elements[name].value = chosen[name];
    for (const chip of chips(form)) chip.checked = chosen.chips.includes(chip.value);
    form.querySelector("[data-restored]").hidden = false;
    if (chosen.seen_by === "private") { form.dataset.veil = ""; veil(); }
  };
  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      const form = event.target.closest("[data-note]");
      if (form) keep(form);
    });
  }

  // -- private words being written are veiled while nobody looks

  const veil = () => document.querySelectorAll("[data-veil]").forEach((form) => form.classList.add("veiled"));
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, (event) => event.target.closest?.(".veiled")?.classList.remove("veiled"));
  }
  addEventListener("blur", veil);
  document.addEventListener("visibilitychange", () => { if (document.hidden) veil(); });

  // -- opening and closing

  let opener; // who asked for it: the element, and where it leads, should the element be replaced meanwhile
  const close = (form) => {
    if (form && isTyped(form)) document.dispatchEvent(new CustomEvent("tell", { detail: form.dataset.waiting }));
    else if (form && chips(form).some((chip) => chip.checked)) { form.requestSubmit(); return; }
    sheet().close();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-testid=note-add], [data-sheet]");
    if (link) opener = { link, href: link.getAttribute("href") };
    const dialog = sheet(), form = event.target.closest("[data-note]");
    if (event.target.closest("[data-close]") && form && !form.closest("dialog")) {
      if (isTyped(form) || !chips(form).some((chip) => chip.checked)) return; // the link leads back
      event.preventDefault();
      form.requestSubmit();
    } else if (dialog && (event.target.closest("#sheet [data-close]") || event.target === dialog)) {
      event.preventDefault();
      close(dialog.querySelector("[data-note]"));
    }
  });
  document.addEventListener("cancel", (event) => {
    if (event.target === sheet()) { event.preventDefault(); close(sheet().querySelector("[data-note]")); }
  }, true);
  document.addEventListener("submit", (event) => {
    if (event.target.matches("[data-note]") && !event.target.closest("dialog")) forget(event.target);
  });
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
      const form = dialog.querySelector("[data-note]");
      if (form) restore(form);
    } else if (dialog.open && ctx.sourceElement?.matches("#sheet [data-note]") && ctx.response?.status < 400) {
      const form = ctx.sourceElement;
      forget(form);
      dialog.close();
      refresh(form.dataset.customer);
    }
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
    const form = document.querySelector("[data-note]");
    if (form) restore(form);
    if (!document.querySelector("[data-pin]")) return;
    for (const name of Object.keys(sessionStorage)) if (name.startsWith("draft:")) sessionStorage.removeItem(name); // the next person's tab
  });
})();
