// The service worker: the shell from this phone at once, pages from the network, and without a signal the list that was kept.
// BUILD and SHELL stand in front of this file (views/worker.py).
const SHELL_CACHE = `shell-${BUILD}`, KEPT_CACHE = "kept", KEPT = "/today/kept", NONE = "/offline";
const PLACES = ["/today", "/find", "/promises", "/shift"]; // the kept list stands in for these
const LASTS = 12 * 3600_000, OFF = 600_000, ANEW = 600_000, AT_MOST_EVERY = 60_000, PATIENCE = 3000, LONGEST = 10_000; // ms
const SHARED_CACHE = "shared", LEFT_CACHE = "left", LEFT = "/sign-out"; // words nobody has said yet whom they are about; a sign-out the server has not heard of
const ACTED = "/today/acted", HEAD = "kept-at", FOR = "kept-for", WITH = "kept-with";

let patientUntil = 0;

// -- the shell

const fetchAnew = (path) => new Request(path, { cache: "reload", credentials: "omit" });
addEventListener("install", (event) => {
  event.waitUntil(caches.open(SHELL_CACHE).then((cache) => cache.addAll(SHELL.map(fetchAnew))));
});
addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const list = await caches.match(KEPT, { cacheName: KEPT_CACHE }), shell = await caches.open(SHELL_CACHE);
    for (const path of (list?.headers.get(WITH) ?? "").split(" ")) { // the list that is kept may be made with older files
      const file = path && !(await shell.match(path)) && (await caches.match(path));
      if (file) await shell.put(path, file);
    }
    for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== SHELL_CACHE) await caches.delete(name);
    await clients.claim();
  })());
});
addEventListener("message", (event) => {
  if (event.data?.take) skipWaiting(); // somebody tapped: the newer version is wanted now
  if (event.data?.wait) patientUntil = Date.now() + 60_000; // the page knows that the server is there
  if (event.data?.forget) event.waitUntil(forget());
  if (event.data?.keep) event.waitUntil(keepSoon(event.data.tag));
});

// -- the kept list

let former = new AbortController(); // whoever is signed in; what is on its way for them when somebody else comes is not kept
const forget = async () => {
  last = null;
  former.abort();
  former = new AbortController();
  await caches.delete(SHARED_CACHE);
  await caches.delete(KEPT_CACHE);
};
const kept = async () => {
  const answer = await caches.open(KEPT_CACHE).then((cache) => cache.match(KEPT));
  const age = Date.now() - answer?.headers.get(HEAD);
  if (age < LASTS && age > -OFF) return answer; // a clock that was put back is as good as one that ran on
  if (answer) await caches.delete(KEPT_CACHE); // too old, for whoever it is
};
// Something was done on this phone since the list was kept: noted where a worker that is stopped and started finds it.
const acted = () => caches.open(KEPT_CACHE).then((cache) => cache.put(ACTED, new Response(String(Math.random()))));
let keeping = null;
const keep = async (tag) => {
  const cache = await caches.open(KEPT_CACHE);
  const stands = await kept(), age = stands ? Date.now() - stands.headers.get(HEAD) : Infinity;
  const revision = tag?.split(".")[1] ?? "";
  const done = async () => (await cache.match(ACTED))?.text(), before = await done(), { signal } = former;
  if (before === undefined && (age < AT_MOST_EVERY || (age < ANEW && stands.headers.get("revision") === revision))) return;
  const timer = setTimeout(() => stops.abort(), LONGEST), stops = new AbortController();
  signal.addEventListener("abort", () => stops.abort());
  try {
    await store(await fetch(KEPT, { credentials: "same-origin", signal: stops.signal }), signal, revision);
    if (before === (await done())) await cache.delete(ACTED); // else something more was done meanwhile
  } finally { clearTimeout(timer); }
};
// `former` is aborted as soon as somebody else may be there: then it is not theirs to see.
const store = async (answer, former, revision = "") => {
  if (!answer.ok || answer.redirected || !answer.headers.has(FOR)) { // the last: not a page of ours, but of something between
    if (answer.redirected || answer.status === 401 || answer.status === 404) await forget();
    return;
  }
  const cache = await caches.open(KEPT_CACHE);
  const headers = new Headers(answer.headers);
  headers.set(HEAD, String(Date.now())); // by this phone's clock, which the page is told too
  headers.delete("Content-Encoding");
  headers.set("revision", revision);
  const shell = await caches.open(SHELL_CACHE); // after an update the list may be made with newer files than this worker's
  for (const path of (headers.get(WITH) ?? "").split(" ")) if (path && !(await shell.match(path))) await shell.add(fetchAnew(path));
  const text = (await answer.text()).replace("data-made=", `data-kept-at="${headers.get(HEAD)}" data-made=`);
  if (former.aborted) return;
  await cache.put(KEPT, new Response(text, { headers }));
  if (former.aborted) await caches.delete(KEPT_CACHE);
};
const keepSoon = (tag) => (keeping ??= keep(tag).catch(() => {}).finally(() => { keeping = null; }));

