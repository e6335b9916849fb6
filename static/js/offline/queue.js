// What was done on this phone and is not yet known to have been done on the server. It is written down before anything is
// sent, and struck out only by an answer of its own. Pages, the kept list and the worker share this file; a lock sees to it
// that one of them sends at a time, in the order in which things were done.
const STORE = "acts", AT_ONCE = 100, PATIENCE = 10000, FORGOTTEN = 90 * 86_400_000; // ms: as long as the server remembers what was done
const LATER = [401, 403, 408, 425, 429]; // and all of 500 and above: to be sent again, unlike a refusal in words
const told = (request) => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});
let base = null;
const database = () => {
  const opening = indexedDB.open("regulars", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "n", autoIncrement: true }).createIndex("id", "id", { unique: true });
  return told(opening).then((opened) => {
    opened.onversionchange = opened.onclose = () => { opened.close(); base = null; }; // emptied from outside: the next begins anew
    return opened;
  });
};
const work = async (mode, task) => {
  const changes = (await (base ??= database().catch((fault) => { base = null; throw fault; }))).transaction(STORE, mode, { durability: "strict" });
  const result = task(changes.objectStore(STORE));
  return new Promise((done, failed) => {
    changes.oncomplete = () => done(result.result);
    changes.onabort = changes.onerror = () => failed(changes.error);
  });
};
const all = () => work("readonly", (store) => store.getAll()).catch(() => []); // of a browser that keeps nothing there is nothing
const put = (act) => work("readwrite", (store) => store.put(act));
const strike = async (id) => {
  const act = (await all()).find((one) => one.id === id);
  if (act) await work("readwrite", (store) => store.delete(act.n));
};
// of a LAN without https there is no randomUUID, and no lock: there nobody but the page sends
const fresh = () => self.crypto.randomUUID?.() ?? "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));
let last = Promise.resolve();
const alone = (task) => (self.navigator.locks ? navigator.locks.request("acts", task) : (last = last.catch(() => {}).then(task)));

const ask = (acts) => fetch("/api/v1/actions", {
  method: "POST",
  headers: { "Content-Type": "application/json", ...(acts[0].by ? { Authorization: `Bearer ${acts[0].by}` } : {}) },
  body: JSON.stringify({ who: acts[0].who, sent_at: new Date().toISOString(), actions: acts.map(({ id, type, at, shop, data }) => ({ id, type, at, shop, data })) }),
  signal: AbortSignal.timeout?.(PATIENCE),
});
const channel = self.BroadcastChannel && new BroadcastChannel("acts");
const tell = (news) => {
  channel?.postMessage(news);
  self.dispatchEvent(new CustomEvent("acts", { detail: news }));
};
if (channel) channel.onmessage = (event) => self.dispatchEvent(new CustomEvent("acts", { detail: event.data }));

// Send what waits, oldest first; resolves to how much still does. What was refused stays, with the reason, and waits no more.
const flush = () => alone(async () => {
  let sent = 0, status = 200, off = 0;
  for (const act of await all()) if (act.refused && Date.now() - new Date(act.at) > FORGOTTEN) await strike(act.id);
  const heard = [], shut = new Set(); // whose acts are not taken at present: others' are sent all the same
  const whose = (act) => `${act.who} ${act.by}`;
  for (;;) {
    const waiting = (await all()).filter((act) => !act.refused && !(act.until > Date.now()) && !shut.has(whose(act)));
    const [first] = waiting;
    if (!first) break;
    let acts = waiting.slice(0, AT_ONCE);
    acts = acts.slice(0, acts.findIndex((act) => whose(act) !== whose(first)) >>> 0);
    let answer = await ask(acts).catch(() => null);
    if (answer && !answer.ok && acts.length > 1 && !LATER.includes(answer.status) && answer.status < 500) answer = await ask((acts = [first])).catch(() => null);
    status = answer?.status ?? 0;
    if (status === 401 || status === 403) {
      shut.add(whose(first));
      // What its secret does not deliver any more stays for whoever did it, to be done again; it waits no longer.
      const why = first.by && status === 401 && (await answer.json().catch(() => null))?.title;
      if (why) for (const act of waiting) if (whose(act) === whose(first)) await put({ ...act, refused: why });
      continue;
    }
    if (!answer || status >= 500 || LATER.includes(status)) break;
    const body = await answer.json().catch(() => null);
    if (!body) break; // not ours: a page that stands between us and the server
    off = body.clock_off_s ?? 0;
    const results = body.results ?? [{ id: first.id, status: "rejected", reason: body.title }];
    for (const result of results) {
      const act = acts.find((one) => one.id === result.id);
      if (!act) continue;
      const done = result.status === "applied" || result.status === "duplicate" || result.result?.already; // as they wished
      if (done) await strike(act.id); else await put({ ...act, refused: result.reason, told: result.result });
      sent += done;
      heard.push({ ...result, act });
    }
    if (!results.some((result) => acts.some((act) => act.id === result.id))) break;
  }
  const waiting = (await all()).filter((act) => !act.refused).length;
  tell({ waiting, sent, status, off, heard });
  return waiting;
});

// Write down what was done; `by` is what delivers it, whoever is signed in by then. `until` a time, somebody else sends it.
const keep = async (type, data, who, { id = fresh(), at = new Date().toISOString(), ...more } = {}) => {
  const by = self.document?.cookie.match(/(?:^|; )(?:__Host-)?regulars-acts=([0-9a-f]+)/)?.[1] ?? "";
  await work("readwrite", (store) => store.add({ id, type, data, at, who, by, ...more }));
  self.navigator.serviceWorker?.ready.then((worker) => worker.sync?.register("acts")).catch(() => {});
  return id;
};
self.acts = { all, keep, put, strike, flush, fresh };
