// Large keys for the PIN: the fourth digit signs in. Without scripts the plain field and its button do the same.
(() => {
  const ready = () => {
    const form = document.querySelector("[data-pin]");
    if (!form) return;
    const field = form.elements.pin, dots = [...form.querySelectorAll(".dots i")];
    form.querySelector("[data-keys]").hidden = form.querySelector("[data-dots]").hidden = false;
    form.querySelector("[data-plain-submit]").hidden = true;
    field.parentElement.classList.add("vh");
    const show = () => dots.forEach((dot, i) => dot.classList.toggle("on", i < field.value.length));
    form.addEventListener("click", (event) => {
      const key = event.target.closest("[data-key]");
      if (!key) return;
      field.value = key.dataset.key === "delete" ? field.value.slice(0, -1) : (field.value + key.dataset.key).slice(0, 6);
      show();
      if (field.value.length === 4 && key.dataset.key !== "delete") form.requestSubmit();
    });
    field.addEventListener("input", () => { show(); if (field.value.length === 4) form.requestSubmit(); });
    form.addEventListener("change", (event) => { if (event.target.name === "staff") { field.value = ""; show(); } });
    document.addEventListener("keydown", (event) => {
      if (/^\d$/.test(event.key) && document.activeElement !== field) field.focus();
    });
  };
  addEventListener("DOMContentLoaded", ready);
})();
