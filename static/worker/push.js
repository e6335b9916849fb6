// What comes while nobody looks: one notice a kind, a newer one in the place of the older. Its words and where it leads come
// from the server and name nobody. Something has to come up for whatever arrives: browsers take the leave back else.
(() => {
  const here = (path) => {
    const to = new URL(path || "/", self.location.origin);
    return to.origin === self.location.origin ? to : new URL("/", self.location.origin);
  };

  const show = (data) => {
    let told = {};
    try { told = data.json() || {}; } catch { /* nothing we can read: a line without words is all there is */ }
    return self.registration.showNotification(told.title || "Regulars", {
      body: told.text || "", tag: told.kind || "notice", lang: told.lang || "", dir: told.dir || "auto",
      data: { path: here(told.path).pathname },
    });
  };

  // A window that shows the page already, else any other of ours; where there is none, or it cannot be led there, a new one.
  const open = async (path) => {
    const to = here(path);
    const all = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
    const there = all.find((one) => new URL(one.url).pathname === to.pathname);
    if (there) return there.focus();
    try {
      const led = all[0] && await all[0].navigate(to.href);
      if (led) return await led.focus();
    } catch { /* not one of this worker's */ }
    return self.clients.openWindow(to.href);
  };

  const move = async (was, now) => {
    const fresh = now || await self.registration.pushManager.subscribe(was.options);
    const { endpoint, keys } = fresh.toJSON();
    const body = new URLSearchParams({ was: was.endpoint, endpoint, p256dh: keys.p256dh, auth: keys.auth });
    return fetch("/notices/moved", { method: "POST", body, credentials: "same-origin" });
  };

  self.addEventListener("push", (event) => event.waitUntil(show(event.data)));
  self.addEventListener("notificationclick", (event) => {
    event.notification.close();
    event.waitUntil(open(event.notification.data && event.notification.data.path));
  });
  self.addEventListener("pushsubscriptionchange", (event) => {
    if (event.oldSubscription) event.waitUntil(move(event.oldSubscription, event.newSubscription));
  });
})();
