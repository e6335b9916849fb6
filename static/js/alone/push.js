// What a phone tells while nobody looks: the browser is asked for leave and for a place to be told at, which goes along in
// the form. Where it cannot be, one calm sentence says what is missing. Without scripts what was chosen can still be ended.
(() => {
  const ready = () => {
    const part = document.querySelector("[data-notices][data-key]:not([data-key=''])");
    if (!part) return;
    const form = part.querySelector("form"), button = form.querySelector("button"), key = part.dataset.key;
    const say = (why) => part.querySelectorAll("[data-why]").forEach((one) => { one.hidden = one.dataset.why !== why; });
    const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const same = (a, b) => !!a && a.byteLength === b.length && new Uint8Array(a).every((one, i) => one === b[i]);

    const missing = () => {
      if (!isSecureContext) return "http";
      const able = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
      if (!able) return navigator.standalone === false ? "home" : "browser";
      return Notification.permission === "denied" ? "denied" : "";
    };
    const place = async () => {
      const { pushManager } = await navigator.serviceWorker.ready, ours = bytes(key);
      let there = await pushManager.getSubscription();
      if (there && !same(there.options.applicationServerKey, ours)) {
        await there.unsubscribe(); // it was for another server, or for one before this
        there = null;
      }
      return there || pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: ours });
    };

    const begin = async () => {
      const why = missing();
      if (why) return say(why);
      say("worker");
      const { pushManager } = await navigator.serviceWorker.ready;
      const there = await pushManager.getSubscription();
      say("on" in part.dataset && (!there || Notification.permission !== "granted") ? "lost" : "");
      form.hidden = false;
    };
    form.addEventListener("submit", async (event) => {
      if (missing() || !form.querySelector("[name=kind]:checked")) return;
      event.preventDefault();
      button.disabled = true;
      try {
        if (await Notification.requestPermission() !== "granted") return say(missing() || "asked");
        const there = (await place()).toJSON();
        form.elements.endpoint.value = there.endpoint;
        form.elements.p256dh.value = there.keys.p256dh;
        form.elements.auth.value = there.keys.auth;
        form.submit();
      } catch {
        say("failed"); // no signal, or the browser's own service is away
      } finally {
        button.disabled = false;
      }
    });
    begin().catch(() => say("browser")); // it has a worker, and yet takes no part: a private window, say
  };
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", ready); else ready();
})();