// -- what is asked for

// Whoever signs in or out, or is signed out, leaves nothing of the list behind.
const changesWho = ({ method, url }) => method === "POST" && /^\/(sign-in|sign-out|enrol|first-run|shift|shops)\b/.test(new URL(url).pathname);
const seen = async (answer, path) => {
  if (answer.status === 401 || (path === "/sign-in" && answer.ok)) await forget(); // nobody is signed in
  if (answer.headers.has("Clear-Site-Data") && answer.status === 401) {
    await forget();
    indexedDB.deleteDatabase("regulars"); // for browsers that do not know the header
  }
};
const fromShell = async (request) => (await caches.match(request, { cacheName: SHELL_CACHE, ignoreVary: true })) ?? fetch(request);
const rowOf = (path) => path.replace(/^\/customers\/(\d+)$/, "p-$1"); // of a card: whose row may be kept
const hasRow = async (list, path) => rowOf(path) !== path && (await list.clone().text()).includes(`id="${rowOf(path)}"`);
const standIn = async (path) => {
  if (await hasLeft()) return path === NONE ? caches.match(NONE, { ignoreVary: true }) : Response.redirect(`${NONE}#left`, 302);
  const list = await kept();
  if (list && PLACES.includes(path)) return list;
  if (list && (await hasRow(list, path))) return Response.redirect(`/today#${rowOf(path)}`, 302);
  return (await caches.match(NONE, { ignoreVary: true })) ?? Response.error();
};

// -- who left without a signal is signed out before anything else is asked

const leave = async () => {
  await caches.open(LEFT_CACHE).then((cache) => cache.put(LEFT, new Response("")));
  await forget();
};
const hasLeft = async () => Boolean(await caches.match(LEFT, { cacheName: LEFT_CACHE }));
const leaveFirst = async () => {
  if (!(await hasLeft())) return;
  const answer = await fetch(LEFT, { method: "POST", credentials: "same-origin", signal: AbortSignal.timeout?.(PATIENCE) });
  if (answer.status >= 500) throw new Error("The server has not heard of it.");
  await caches.delete(LEFT_CACHE); // 401 as well: the session is over already
};
// A proxy's page, in front of a server that is not there, is no answer of ours.
const isProxys = (answer) => answer.status >= 502 && answer.status <= 504 && !answer.headers.get("Content-Security-Policy");
const unlessProxys = (answer) => {
  if (isProxys(answer)) throw new Error("The server is not there.");
  return answer;
};

// Today as it was last answered, in memory alone and as long as its tag holds: opened again unchanged, it is not sent again.
let last = null;
const unlessChanged = (request) => (last ? new Request(request.url, { credentials: "same-origin", redirect: "manual", headers: { ...Object.fromEntries(request.headers), "HX-PTag": last.tag } }) : request);
const remember = async (answer) => { last = { tag: answer.headers.get("HX-PTag"), headers: answer.headers, body: await answer.text() }; };

const page = async (request, path, isToday) => {
  const list = Date.now() > patientUntil && (await kept()), has = list && (PLACES.includes(path) || (await hasRow(list, path)));
  const stops = new AbortController();
  const timer = has && setTimeout(() => stops.abort(), PATIENCE); // a router that is starting says neither yes nor no
  try {
    await leaveFirst();
    const answer = unlessProxys(await fetch(isToday ? unlessChanged(request) : request, has ? { signal: stops.signal } : {}));
    clearTimeout(timer);
    if (answer.status === 304 && last) return new Response(last.body, { headers: last.headers });
    await seen(answer, path);
    return answer;
  } catch {
    clearTimeout(timer);
    return standIn(path);
  }
};

