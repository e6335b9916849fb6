// A button that prints; without scripts the browser's own menu does.
(() => {
  addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-print]");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => print());
  });
})();
