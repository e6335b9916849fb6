// The end of a shift: its words name whoever is next as soon as they are picked, and it ends once. (That the line being
// written waits, and for whom: sheet.js.)
(() => {
  document.addEventListener("change", (event) => {
    const picked = event.target;
    if (!picked.matches("[data-handing] [name=for]")) return;
    for (const place of document.querySelectorAll("[data-is]")) place.textContent = picked.dataset[place.dataset.is];
  });
  // What was picked before going away and coming back stays picked, and so do its words.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-once]")) delete form.dataset.sent;
    document.querySelector("[data-handing] [name=for]:checked")?.dispatchEvent(new Event("change", { bubbles: true }));
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-once]")) return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  }, true);
})();
