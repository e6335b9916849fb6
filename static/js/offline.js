// The worker comes when the page stands, and after it what a page needs once the signal goes: the worker has fetched that.
(() => {
  const AT_MOST = 3000; // ms
  const address = "/worker.js", come = () => { import(document.documentElement.dataset.offline).catch(() => {}); };
  const trusted = self.trustedTypes?.createPolicy("worker", { createScriptURL: () => address }).createScriptURL("") ?? address;
  addEventListener("load", () => {
    const { serviceWorker } = navigator;
    if (serviceWorker) serviceWorker.register(trusted).then(() => serviceWorker.ready).then(come, come); else come();
    setTimeout(come, AT_MOST); // a worker that cannot be had is not waited for
  });
})();
