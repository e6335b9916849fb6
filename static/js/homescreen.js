// Of an app on a home screen, and of the way there, only some phones need anything: it comes when the page stands.
(() => {
  const page = document.documentElement.dataset;
  if (!isSecureContext) return;
  const come = () => { import(page.installed).catch(() => {}); };
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    window.offer = event;
    come();
  });
  if (page.screen || "standalone" in navigator || navigator.serviceWorker?.controller || matchMedia("(display-mode: standalone)").matches || document.querySelector("[data-always]")) addEventListener("load", come);
})();
