// The app on a home screen, and the way there: a hint that fits the system and can be waved away for good, a newer version
// taken by a tap, how many are still expected as a badge, and a screen that stays on at the counter.
(() => {
  const page = document.documentElement.dataset;
  const isInstalled = matchMedia("(display-mode: standalone)").matches || navigator.standalone;
  const place = document.getElementById("hints");

  // -- hints

  const WAVED = "hints-waved", SEEN = "hint-seen-on-today";
  const hint = (which) => place?.querySelector(`[data-hint=${which}]`);
  let there; // the hints, fetched once where the page has none yet
  const show = async (which) => {
    if (!place) return;
    there ??= place.dataset.from ? htmx.ajax("GET", place.dataset.from, { target: place, swap: "innerHTML" }) : true;
    await there;
    hint(which)?.removeAttribute("hidden"); // without a signal there is none
  };
  const hide = (which) => {
    if (!hint(which)) return;
    const held = hint(which).contains(document.activeElement), heading = document.querySelector("h1");
    hint(which).hidden = true;
    if (held) { heading.tabIndex = -1; heading.focus(); }
  };
  // On Today it is there once, for whoever comes to the end of the list; elsewhere until it is waved away; on the page This
  // phone, where one looks for it, always.
  const suggest = (which) => {
    if (isInstalled || !place) return;
    const once = "once" in place.dataset;
    if (!("always" in place.dataset) && (localStorage.getItem(WAVED) || (once && localStorage.getItem(SEEN)))) return;
    if (!once) { show(which); return; }
    new IntersectionObserver(([end], watch) => {
      if (!end.isIntersecting) return;
      watch.disconnect();
      localStorage.setItem(SEEN, "yes");
      show(which);
    }).observe(place);
  };
  const offered = () => { if (window.offer) suggest("offer"); };
  addEventListener("beforeinstallprompt", () => setTimeout(offered)); // who else listens keeps it first
  addEventListener("appinstalled", () => hide("offer"));
  offered();
  if (navigator.standalone === false && navigator.maxTouchPoints) suggest("iphone"); // there nothing is offered: they are told how

  // -- a newer version waits until somebody takes it

  const isTyped = () => [...document.querySelectorAll("textarea, input:not([type=hidden], [type=radio], [type=checkbox])")].some((field) => field.value !== field.defaultValue);
  let registration;
  const watch = async () => {
    registration = await navigator.serviceWorker?.getRegistration();
    if (!registration?.active) return; // the first one is no newer one
    const newer = () => { if (registration.waiting) show("newer"); };
    newer();
    registration.addEventListener("updatefound", () => registration.installing?.addEventListener("statechange", newer));
  };
  const take = () => {
    navigator.serviceWorker.addEventListener("controllerchange", () => {
      if (isTyped()) hide("newer"); // from the next page on
      else location.replace(location.pathname);
    }, { once: true });
    registration.waiting?.postMessage({ take: true });
  };
  watch();

  document.addEventListener("click", (event) => {
    const button = event.target.closest("#hints button");
    if (!button) return;
    if ("take" in button.dataset) take();
    if ("wave" in button.dataset) {
      localStorage.setItem(WAVED, "yes");
      hide("offer");
      hide("iphone");
    }
    if ("install" in button.dataset) {
      window.offer?.prompt(); // of one offer, once: another may come
      window.offer = null;
      hide("offer");
    }
  });

  // -- the badge: people still expected, and nothing once somebody has signed out

  let told;
  const count = () => {
    const day = document.getElementById("day");
    if (!navigator.setAppBadge || (!day && page.who)) return;
    const expected = day ? day.querySelectorAll("[data-testid=today-row][data-arrived=false]").length : 0;
    if (expected === told) return;
    told = expected;
    navigator.setAppBadge(expected).catch(() => {});
  };
  document.addEventListener("htmx:after:swap", count);
  count();

  // -- a screen that stays on; the system lets it go whenever the page is hidden

  const stayOn = () => {
    if (page.screen && document.getElementById("day") && !document.hidden) navigator.wakeLock?.request("screen").catch(() => {});
  };
  document.addEventListener("visibilitychange", stayOn);
  stayOn();

  for (const part of document.querySelectorAll("[data-needs]")) part.hidden = !(part.dataset.needs in navigator);
})();
