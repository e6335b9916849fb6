// Large keys for the PIN: its last digit signs in. Without scripts the plain field and its button do the same.
(() => {
  const ready = () => {
    const form = document.querySelector("[data-pin]");
    if (!form) return;
    const field = form.elements.pin, dots = [...form.querySelectorAll(".dots i")];
    const whose = () => form.querySelector("[name=staff]:checked");
    const digits = () => Number(whose() ? whose().dataset.digits : 4);
    form.querySelector("[data-keys]").hidden = form.querySelector("[data-dots]").hidden = false;
    form.querySelector("[data-plain-submit]").hidden = true;
    field.parentElement.classList.add("vh");
    const forgot = form.querySelector("[data-forgot]"), help = form.querySelector("#forgot");
    help.hidden = true;
    forgot.addEventListener("click", () => { help.hidden = false; forgot.setAttribute("aria-expanded", "true"); });
    let sent = false;
    const show = () => {
      dots.forEach((dot, i) => { dot.hidden = i >= digits(); dot.classList.toggle("on", i < field.value.length); });
      if (whose()) form.querySelector("p[data-label]").textContent = whose().dataset.label;
      if (field.value.length === digits() && !sent) { sent = true; form.requestSubmit(); }
    };
    form.addEventListener("click", (event) => {
      const key = event.target.closest("[data-key]");
      if (!key || sent) return;
      field.value = key.dataset.key === "delete" ? field.value.slice(0, -1) : field.value + key.dataset.key;
      show();
    });
    field.addEventListener("input", show);
    form.addEventListener("change", (event) => { if (event.target.name === "staff") { field.value = ""; show(); } });
    document.addEventListener("keydown", (event) => {
      if (/^\d$/.test(event.key) && document.activeElement !== field) field.focus();
    });
    addEventListener("pageshow", () => { sent = false; field.value = ""; show(); });
  };
  addEventListener("DOMContentLoaded", ready);
})();
