// From 768 px the card opens beside the list; below, a row's link leads to the card's own page.
(() => {
  const wide = matchMedia("(min-width: 48rem)");
  const show = (href) => htmx.ajax("GET", href, { target: "#aside", swap: "innerHTML" });
  const mark = (link) => {
    document.querySelectorAll("[data-card][aria-current]").forEach((old) => old.removeAttribute("aria-current"));
    link.setAttribute("aria-current", "true");
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-card]");
    if (!link || !wide.matches || !document.querySelector("[data-pane]")) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    mark(link);
    show(link.href);
  });
  addEventListener("load", () => {
    const first = document.querySelector(".docket [data-card]");
    if (first && wide.matches && document.querySelector("[data-pane]")) { mark(first); show(first.href); }
  });
})();
