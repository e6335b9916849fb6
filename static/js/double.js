// A double tap is one tap: where Here stood, other buttons stand a moment later, and the second touch is not meant for them.
(() => {
  document.addEventListener("click", (event) => {
    if (event.detail > 1 && event.target.closest("[data-customer] form button")) {
      event.preventDefault();
      event.stopImmediatePropagation();
    }
  }, true);
})();
