// What a page needs once the signal goes, and the worker, come when it stands.
addEventListener("load", () => { import(document.documentElement.dataset.offline).catch(() => {}); });
