// The first run's time zone is the browser's own until somebody picks another; beside it, what time it is there.
(() => {
  const ready = () => {
    const field = document.querySelector("[data-zone]");
    if (!field) return;
    const hint = document.getElementById("zone-hint");
    const tell = () => {
      const form = new Intl.DateTimeFormat(hint.dataset.language, { timeZone: field.value, hour: "numeric", minute: "2-digit" });
      hint.textContent = hint.dataset.itIs.replace("{time}", form.format(new Date()));
    };
    const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if ("guess" in field.dataset && [...field.options].some((one) => one.value === mine)) field.value = mine;
    if (field.value !== field.querySelector("[selected]").value) tell();
    field.addEventListener("change", tell);
  };
  addEventListener("DOMContentLoaded", ready);
})();
