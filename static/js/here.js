// A tap is answered before the server is: the button looks done at once, and as it was when the act fails (a toast says so).
(() => {
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !button.closest("[data-customer]") || button.closest("dialog")) return;
    if ("sent" in button.dataset) { // once is enough
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    button.dataset.sent = "";
    if (button.matches("[data-testid=here]")) navigator.vibrate?.(10);
  }, true);
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.waits) return; // its answer is here and shows when the finger is lifted
    ctx.sourceElement?.querySelectorAll?.("[data-sent]").forEach((button) => delete button.dataset.sent);
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach((button) => delete button.dataset.sent));
})();
