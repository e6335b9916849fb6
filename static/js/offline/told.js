// How what waits on the phone is told, on a page and on the list that was kept alike: in the words the server gave for it.
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
const counted = (forms, n, locale) => fill(forms[new Intl.PluralRules(locale).select(n)] ?? forms.other ?? Object.values(forms)[0], { n });
const clock = (at, { locale, zone }) => new Intl.DateTimeFormat(locale, { timeZone: zone, hour: "numeric", minute: "2-digit" }).format(new Date(at)).replace(/^0(?=\d)/, "");
const made = (tag, values = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), values);
  element.append(...inside);
  return element;
};
const stamp = (at, words, place) => made("span", { className: "stamp" }, words.stamp, made("time", {}, clock(at, place)));

// What came of a delivery, in as many sentences as it needs; "" where there is nothing to tell.
const cameOf = ({ waiting, sent, off, heard }, words, place) => {
  const others = heard.map(({ result, reason, act }) => {
    if (result?.joined && result.by) return fill(words.already, { name: act.name, time: clock(result.at, place), by: result.by });
    if (result?.may_be) return fill(words.may_be, { name: act.name });
    return result?.already && reason ? `${act.name}: ${reason}` : "";
  }).filter(Boolean);
  const refused = heard.find((one) => one.status !== "applied" && one.status !== "duplicate" && !one.result?.already);
  const all = sent && !waiting && !refused && !others.length ? [words.sent] : [];
  const not = refused ? [words.refused, refused.act.name && `${refused.act.name}.`, refused.reason].filter(Boolean) : [];
  return [...all, ...others, ...not, ...(off ? [words.clock] : [])].join(" ");
};

// What waits of one person, in a few words: "Here, 1 note".
const NOTED = ["note.create", "step.create", "issue.open", "mistake.record"];
const visitsOf = (acts) => acts.filter((act) => act.type.startsWith("visit.") || (act.type === "customer.create" && act.data.here));
const inWords = (acts, words, { locale }) => {
  const n = (...types) => acts.filter((act) => types.includes(act.type)).length, visit = visitsOf(acts).at(-1);
  const many = (forms, ...types) => n(...types) && counted(forms, n(...types), locale);
  const came = visit && (visit.type === "visit.undo" ? words.back : words.here);
  const written = [many(words.note, ...NOTED), many(words.promise, "promise.create"), many(words.question, "question.create")];
  return [came, ...written, n("promise.keep") && words.done, n("prompt.said") && words.said, n("prompt.skipped") && words.skipped].filter(Boolean).join(", ");
};

// What was refused stands where it was done, with the reason and two ways on; its words can be changed. It is never dropped by
// itself. `rowOf` finds where a person stands, `rest` makes the place for all others.
const typed = new Map(); // by act, for a row may be made anew meanwhile
const again = async (act) => {
  const text = typed.get(act.id) ?? act.data.text, data = text === undefined ? act.data : { ...act.data, text };
  const id = await self.acts.keep(act.type, data, act.who, { name: act.name, of: act.of, shop: act.shop });
  for (const other of await self.acts.all()) { // what names it by its id
    const named = Object.entries(other.data).filter(([, value]) => value === act.id).map(([name]) => [name, id]);
    if (named.length) await self.acts.put({ ...other, data: { ...other.data, ...Object.fromEntries(named) }, of: other.of === act.id ? id : other.of });
  }
  await self.acts.strike(act.id);
  self.acts.flush();
};
const refusal = (act, words, place, changed) => {
  const way = (label, does) => {
    const button = made("button", { className: "btn", type: "button" }, label);
    button.addEventListener("click", async () => { await does(); typed.delete(act.id); await changed(); });
    return button;
  };
  const what = [act.name, inWords([act], words, place)].filter(Boolean).join(": "), hidden = act.data.private;
  const box = made("div", { className: "banner" }, made("div", {},
    made("p", {}, made("b", {}, words.refused), ` ${what}${act.data.text && !hidden ? `, “${act.data.text}”` : ""}. ${act.refused}`)));
  box.dataset.refused = act.id;
  if (act.data.text) {
    const field = made("textarea", { className: "input", rows: 2, maxLength: 2000 });
    const fold = made("details", {}, made("summary", { className: "why" }, words.change), field);
    field.setAttribute("aria-label", words.change);
    field.addEventListener("input", () => typed.set(act.id, field.value));
    fold.addEventListener("toggle", () => { field.value = fold.open ? typed.get(act.id) ?? act.data.text : ""; }); // private words are there while they are asked for
    box.firstChild.append(fold);
  }
  box.firstChild.append(made("div", { className: "banner__ways" }, way(words.again, () => again(act)), way(words.drop, () => self.acts.strike(act.id))));
  return box;
};
const refused = (acts, words, place, changed, rowOf, rest) => {
  for (const box of document.querySelectorAll("[data-refused]")) if (!acts.some((act) => act.id === box.dataset.refused)) box.remove();
  for (const act of acts) {
    if (document.querySelector(`[data-refused="${act.id}"]`)) continue;
    (rowOf(String(act.of ?? act.data.customer ?? act.id)) ?? rest()).append(refusal(act, words, place, changed));
  }
};
Object.assign(self.acts, { fill, counted, clock, made, stamp, cameOf, inWords, visitsOf, refused });
