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

// What came of a delivery, in a sentence; "" where there is nothing to tell.
const cameOf = ({ waiting, sent, off, heard }, words, place) => {
  const joined = heard.find((one) => one.result?.joined && one.result.by);
  if (joined) return fill(words.already, { name: joined.act.name, time: clock(joined.result.at, place), by: joined.result.by });
  const second = heard.find((one) => one.result?.already && one.reason);
  if (second) return `${second.act.name}: ${second.reason}`;
  if (off) return words.clock;
  const refused = heard.some((one) => one.status !== "applied" && one.status !== "duplicate" && !one.result?.already);
  return sent && !waiting && !refused ? words.sent : "";
};

// What was refused, each with its reason and two ways on. It is never dropped by itself.
const refused = (box, acts, words, changed) => {
  const way = (label, does) => {
    const button = made("button", { className: "btn", type: "button" }, label);
    button.addEventListener("click", async () => { await does(); await changed(); });
    return button;
  };
  const again = async (act) => {
    await self.acts.strike(act.id);
    const id = await self.acts.keep(act.type, act.data, act.who, { name: act.name, of: act.of, shop: act.shop });
    for (const other of await self.acts.all()) { // what names it by its id
      const named = Object.entries(other.data).filter(([, value]) => value === act.id).map(([name]) => [name, id]);
      if (named.length) await self.acts.put({ ...other, data: { ...other.data, ...Object.fromEntries(named) }, of: other.of === act.id ? id : other.of });
    }
    self.acts.flush();
  };
  box.replaceChildren(...acts.map((act) => made("div", { className: "banner" }, made("div", {},
    made("p", {}, made("b", {}, words.refused), `${[act.name, act.data.private ? "" : act.data.text].filter(Boolean).join(": ")}. ${act.refused}`),
    way(words.again, () => again(act)), way(words.drop, () => self.acts.strike(act.id))))));
};
Object.assign(self.acts, { fill, counted, clock, made, stamp, cameOf, refused });
