// What is done while the signal is gone is written down on the phone (queue.js) before it is sent, and says so in its row until
// the server has it. Without a worker that is all there is; with one, what cannot be had leads to the list it keeps.
(() => {
  const LASTS = 12 * 3600_000, WAIT = 500; // ms: that a page shows people without a word from the server; that writing may take
  const LATER = [401, 403, 408, 425, 429];
  const app = () => document.querySelector("[data-kept]");
  const words = () => JSON.parse(app().dataset.kept);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const who = () => document.documentElement.dataset.who;
  const clock = (at) => new Intl.DateTimeFormat(app().dataset.locale, { timeZone: app().dataset.zone, hour: "numeric", minute: "2-digit" }).format(new Date(at)).replace(/^0(?=\d)/, "");
  const address = "/worker.js", trusted = self.trustedTypes?.createPolicy("worker", { createScriptURL: () => address }).createScriptURL("") ?? address;
  navigator.serviceWorker?.register(trusted).catch(() => {});

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
    const more = { id, of: row.dataset.customer, name: row.querySelector(".person").textContent, shop: form.elements.shop?.value };
    await Promise.race([self.acts.keep(type, data, who(), more), new Promise((done) => setTimeout(done, WAIT))]);
  };
  // A worker sees what a page asks for and keeps the list by it. One that begins while a page is being opened does not have
  // that page in WebKit, for as long as it stands, though it says so and claims it: there the page tells it.
  const keepBy = (tag) => navigator.serviceWorker?.getRegistration().then((worker) => worker?.active?.postMessage({ keep: true, tag }));
  document.addEventListener("htmx:finally:request", async ({ detail: { ctx } }) => {
    const form = ctx.sourceElement, status = ctx.response?.status ?? 0, unheard = !status || status >= 500 || LATER.includes(status);
    if (status && status < 502) heard = Date.now();
    if (form?.id === "day" || form?.dataset?.act) signal(Boolean(status) && (status < 502 || status > 504));
    if (form?.id === "day" && status && !navigator.serviceWorker?.controller) keepBy(ctx.response.headers.get("HX-PTag") ?? ctx.request.headers["HX-PTag"]);
    if (!form?.dataset?.act) {
      // nothing can be had from the server: the kept list has a sheet of its own
      const wanted = !status && form?.matches?.("[data-testid=note-add]") && form.closest("li");
      if (wanted && (await self.caches?.match("/today/kept"))) {
        location.hash = `note-${wanted.dataset.customer}`;
        location.reload();
      }
      return;
    }
    const id = form.dataset.act;
    delete form.dataset.act;
    if (!unheard) { self.acts.strike(id); return; }
    await mark();
    self.acts.flush();
  });

  // -- rows say what waits

  const mark = async () => {
    if (!app()) return;
    const acts = (await self.acts.all()).filter((act) => String(act.who) === who()), told = words();
    for (const row of document.querySelectorAll("#day li[data-customer]")) {
      const mine = acts.filter((act) => act.of === row.dataset.customer && !act.refused && act.type.startsWith("visit."));
      const last = mine[mine.length - 1], came = last?.type === "visit.create", place = row.querySelector(".docket__acts form, form:has([data-testid=here])");
      if (row.dataset.waits === (last?.id ?? "") || !last || !place || (came && row.dataset.arrived === "true")) continue;
      row.dataset.waits = last.id;
      const line = row.querySelector(".wait") ?? document.createElement("span");
      line.className = "wait muted";
      line.textContent = fill(told.waits, { what: came ? told.here : told.back });
      row.querySelector(".person").after(line);
      place.hidden = true;
      if (!came) continue;
      const stamp = document.createElement("span"), time = document.createElement("time"), undo = document.createElement("button");
      stamp.className = "stamp";
      time.textContent = clock(last.at);
      stamp.append(told.stamp, time);
      undo.className = "btn";
      undo.type = "button";
      undo.textContent = told.undo_button;
      undo.dataset.testid = "undo";
      undo.setAttribute("aria-label", fill(told.undo, { name: last.name }));
      undo.addEventListener("click", async () => {
        await self.acts.keep("visit.undo", { visit: last.id }, who(), { of: last.of, name: last.name, shop: last.shop });
        stamp.remove();
        undo.remove();
        await mark();
        self.acts.flush();
      });
      place.after(stamp, undo);
    }
    tellRefused(acts.filter((act) => act.refused), told);
    return acts.filter((act) => !act.refused).length;
  };
  const tellRefused = (acts, told) => document.getElementById("refused").replaceChildren(...acts.map((act) => {
    const box = document.createElement("div"), said = document.createElement("p"), drop = document.createElement("button");
    box.className = "banner";
    said.textContent = `${told.refused} ${[act.name, act.data.text].filter(Boolean).join(": ")}. ${act.refused}`;
    drop.className = "btn";
    drop.textContent = told.drop;
    drop.addEventListener("click", async () => { await self.acts.strike(act.id); mark(); });
    box.append(said, drop);
    return box;
  }));

  // -- whether there is a signal

  let heard = Date.now(), gone = false;
  const signal = async (there) => {
    if (!app()) return;
    const banner = document.getElementById("signal");
    if (there) {
      banner?.remove();
      if (gone) self.acts.flush();
    } else {
      const n = (await mark()) ?? 0, told = words(), forms = told.kept, box = banner ?? document.createElement("div");
      const head = document.createElement("b"), count = document.createElement("span"), text = document.createElement("p");
      box.id = "signal";
      box.className = "banner";
      box.dataset.testid = "offline-banner";
      box.setAttribute("role", "status");
      head.textContent = told.signal;
      count.dataset.testid = "pending-count";
      count.dataset.n = n;
      if (n) count.textContent = fill(forms[new Intl.PluralRules(app().dataset.locale).select(n)] ?? forms.other, { n });
      text.append(head, count);
      box.replaceChildren(text);
      if (!banner) document.getElementById("main").prepend(box);
    }
    gone = !there;
  };
  addEventListener("acts", ({ detail: { waiting, sent, off, heard: results } }) => {
    if (!app()) return;
    const told = words(), joined = results.find((one) => one.result?.joined && one.result.by);
    const said = off ? told.clock : joined ? fill(told.already, { name: joined.act.name, time: clock(joined.result.at), by: joined.result.by }) : sent && !waiting ? told.sent : "";
    if (said) document.dispatchEvent(new CustomEvent("tell", { detail: said }));
    if (sent) document.getElementById("day").dispatchEvent(new CustomEvent("tick"));
    mark();
  });
  const toldBefore = sessionStorage.getItem("told"); // on the list that was kept, just before the server was there again
  if (toldBefore && app()) document.dispatchEvent(new CustomEvent("tell", { detail: toldBefore }));
  sessionStorage.removeItem("told");
  const start = () => self.acts.all().then((acts) => { if (acts.length) self.acts.flush(); mark(); }, () => {});
  for (const kind of ["online", "pageshow"]) addEventListener(kind, start);
  start();

  // nobody is shown on a phone that has heard nothing for so long
  const tooLong = () => {
    if (!document.querySelector(".app") || Date.now() - heard < LASTS) return;
    document.body.replaceChildren();
    location.replace("/offline");
  };
  setInterval(tooLong, 60_000);
  document.addEventListener("visibilitychange", () => { tooLong(); if (!document.hidden) start(); });
})();
