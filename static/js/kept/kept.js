// The list that a phone keeps, while there is no signal: it moves with the clock, takes what is done, and leads back to the
// page itself as soon as the server answers.
const app = document.getElementById("kept");
const EVERY = 4000, SOON = 60, OPEN = 20, OPEN_AT_MOST = 3, STALE = 2 * 3600_000; // ms, and minutes
const $ = (selector, from = document) => from.querySelector(selector);

// -- back to the server, wherever this is the page that stands in

let trying = false, typing = () => false;
const tryServer = async () => {
  if (trying || document.hidden) return;
  trying = true;
  try {
    const waiting = app ? await self.acts.flush().catch(() => 0) : 0;
    const answer = await fetch("/today/kept", { credentials: "same-origin", redirect: "manual", signal: AbortSignal.timeout?.(5000), headers: { "Acts-Waiting": String(waiting) } });
    const gone = answer.type === "opaqueredirect" || answer.status === 401;
    if (gone) { // nobody is signed in here any more
      navigator.serviceWorker?.controller?.postMessage({ forget: true });
      location.replace("/sign-in");
    } else if (answer.ok && answer.headers.has("Kept-For") && !typing()) {
      navigator.serviceWorker?.controller?.postMessage({ wait: true }); // slow as it may be, it is there
      if (location.pathname === "/offline") location.replace("/today"); else location.reload();
    }
  } catch { /* still no signal */ } finally { trying = false; }
};
if (location.hash === "#left") for (const part of document.querySelectorAll("[data-left]")) part.hidden = !part.hidden; // signed out, and the server has not heard of it yet
setInterval(tryServer, EVERY);
addEventListener("online", tryServer);
document.addEventListener("visibilitychange", tryServer);

