// What is done while the signal is gone is written down on the phone (queue.js) before it is sent, and says so in its row until
// the server has it. Without a worker that is all there is; with one, what cannot be had leads to the list it keeps.
(() => {
  const LASTS = 12 * 3600_000, WAIT = 500, FORM = 15_000; // ms: that a page shows people without a word from the server; that writing, and a form, may take
  const LATER = [401, 403, 408, 425, 429];
  const app = () => document.querySelector("[data-kept]");
  const words = () => JSON.parse(app().dataset.kept);
  const { fill, counted, made, stamp, cameOf } = self.acts, place = () => app().dataset;
  const who = () => document.documentElement.dataset.who;

  // -- a form of a row, as an act

  const ACTS = [
    [/^\/customers\/(\d+)\/visits$/, (customer) => ["visit.create", { customer }]],
    [/^\/visits\/(\d+)\/undo$/, (visit) => ["visit.undo", { visit }]],
    [/^\/customers\/(\d+)\/prompts$/, (customer, form, button) => [`prompt.${button.value}`, { customer, prompt: form.elements.prompt.value }]],
  ];
  const actOf = (form) => ACTS.map(([path, act]) => [path.exec(new URL(form.action).pathname), act]).find(([found]) => found);
  self.isAct = (form) => Boolean(app() && form.closest("li[data-customer]") && actOf(form) && !(form.elements.outcome && !form.elements.prompt));
  self.keepAct = async (form, button) => {
    if (!self.isAct(form)) return;
    const [[, number], act] = actOf(form), [type, data] = act(number, form, button), row = form.closest("li"), id = self.acts.fresh();
    let field = form.elements.action;
    if (!field) {
      field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "action" });
      form.append(field);
    }
    field.value = form.dataset.act = id;
    const more = { id, of: row.dataset.customer, name: row.querySelector(".person").textContent, shop: form.elements.shop?.value, until: Date.now() + FORM };
    await Promise.race([self.acts.keep(type, data, who(), more).catch(() => {}), new Promise((done) => setTimeout(done, WAIT))]);
  };
  // A worker sees what a page asks for and keeps the list by it. One that begins while a page is being opened does not have
  // that page in WebKit, for as long as it stands, though it says so and claims it: there the page tells it.
  const keepBy = (tag) => navigator.serviceWorker?.getRegistration().then((worker) => worker?.active?.postMessage({ keep: true, tag }));
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => { ctx.act = ctx.sourceElement?.dataset?.act; }); // a swap takes the form away
  document.addEventListener("htmx:finally:request", async ({ detail: { ctx } }) => {
    const form = ctx.sourceElement, id = ctx.act ?? form?.dataset?.act, status = ctx.response?.status ?? 0, unheard = !status || status >= 500 || LATER.includes(status);
    if (status && status < 502) heard = Date.now();
    if (form?.id === "day" || id) signal(Boolean(status) && (status < 502 || status > 504));
    if (form?.id === "day" && status && !navigator.serviceWorker?.controller) keepBy(ctx.response.headers.get("HX-PTag") ?? ctx.request.headers["HX-PTag"]);
    if (!id) {
      // nothing can be had from the server: the kept list has a sheet of its own
      const wanted = !status && form?.matches?.("[data-testid=note-add]") && form.closest("li");
      if (wanted && (await self.caches?.match("/today/kept"))) {
        location.hash = `note-${wanted.dataset.customer}`;
        location.reload();
      }
      return;
    }
    delete form?.dataset?.act;
    if (!unheard) { self.acts.strike(id); return; }
    const act = (await self.acts.all()).find((one) => one.id === id);
    if (act) await self.acts.put({ ...act, until: 0 });
    else document.dispatchEvent(new CustomEvent("tell", { detail: document.documentElement.dataset.notSaved })); // this browser keeps nothing
    await mark();
    self.acts.flush();
  });

  // -- rows say what waits

  const mark = async () => {
    if (!app()) return;
    const acts = (await self.acts.all()).filter((act) => String(act.who) === who()), told = words();
    for (const row of document.querySelectorAll("#day li[data-customer]")) {
      const mine = acts.filter((act) => act.of === row.dataset.customer && !act.refused && !(act.until > Date.now()));
      const last = mine.findLast((act) => act.type.startsWith("visit.")), came = last?.type === "visit.create";
      const said = mine.some((act) => act.type.startsWith("prompt.")), key = `${last?.id} ${said}`;
      if (row.dataset.waits === key || (!last && !said) || (came && row.dataset.arrived === "true")) continue;
      row.dataset.waits = key;
      const form = [...row.querySelectorAll("form")].find((one) => (came ? /\/visits$/ : /\/undo$/).test(one.action));
      const line = row.querySelector(".wait") ?? document.createElement("span");
      line.className = "wait muted";
      line.textContent = fill(told.waits, { what: [...(last ? [came ? told.here : told.back] : []), ...(said ? [told.said] : [])].join(", ") });
      row.querySelector(".person").after(line);
      if (said) row.querySelector(".said")?.setAttribute("hidden", "");
      for (const here of row.querySelectorAll("form")) if (/\/visits$/.test(here.action)) here.hidden = came;
      if (form && last) form.hidden = true;
      if (last && !came) row.querySelector(".stamp")?.setAttribute("hidden", "");
      if (!came || !form) continue;
      const mark_ = stamp(last.at, told, place()), undo = made("button", { className: "btn", type: "button" }, told.undo_button);
      undo.dataset.testid = "undo";
      undo.setAttribute("aria-label", fill(told.undo, { name: last.name }));
      undo.addEventListener("click", async () => {
        await self.acts.keep("visit.undo", { visit: last.id }, who(), { of: last.of, name: last.name, shop: last.shop });
        mark_.remove();
        undo.remove();
        await mark();
        self.acts.flush();
      });
      form.after(mark_, undo);
    }
    self.acts.refused(document.getElementById("refused"), acts.filter((act) => act.refused), told, mark);
    return acts.filter((act) => !act.refused).length;
  };

  // -- whether there is a signal

  let heard = Date.now(), gone = false;
  const signal = async (there) => {
    if (!app()) return;
    const banner = document.getElementById("signal");
    if (there) {
      banner?.remove();
      if (gone) self.acts.flush();
    } else {
      const n = (await mark()) ?? 0, told = words(), box = banner ?? made("div", { id: "signal", className: "banner" });
      box.dataset.testid = "offline-banner";
      box.setAttribute("role", "status");
      const count = made("span", {}, n ? counted(told.kept, n, place().locale) : "");
      count.dataset.testid = "pending-count";
      count.dataset.n = n;
      if (box.textContent !== told.signal + count.textContent) box.replaceChildren(made("p", {}, made("b", {}, told.signal), count)); // else it is not read aloud again
      if (!banner) document.getElementById("main").prepend(box);
    }
    gone = !there;
  };
  let offTold = false; // once a page
  addEventListener("acts", ({ detail }) => {
    if (!app()) return;
    const said = cameOf(offTold ? { ...detail, off: 0 } : detail, words(), place());
    offTold ||= Boolean(detail.off);
    if (said) document.dispatchEvent(new CustomEvent("tell", { detail: said }));
    if (detail.sent) document.getElementById("day").dispatchEvent(new CustomEvent("tick"));
    mark();
  });
  const toldBefore = sessionStorage.getItem("told"); // on the list that was kept, just before the server was there again
  if (toldBefore && app()) document.dispatchEvent(new CustomEvent("tell", { detail: toldBefore }));
  sessionStorage.removeItem("told");
  if (localStorage.getItem("left")) { // whoever had this phone took the list off it while there was no signal
    localStorage.removeItem("left");
    fetch("/sign-out", { method: "POST" }).finally(() => location.replace("/sign-in"));
  }
  const start = () => self.acts.all().then((acts) => { if (acts.length) self.acts.flush(); mark(); }, () => {});
  for (const kind of ["online", "pageshow"]) addEventListener(kind, start);
  start();

  // nobody is shown on a phone that has heard nothing for so long
  const tooLong = () => {
    if (!who() || Date.now() - heard < LASTS) return;
    document.body.replaceChildren();
    location.replace("/offline");
  };
  setInterval(tooLong, 60_000);
  document.addEventListener("visibilitychange", () => { tooLong(); if (!document.hidden) start(); });
})();
