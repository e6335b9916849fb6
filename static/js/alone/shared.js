// Words shared from another app are a draft like any other (sheet.js): in this tab, for whoever is signed in, until they are
// kept; where words on the same person wait already, after these.
(() => {
  const form = document.querySelector("[data-note]"), shared = form?.elements.text;
  if (!shared?.value) return;
  const key = `draft:${form.dataset.draft}`, waiting = JSON.parse(sessionStorage.getItem(key) ?? "{}");
  const before = (waiting.text ?? "").trim();
  const text = before.includes(shared.value) ? before : [before, shared.value].filter(Boolean).join("\n");
  sessionStorage.setItem(key, JSON.stringify({ lifetime: "always", moment: "arrival", chips: [], ...waiting, text, at: Date.now() }));
  shared.defaultValue = "";
})();
