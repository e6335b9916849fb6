// A double tap is one tap: where Here stood, other buttons stand a moment later, and the second touch is not meant for them.
// A key that is held is one press: of what it would press again and again, the first is meant.
(() => {
  document.addEventListener("click", (event) => {
    if (event.detail > 1 && event.target.closest("[data-customer] form button")) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
  document.addEventListener("keydown", (event) => {
    if (event.repeat && ["Enter", " "].includes(event.key) && event.target.closest?.("form[method=post] button")) event.preventDefault();
  }, true);
})();