// A form that asks for a page: what its page has written down stays where the form was not heard, and goes once it was.
const posted = async (request) => {
  const id = (await request.clone().formData().catch(() => null))?.get("action"), act = id && (await self.acts.all()).find((one) => one.id === id);
  if (!act) return fetch(request);
  try {
    const answer = await fetch(request);
    if (answer.status < 500) await self.acts.strike(id);
    return answer;
  } catch {
    await self.acts.put({ ...act, until: 0 });
    return Response.redirect("/today", 303);
  }
};

// Words that another app shares wait here while there is no signal, until somebody says whom they are about: on the kept list,
// or as soon as a page asks the server (waiting.js).
const sharedBy = async (request) => {
  const copy = request.clone(), cache = await caches.open(SHARED_CACHE);
  try {
    const answer = await fetch(request);
    if (answer.ok || answer.type === "opaqueredirect") await cache.delete("/share");
    return answer;
  } catch {
    const form = await copy.formData(), waits = await cache.match("/share");
    const before = (waits && Date.now() - waits.headers.get(HEAD) < LASTS && (await waits.text())) || "";
    const parts = ["title", "text", "url", "shared"].map((name) => (form.get(name) ?? "").trim()).filter((part) => part && !before.includes(part));
    const words = parts.filter((part, i) => !parts.some((other, j) => j !== i && other.includes(part) && (other !== part || j < i)));
    await cache.put("/share", new Response([before, ...words].filter(Boolean).join("\n"), { headers: { [HEAD]: String(Date.now()) } }));
    return Response.redirect("/today", 303);
  }
};

// Somebody leaves, or comes, and the server does not hear it. Who leaves takes the list along at once, and is signed out as soon as
// there is a signal (`leaveFirst`); all else says that it needs one.
const unheardOf = async (path) => {
  if (path !== LEFT) return Response.redirect(path === "/shift" ? path : NONE, 303);
  await leave();
  return Response.redirect(`${NONE}#left`, 303);
};
const changing = async (request, path) => {
  if (request.mode !== "navigate") return fetch(request);
  try {
    return unlessProxys(await fetch(request, path === LEFT ? { signal: AbortSignal.timeout?.(PATIENCE) } : {}));
  } catch {
    return unheardOf(path);
  }
};

addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname, search } = new URL(request.url);
  if (origin !== location.origin) return;
  if (SHELL.includes(pathname) || pathname.startsWith("/static/build/")) {
    event.respondWith(fromShell(request));
    return;
  }
  if (changesWho(request)) {
    const answer = changing(request, pathname);
    event.respondWith(answer);
    const heard = async (given) => { // "default": made here, for it was not
      if (given.type === "default") return;
      await caches.delete(LEFT_CACHE);
      await forget();
    };
    event.waitUntil(answer.then(heard, () => {}));
    return;
  }
  if (request.method !== "GET") {
    last = null;
    if (pathname === "/share" && request.mode === "navigate") event.respondWith(sharedBy(request));
    else if (request.mode === "navigate" && /^\/(customers|visits|promises)\b/.test(pathname)) event.respondWith(posted(request));
    event.waitUntil(acted());
    return;
  }
  if (request.mode === "navigate") {
    const isToday = pathname === "/today" && !search, answer = page(request, pathname, isToday);
    event.respondWith(answer.then((given) => given.clone()));
    event.waitUntil(answer.then(async (given) => {
      const who = given.headers.get(FOR);
      if (pathname === "/today" && given.ok && !who) await keepSoon(given.headers.get("HX-PTag"));
      if (isToday && given.ok && !who) await remember(given);
      await self.acts.flush();
    }).catch(() => {}));
  } else if (pathname === KEPT) {
    const { signal } = former, answer = leaveFirst().then(() => fetch(request));
    event.respondWith(answer.then((given) => given.clone()));
    event.waitUntil(answer.then((given) => store(given, signal)).catch(() => {}));
  } else if (pathname === "/today") {
    const answer = fetch(request);
    event.respondWith(answer);
    event.waitUntil(answer.then(async (given) => {
      await seen(given, pathname);
      // a 304 as well: this may be the first word to a worker that was not there yet when the page came
      if (given.status === 200 || given.status === 304) await keepSoon(given.headers.get("HX-PTag") ?? request.headers.get("HX-PTag"));
    }).catch(() => {}));
  }
});

// -- what waits to be sent

addEventListener("sync", (event) => {
  if (event.tag === "acts") event.waitUntil(self.acts.flush().then(async (waiting) => { await acted(); await keepSoon(""); if (waiting) throw new Error("There is no signal yet."); }));
});
