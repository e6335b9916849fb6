// What is done while the signal is gone is written down on the phone (queue.js) before it is sent, and says so where it was done
// until the server has it: on lists, cards, Find, promises and the note sheet. Without a worker that is all there is; with one,
// what cannot be had leads to the list it keeps.
(() => {
  const LASTS = 12 * 3600_000, STALE = 2 * 3600_000, WAIT = 500, FORM = 15_000, SKEW = 300_000; // ms: that a page shows people without a word from the server; and says its times may have moved; that writing, and a form, may take; by which a clock may be off
  const LATER = [401, 403, 408, 425, 429];
  const app = () => document.querySelector("[data-kept]");
  const words = () => JSON.parse(app().dataset.kept);
  const { fill, counted, clock, made, stamp, cameOf, inWords } = self.acts, place = () => app().dataset;
  let off = 0; // ms by which this phone's clock is ahead of the server's
  const who = () => document.documentElement.dataset.who;

  // -- a form, as the acts that it asks for: pairs of a type and its data, and the second's id where it follows from the first

  const WRITTEN = { promise: "promise.create", question: "question.create", step: "step.create", issue: "issue.open", fault: "issue.open", mistake: "mistake.record" };
  const ACTS = [
    [/^\/customers\/(\d+)\/visits$/, (customer) => [["visit.create", { customer }]]],
    [/^\/visits\/(\d+)\/undo$/, (visit) => [["visit.undo", { visit }]]],
    [/^\/customers\/(\d+)\/prompts$/, (customer, form, button) => (/^(said|skipped)$/.test(button?.value) ? [[`prompt.${button.value}`, { customer, prompt: form.elements.prompt.value }]] : [])],
    [/^\/promises\/(\d+)\/keep$/, (promise, form, button) => [["promise.keep", { promise, ...(button?.name === "channel" ? { channel: button.value } : {}) }]]],
    [/^\/customers$/, (_, form) => [["customer.create", { name: form.elements.name.value, here: true, alike: form.elements.someone_else ? "new" : "ask" }]]],
    [/^\/customers\/(\d+)\/notes$/, (customer, form) => (form.querySelector(".doubt") ? [] : written(customer, form))],
  ];
  const written = (customer, { elements: { text, this_is, due, lifetime, moment, seen_by, safety, everywhere, chip } }) => {
    const what = this_is?.value ?? "note", says = text.value.trim(), found = [];
    const chips = [...(chip?.length === undefined ? [chip].filter(Boolean) : chip)].filter((one) => one.checked).map((one) => one.value);
    if (says && what !== "note") {
      if (!self.crypto.subtle) return []; // of a LAN without https: the words wait in the sheet
      const day = what === "promise" && due?.value ? { due: due.selectedOptions[0].dataset.day } : {};
      found.push([WRITTEN[what], { customer, text: says, ...(what === "fault" ? { ours: true } : {}), ...day }, what]);
    }
    if (chips.length || (says && what === "note")) {
      const stands = { lifetime: lifetime?.value ?? "always", moment: moment?.value ?? "arrival", private: seen_by.value === "private" };
      found.push(["note.create", { customer, text: what === "note" ? says : "", chips, ...stands, safety: Boolean(safety?.checked), everywhere: Boolean(everywhere?.value) }]);
    }
    return found;
  };
  // The server names the second act of a form so: a UUID of version 5 (RFC 9562, 5.5).
  const derived = async (id, name) => {
    const space = id.replaceAll("-", "").match(/../g).map((pair) => parseInt(pair, 16));
    const sum = new Uint8Array(await crypto.subtle.digest("SHA-1", new Uint8Array([...space, ...new TextEncoder().encode(name)]))).slice(0, 16);
    sum[6] = (sum[6] & 15) | 80;
    sum[8] = (sum[8] & 63) | 128;
    return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("").replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  };
  const actsOf = (form, button) => {
    const { pathname } = new URL(button?.getAttribute("formaction") ?? form.getAttribute("action"), location);
    const [found, acts] = ACTS.map(([path, made]) => [path.exec(pathname), made]).find(([one]) => one) ?? [];
    return found && form.method === "post" ? acts(found[1], form, button) : [];
  };
  const whom = (form) => form.closest("[data-customer]")?.dataset.customer ?? form.elements?.customer?.value;
  const nameOf = (of, form) => document.querySelector(`[data-customer="${of}"] :is(.person, .card__name bdi)`)?.textContent ?? form.closest("li")?.querySelector(".person")?.textContent ?? form.elements?.name?.value;
  self.isAct = (form, button) => Boolean(app() && actsOf(form, button).length);
  self.keepAct = async (form, button) => {
    if (!self.isAct(form, button)) return;
    let field = form.elements.action;
    if (!field) {
      field = document.createElement("input");
      Object.assign(field, { type: "hidden", name: "action" });
      form.append(field);
    }
    const id = self.acts.fresh(), of = whom(form), ids = [];
    field.value = id;
    for (const [type, data, then] of actsOf(form, button)) {
      const more = { id: then ? await derived(id, then) : id, of: of ?? (type === "customer.create" ? id : undefined), name: nameOf(of, form), shop: form.elements.shop?.value, until: Date.now() + FORM };
      ids.push(more.id);
      form.dataset.act = ids.join(" ");
      await Promise.race([self.acts.keep(type, data, who(), more).catch(() => {}), new Promise((done) => setTimeout(done, WAIT))]);
    }
  };
  // A worker sees what a page asks for and keeps the list by it. One that begins while a page is being opened does not have
  // that page in WebKit, for as long as it stands, though it says so and claims it: there the page tells it.
  const keepBy = (tag) => navigator.serviceWorker?.getRegistration().then((worker) => worker?.active?.postMessage({ keep: true, tag }));
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => { ctx.act = ctx.sourceElement?.dataset?.act; }); // a swap takes the form away
  document.addEventListener("htmx:finally:request", async ({ detail: { ctx } }) => {
    const form = ctx.sourceElement, ids = (ctx.act ?? form?.dataset?.act)?.split(" ") ?? [], status = ctx.response?.status ?? 0, unheard = !status || status >= 500 || LATER.includes(status);
    if (status && status < 502) heard = Date.now();
    const date = ctx.response?.headers?.get("Date"), ahead = date ? Date.now() - new Date(date) : off;
    off = Math.abs(ahead) > SKEW ? ahead : 0;
    if (form?.id === "day" || ids.length) signal(Boolean(status) && (status < 502 || status > 504));
    if (form?.id === "day" && status && !navigator.serviceWorker?.controller) keepBy(ctx.response.headers.get("HX-PTag") ?? ctx.request.headers["HX-PTag"]);
    if (form?.id === "day" && status === 200) mark(); // rows that were made anew say again what was refused
    if (!ids.length) {
      // nothing can be had from the server: the kept list has a sheet of its own
      const wanted = !status && form?.matches?.("[data-testid=note-add]") && whom(form);
      if (wanted && (await self.caches?.match("/today/kept"))) {
        sessionStorage.setItem("note-on", JSON.stringify({ customer: wanted, name: nameOf(wanted, form) }));
        if (location.pathname === "/today") location.reload(); else location.assign("/today");
      }
      return;
    }
    delete form?.dataset?.act;
    const turnedAway = (status === 401 || status === 403) && form?.matches?.("[data-note]"); // its words wait in the sheet
    if (!unheard || turnedAway) { for (const id of ids) self.acts.strike(id); return; }
    const acts = (await self.acts.all()).filter((act) => ids.includes(act.id));
    for (const act of acts) await self.acts.put({ ...act, until: 0 });
    if (acts.length < ids.length) { document.dispatchEvent(new CustomEvent("lost")); return; } // this browser keeps nothing
    form?.dispatchEvent(new CustomEvent("kept", { bubbles: true }));
    const [act] = acts, { type, name } = act, told = words(), says = { "visit.create": told.is_here, "visit.undo": told.undone, "customer.create": told.is_here }[type];
    document.dispatchEvent(new CustomEvent("tell", { detail: says && name ? fill(says, { name }) : told.noted }));
    const toast = document.getElementById("toast");
    if (toast && type === "visit.create") toast.append(undo(fill(told.undo, { name }), () => { toast.hidden = true; return takeBack(act); }, "toast-undo"));
    await mark();
    self.acts.flush();
  });

  // -- rows say what waits

  const added = (element) => { element.dataset.added = ""; return element; };
  const hide = (...elements) => { for (const one of elements) if (one) { one.hidden = true; one.dataset.hid = ""; } };
  const asItWas = (holder) => {
    for (const one of holder.querySelectorAll("[data-added]")) one.remove();
    for (const one of holder.querySelectorAll("[data-hid]")) { one.hidden = false; delete one.dataset.hid; }
  };
  const says = (what) => added(made("span", { className: "wait muted" }, fill(words().waits, { what })));
  const takeBack = ({ id, of, name, shop }) => self.acts.keep("visit.undo", { visit: id }, who(), { of, name, shop });
  const undo = (label, does, testid = "undo") => {
    const button = made("button", { className: "btn", type: "button" }, words().undo_button);
    button.dataset.testid = testid;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", async () => { await does(); await mark(); self.acts.flush(); });
    return button;
  };
  const markOne = (holder, waiting) => {
    const told = words(), last = self.acts.visitsOf(waiting).at(-1), came = last && last.type !== "visit.undo";
    const known = came && holder.dataset.arrived === "true", what = inWords(known ? waiting.filter((act) => act !== last) : waiting, told, place());
    const forms = [...holder.querySelectorAll("form")], to = (path) => forms.find((form) => path.test(form.getAttribute("action"))), here = to(/\/visits$/);
    if (what) (holder.querySelector(".card__head") ?? holder.querySelector(".person"))?.after(says(what));
    if (waiting.some((act) => act.type.startsWith("prompt."))) hide(to(/\/prompts$/));
    if (last && !came) hide(holder.querySelector(".stamp"), to(/\/undo$/));
    if (!came || known || !here) return;
    hide(here);
    const back = undo(fill(told.undo, { name: last.name }), () => takeBack(last)), isBar = here.matches(".acts__main");
    here.after(added(stamp(new Date(last.at) - off, told, place())), added(isBar ? made("div", { className: "acts__main" }, back) : back));
  };
  const mark = async () => {
    if (!app()) return;
    const acts = (await self.acts.all()).filter((act) => String(act.who) === who()), told = words();
    const waiting = acts.filter((act) => !act.refused && !(act.until > Date.now()));
    for (const holder of document.querySelectorAll("li[data-customer], #card[data-customer]")) {
      const mine = waiting.filter((act) => act.of === holder.dataset.customer), key = mine.map((act) => act.id).join();
      if ((holder.dataset.waits ?? "") === key) continue;
      holder.dataset.waits = key;
      asItWas(holder);
      markOne(holder, mine);
    }
    for (const form of document.querySelectorAll("form[action^='/promises/'][action$='/keep']")) {
      const act = waiting.find(({ type, data }) => type === "promise.keep" && form.getAttribute("action") === `/promises/${data.promise}/keep`);
      if ((form.dataset.waits ?? "") === (act?.id ?? "")) continue;
      form.dataset.waits = act?.id ?? "";
      asItWas(form.parentElement);
      if (!act) continue;
      hide(form);
      const said = [says(told.done), added(undo(told.undo_button, () => self.acts.strike(act.id)))];
      if (form.parentElement.matches(".promise")) form.nextElementSibling.append(...said); else form.after(...said);
    }
    const rowOf = (of) => document.querySelector(`#card[data-customer="${of}"] .card__body, li[data-customer="${of}"]`);
    self.acts.refused(acts.filter((act) => act.refused), told, place(), mark, rowOf, rest);
    return acts.filter((act) => !act.refused).length;
  };
  const main = () => document.querySelector("main");
  const rest = () => {
    const box = document.getElementById("refused") ?? made("div", { id: "refused" });
    if (!box.isConnected) main().prepend(box);
    return box;
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
      const n = (await mark()) ?? 0, told = words(), box = banner ?? made("div", { id: "signal", className: "banner banner--signal" });
      box.dataset.testid = "offline-banner";
      box.setAttribute("role", "status");
      const count = made("span", {}, n ? counted(told.kept, n, place().locale) : "");
      count.dataset.testid = "pending-count";
      count.dataset.n = n;
      const from = document.getElementById("day") ? fill(Date.now() - heard > STALE ? told.stale : told.from, { time: clock(heard - off, place()) }) : "";
      if (box.textContent !== [told.signal, count.textContent, from].join(" ")) box.replaceChildren(made("p", {}, made("b", {}, told.signal), " ", count, ` ${from}`)); // else it is not read aloud again
      if (!banner) main().prepend(box);
    }
    gone = !there;
  };
  const anew = () => { // what was delivered shows where it was done
    const again = (id, from) => document.getElementById(id) && htmx.ajax("GET", from, { target: `#${id}`, select: `#${id}`, swap: "outerHTML" });
    for (const one of document.querySelectorAll("#day, [data-polls]")) one.dispatchEvent(new CustomEvent("tick"));
    document.querySelector("[role=search]")?.requestSubmit();
    if (document.querySelector("dialog[open]")) return;
    again("card", document.getElementById("card")?.dataset.address);
    again("promises", "/promises");
  };
  let offTold = false; // once a page
  addEventListener("acts", ({ detail }) => {
    if (!app()) return;
    const said = cameOf(offTold ? { ...detail, off: 0 } : detail, words(), place());
    offTold ||= Boolean(detail.off);
    if (said) document.dispatchEvent(new CustomEvent("tell", { detail: said }));
    if (detail.sent) anew();
    mark();
  });
  const toldBefore = sessionStorage.getItem("told"); // on the list that was kept, just before the server was there again
  if (toldBefore && app()) document.dispatchEvent(new CustomEvent("tell", { detail: toldBefore }));
  sessionStorage.removeItem("told");
  // Words that another app shared while there was no signal, and nobody has said yet whom they are about.
  const ask = (words) => {
    const form = made("form", { method: "post", action: "/share", hidden: true }, made("textarea", { name: "text", value: words }));
    document.body.append(form);
    form.submit();
  };
  const fresh = (answer) => (answer && Date.now() - answer.headers.get("kept-at") < LASTS ? answer.text() : "");
  if (document.getElementById("day")) self.caches?.match("/share").then(fresh).then((words) => words && ask(words), () => {});
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