if (app) {
  const { who, shop, zone, locale, made, hours } = app.dataset, words = JSON.parse(app.dataset.told);
  const { fill, stamp, cameOf } = self.acts, counted = (forms, n) => self.acts.counted(forms, n, locale);
  const wall = new Intl.DateTimeFormat("en", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit" });
  const clock = (at) => self.acts.clock(at, { locale, zone });
  const onTheWall = (at) => {
    const part = Object.fromEntries(wall.formatToParts(at).map(({ type, value }) => [type, value]));
    return { day: `${part.year}-${part.month}-${part.day}`, minute: part.hour * 60 + Number(part.minute) };
  };
  const madeAt = new Date(made), place = location.pathname;
  const off = app.dataset.keptAt ? app.dataset.keptAt - madeAt : 0; // ms by which this phone's clock is ahead of the server's
  const now = () => new Date(Date.now() - off), byServer = (at) => new Date(new Date(at) - off);

  // -- the day

  const day = $("#day");
  let gone = false; // the list has been taken off the phone
  const rows = () => [...day.querySelectorAll("li.row")];
  const minuteOf = (row) => (row.dataset.minute === undefined ? null : Number(row.dataset.minute));
  const here = (row) => row.dataset.arrived === "true";
  const arrange = () => {
    const at = now(), wallNow = onTheWall(at);
    if (gone) return;
    if (at - madeAt > hours * 3600_000) { leave(); return; }
    if (day.dataset.day !== wallNow.day) {
      const list = [...app.querySelectorAll("template[data-day]")].find((one) => one.dataset.day === wallNow.day);
      if (!list) { leave(); return; } // neither today nor tomorrow: of no use, and not to be shown
      day.dataset.day = wallNow.day;
      day.replaceChildren(list.content.cloneNode(true));
      $("#which-day").textContent = list.dataset.told;
      show();
    }
    const lists = { past: [], open: [], later: [], any: [] };
    let soon = 0, still = 0;
    const order = rows().sort((a, b) => (minuteOf(a) ?? 9999) - (minuteOf(b) ?? 9999));
    for (const row of order) {
      const minute = minuteOf(row), ahead = minute === null ? null : minute - wallNow.minute;
      if (!here(row)) still += 1;
      if (!here(row) && ahead !== null && ahead >= -5 && ahead <= SOON) soon += 1;
      if (here(row)) lists.past.push(row);
      else if (ahead === null) lists.any.push(row);
      else if (ahead < -5) lists.past.push(row);
      else if (lists.open.length < OPEN_AT_MOST && !lists.later.length && ahead <= (lists.open.length ? OPEN : SOON)) lists.open.push(row);
      else lists.later.push(row);
    }
    if (!lists.open.length) lists.open = lists.any.splice(0, OPEN_AT_MOST);
    for (const [name, listed] of Object.entries(lists)) {
      const list = $(`[data-${name}]`, day), stand = [...list.children];
      if (listed.length !== stand.length || listed.some((row, i) => row !== stand[i])) list.replaceChildren(...listed);
      if (list.previousElementSibling?.matches(".later")) list.previousElementSibling.hidden = !listed.length || place !== "/today";
    }
    $("[data-nobody]", day).hidden = still > 0 || place !== "/today";
    const line = $(".now", day);
    line.hidden = place !== "/today";
    line.setAttribute("aria-label", fill(words.now, { time: clock(at) }));
    $("time", line).textContent = clock(at);
    const headings = soon ? words.soon : still && lists.later.some((row) => !here(row)) ? words.later : words.some;
    const heading = { "/find": words.find, "/promises": words.promises, "/shift": words.shift }[place];
    $("#heading").textContent = heading ?? (still ? headings[(soon || still) - 1] ?? "" : words.nobody);
    narrow();
  };

  // -- the other places: the same list, narrowed down

  const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const narrow = () => {
    const field = $("#q"), typed = place === "/find" ? plain(field.value.trim()) : "";
    for (const row of rows()) {
      const wordsOf = plain($(".docket__who", row).textContent + " " + ($(".docket__usual:not(.wait)", row)?.textContent ?? "")).split(/[\s,;·]+/);
      row.hidden = (typed && !typed.split(/\s+/).every((part) => wordsOf.some((word) => word.startsWith(part)))) || (place === "/promises" && !row.querySelector("[data-promise]"));
    }
    const add = $("#add");
    add.hidden = !typed;
    $("#not-here").hidden = !typed || rows().some((row) => !row.hidden);
    if (typed) $("[data-add]", add).textContent = fill(words.add, { name: field.value.trim() });
  };
  for (const part of app.querySelectorAll("[data-place]")) part.hidden = part.dataset.place !== place;
  app.toggleAttribute("data-shift", place === "/shift");
  for (const link of app.querySelectorAll(".bar a")) if (new URL(link.href).pathname === place) link.setAttribute("aria-current", "page");
  $("#q").addEventListener("input", narrow);
  $("#find").addEventListener("submit", (event) => event.preventDefault());
  const leave = (to = "/offline") => {
    gone = true;
    document.body.replaceChildren(); // what is on the glass goes first
    navigator.serviceWorker?.controller?.postMessage({ forget: true });
    caches.delete("kept").finally(() => location.replace(to));
  };
  $("[data-leave]").addEventListener("click", async () => { // the worker signs out as soon as it can (serve.js)
    await (await caches.open("left")).put("/sign-out", new Response(""));
    leave("/offline#left");
  });

  // -- what was done, as the rows tell it

  const refusedBox = $("#refused");
  const isMine = (act) => String(act.who) === who;
  const rowOf = (customer) => rows().find((row) => row.dataset.customer === String(customer));
  const whom = (act) => String(act.data.customer ?? (act.type === "customer.create" ? act.id : act.of));
  const rowFor = (customer, name) => { // somebody new, or who is known and was not expected
    const stands = rowOf(customer);
    if (stands) return stands;
    const row = $("#walk-in").content.firstElementChild.cloneNode(true);
    Object.assign(row.dataset, { customer, name });
    $(".person", row).textContent = name;
    $(".docket__who", row).href = `#note-${customer}`;
    $("[data-here] button", row).setAttribute("aria-label", fill(words.mark, { name }));
    $("[data-note]", row).setAttribute("aria-label", fill(words.note_on, { name }));
    $("[data-any]", day).append(row);
    return row;
  };
  const arrived = (row, at, fresh) => {
    row.dataset.arrived = String(Boolean(at));
    row.querySelector(".stamp")?.remove();
    const form = row.querySelector("form[data-here], form[data-undo]");
    if (at) {
      const mark = stamp(at, words, { locale, zone });
      mark.classList.toggle("stamp--fresh", fresh);
      row.querySelector(".docket").prepend(mark);
    }
    if (!form) return;
    form.toggleAttribute("data-undo", Boolean(at));
    form.toggleAttribute("data-here", !at);
    const button = form.firstElementChild, name = row.dataset.name;
    delete button.dataset.sent;
    button.dataset.testid = at ? "undo" : "here";
    button.textContent = at ? words.undo_button : words.here;
    button.setAttribute("aria-label", at ? fill(words.undo, { name }) : fill(words.mark, { name }));
  };
  const show = async (fresh = "") => {
    const acts = await self.acts.all(), waiting = acts.filter((act) => !act.refused);
    if (gone) return;
    const count = $("[data-count]");
    count.textContent = waiting.length ? counted(words.kept, waiting.length) : "";
    count.dataset.n = waiting.length;
    const age = now() - madeAt;
    $("[data-age]").textContent = fill(age > STALE ? words.stale : words.from, { time: clock(madeAt) });
    const mine = acts.filter(isMine);
    for (const act of mine) if (act.name && !act.refused && onTheWall(byServer(act.at)).day === day.dataset.day) rowFor(whom(act), act.name);
    for (const row of rows()) {
      const of = mine.filter((act) => whom(act) === row.dataset.customer);
      const open = of.filter((act) => !act.refused);
      const last = self.acts.visitsOf(open).filter((act) => onTheWall(byServer(act.at)).day === day.dataset.day).at(-1);
      const at = last && (last.type === "visit.undo" ? null : byServer(last.at));
      if (last && here(row) !== Boolean(at)) arrived(row, at, fresh === row.dataset.customer);
      const what = self.acts.inWords(open.filter((act) => act === last || !self.acts.visitsOf([act]).length), words, { locale }), wait = row.querySelector(".wait");
      wait.hidden = !what;
      wait.querySelector("span").textContent = fill(words.waits, { what });
      const say = row.querySelector(".say"), said = row.querySelector("[data-said]");
      if (say) say.hidden = open.some((act) => act.type.startsWith("prompt."));
      if (said) said.hidden = say.hidden || !here(row);
      for (const owed of row.querySelectorAll("[data-promise]")) {
        owed.querySelector("[data-keep]").setAttribute("aria-pressed", String(open.some((act) => act.type === "promise.keep" && String(act.data.promise) === owed.dataset.promise)));
      }
    }
    const owed = $("[data-owed]"), open = rows().reduce((n, row) => n + row.querySelectorAll("[data-promise] [aria-pressed=false]").length, 0);
    owed.hidden = !open;
    $("b", owed).textContent = open;
    self.acts.refused(mine.filter((act) => act.refused), words, { locale, zone }, show, rowOf, () => refusedBox);
    arrange();
  };
  // -- what is done

  const toast = $("#toast");
  let over;
  const tell = (text, undo) => {
    const p = document.createElement("p");
    p.textContent = text;
    toast.replaceChildren(p);
    if (undo) {
      const button = document.createElement("button");
      button.className = "btn";
      button.dataset.testid = "toast-undo";
      button.textContent = words.undo_button;
      button.addEventListener("click", undo);
      toast.append(button);
    }
    toast.hidden = false;
    clearTimeout(over);
    over = setTimeout(() => { toast.hidden = true; }, 10000);
  };
  const paint = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done)); setTimeout(done, 100); });
  const done = async (type, data, more = {}) => { // the act's id, or "" where it could not be kept
    const { fresh = "", ...about } = more;
    let id = "";
    try {
      id = await self.acts.keep(type, data, who, { ...about, shop });
    } catch { // this browser keeps nothing, or has no room
      tell(document.documentElement.dataset.notSaved);
      return "";
    }
    await show(fresh);
    self.acts.flush();
    return id;
  };
  const idOf = (row) => row.dataset.customer;
  const underway = new WeakSet();
  const mark = async (row) => {
    if (underway.has(row)) return;
    underway.add(row);
    const at = new Date(), customer = idOf(row), name = row.dataset.name;
    row.querySelector("form button").dataset.sent = ""; // seen at once; the rest is work, and would hold that frame back
    navigator.vibrate?.(10);
    await paint();
    arrived(row, byServer(at), true); // before anything is written down
    tell(fill(words.is_here, { name }), () => unmark(row));
    if (!(await done("visit.create", { customer }, { name, at: at.toISOString(), fresh: customer }))) arrived(row, null);
    else if (document.activeElement === document.body) row.querySelector("form button")?.focus({ preventScroll: true });
    underway.delete(row);
  };
  const unmark = async (row) => {
    const customer = idOf(row), name = row.dataset.name;
    const act = (await self.acts.all()).filter((one) => !one.refused && ((one.type === "visit.create" && one.data.customer === customer) || one.id === customer)).pop();
    const visit = act?.id ?? row.dataset.visit;
    arrived(row, null);
    tell(fill(words.undone, { name }));
    await paint();
    await done("visit.undo", { visit }, { name, of: customer });
  };
  // Here does not wait for the click, which on a slow phone comes two frames after the finger is lifted.
  document.addEventListener("pointerup", (event) => {
    const button = event.target.closest?.("[data-here] button");
    if (!button) return;
    button.dataset.sent = "";
    setTimeout(() => { delete button.dataset.sent; }, 500);
  }, { passive: true });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-here], [data-undo]")) {
      event.preventDefault();
      const row = form.closest("li");
      if (form.hasAttribute("data-here")) mark(row); else unmark(row);
    } else if (form.id === "add") {
      event.preventDefault();
      const name = $("#q").value.trim(), at = new Date().toISOString();
      $("#q").value = "";
      done("customer.create", { name, here: true }, { name, at }).then((id) => id && tell(fill(words.is_here, { name }), () => unmark(rowFor(id, name))));
    } else if (form.id === "note") {
      event.preventDefault();
      write();
    }
  });
  document.addEventListener("click", (event) => {
    const row = event.target.closest("li.row");
    const keep = event.target.closest("[data-keep]");
    if (keep) {
      const { promise } = keep.closest("[data-promise]").dataset;
      if (keep.getAttribute("aria-pressed") === "true") takeBack(promise); else done("promise.keep", { promise }, { of: idOf(row), name: row.dataset.name });
    } else if (event.target.closest("[data-said]")) {
      done("prompt.said", { customer: idOf(row), prompt: $(".say", row).dataset.prompt }, { name: row.dataset.name });
    } else if (row && (event.target.closest("[data-note]") || event.target.closest(".docket__who"))) {
      event.preventDefault();
      open(row);
    } else if (event.target.closest("[data-close]") || event.target === sheet) sheet.close();
  });

  const takeBack = async (promise) => { // while it waits; later there is its page
    const act = (await self.acts.all()).find((one) => one.type === "promise.keep" && String(one.data.promise) === promise && !one.refused);
    if (act) await self.acts.strike(act.id);
    await show();
  };

  // -- a note, a promise, a question

  const sheet = $("#sheet"), note = $("#note");
  let about = null, writing = false;
  typing = () => sheet.open || Boolean($("#q").value.trim());
  // Words that another app shared while there was no signal (the worker put them by): whom they are about is asked here too.
  const SHARED = "/share", sharedBox = $("#shared");
  let shared = "";
  caches.match(SHARED).then(async (answer) => {
    if (answer && Date.now() - answer.headers.get("kept-at") < hours * 3600_000) shared = (await answer.text()).slice(0, 2000);
    $("bdi", sharedBox).textContent = shared;
    sharedBox.hidden = !shared;
    if (shared) sharedBox.scrollIntoView({ block: "nearest" });
  }, () => {});
  const leaveShared = () => {
    shared = "";
    sharedBox.hidden = true;
    caches.delete("shared");
  };
  $("[data-leave-it]").addEventListener("click", leaveShared);
  // What is being written waits in this window, as on the page's own sheet (sheet.js), which goes on with it.
  const key = () => `draft:${who}:/customers/${idOf(about)}/notes`;
  const chipsOf = () => [...note.querySelectorAll("[name=chip]:checked")].map((chip) => chip.value);
  const keepDraft = () => {
    const { text, this_is, seen_by } = note.elements, chips = chipsOf();
    if (text.value.trim() || chips.length) sessionStorage.setItem(key(), JSON.stringify({ at: Date.now(), text: text.value, this_is: this_is.value, seen_by: seen_by.value, chips }));
    else sessionStorage.removeItem(key());
  };
  for (const kind of ["input", "change"]) note.addEventListener(kind, keepDraft);
  const open = (row) => {
    about = row;
    note.reset();
    const draft = JSON.parse(sessionStorage.getItem(key()) ?? "null");
    for (const name of draft ? ["text", "this_is", "seen_by"] : []) if (draft[name] !== undefined) note.elements[name].value = draft[name];
    note.elements.this_is.value ||= "note"; // the page's own sheet knows more kinds
    note.elements.seen_by.value ||= "team";
    for (const chip of note.querySelectorAll("[name=chip]")) chip.checked = Boolean(draft?.chips?.includes(chip.value));
    if (shared && !note.elements.text.value) note.elements.text.value = shared;
    $("#sheet-title").textContent = fill(words.note_on, { name: row.dataset.name });
    sheet.showModal();
  };
  const write = async () => {
    const chips = chipsOf(), text = note.elements.text.value.trim(), customer = idOf(about), name = about.dataset.name, draft = key();
    const what = note.elements.this_is.value, isPrivate = note.elements.seen_by.value === "private";
    if (writing || (!chips.length && !text)) return;
    writing = true;
    const written = text && what !== "note" ? [[`${what}.create`, { customer, text }]] : [];
    if (chips.length || (text && what === "note")) written.push(["note.create", { customer, text: what === "note" ? text : "", chips, private: isPrivate }]);
    let kept = true;
    for (const [type, data] of written) kept = kept && Boolean(await done(type, data, { name }));
    writing = false;
    if (!kept) return; // it says so, and the words are still there
    sheet.close();
    tell(words.noted);
    sessionStorage.removeItem(draft);
    if (shared && shared.split(/\s+/).some((word) => word.length > 3 && text.includes(word))) leaveShared(); // else they wait for whom they are about
    note.reset();
  };

  // -- what came of it

  addEventListener("acts", ({ detail }) => {
    const said = cameOf(detail, words, { locale, zone });
    for (const { act, result } of detail.heard) { // so that it can be taken back from here
      const row = result?.visit && rowOf(act.type === "customer.create" ? act.id : act.data.customer);
      if (row) row.dataset.visit = result.visit;
    }
    if (said) {
      tell(said);
      sessionStorage.setItem("told", said); // for the page itself, which comes next
    }
    show();
  });
  arrange();
  requestAnimationFrame(() => performance.mark("list")); // the first frame that has people in it
  // Words that were sent as a form of a page of its own, and are kept by its act, no longer wait as a draft.
  const sent = sessionStorage.getItem("draft-sent"), draft = JSON.parse((sent && sessionStorage.getItem(sent)) ?? "null");
  if (draft) self.acts.all().then((acts) => { if (acts.some((act) => act.data.text === draft.text.trim())) sessionStorage.removeItem(sent); });
  sessionStorage.removeItem("draft-sent");
  show().then(() => {
    const wanted = JSON.parse(sessionStorage.getItem("note-on") ?? "null"); // just before the signal went
    sessionStorage.removeItem("note-on");
    const row = wanted ? rowFor(wanted.customer, wanted.name) : location.hash.startsWith("#note-") && rowOf(location.hash.slice(6));
    arrange();
    if (row) open(row);
    const sought = location.hash.startsWith("#p-") && rowOf(location.hash.slice(3)); // the row stands in for a card
    sought?.scrollIntoView?.({ block: "center" });
    if (sought) $(".docket__who", sought).focus({ preventScroll: true });
    tryServer();
  });
  $(".now", day)?.scrollIntoView({ block: "center" });
  setInterval(arrange, 20_000);
}
