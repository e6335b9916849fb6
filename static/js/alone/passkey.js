// A passkey is made or asked for by the browser; its answer goes along in the form around the button. Without scripts, or in
// a browser that has no passkeys, the button stays hidden.
(() => {
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const ids = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));
  const show = () => {
    if (!window.PublicKeyCredential) return;
    document.querySelectorAll("[data-passkey][hidden]").forEach((part) => { part.hidden = false; });
    document.querySelectorAll("[data-no-passkey]").forEach((part) => { part.hidden = true; });
  };

  const make = async (options) => {
    const wanted = JSON.parse(options.value);
    const user = { ...wanted.user, id: bytes(wanted.user.id) };
    const publicKey = { ...wanted, user, challenge: bytes(wanted.challenge), excludeCredentials: ids(wanted.excludeCredentials) };
    const made = await navigator.credentials.create({ publicKey });
    return [made, { attestationObject: text(made.response.attestationObject), clientDataJSON: text(made.response.clientDataJSON) }];
  };
  const prove = async (button) => {
    const answer = await fetch(button.dataset.options, { method: "POST" });
    const wanted = await answer.json();
    const publicKey = { ...wanted, challenge: bytes(wanted.challenge), allowCredentials: ids(wanted.allowCredentials) };
    const got = await navigator.credentials.get({ publicKey });
    const { authenticatorData, clientDataJSON, signature, userHandle } = got.response;
    const said = { authenticatorData: text(authenticatorData), clientDataJSON: text(clientDataJSON), signature: text(signature) };
    return [got, userHandle ? { ...said, userHandle: text(userHandle) } : said];
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-passkey]");
    if (!button || button.disabled) return;
    const told = button.parentElement.querySelector("[data-told]");
    told.hidden = true;
    button.disabled = true;
    try {
      const options = button.form.querySelector("[data-create]");
      const [key, response] = await (options ? make(options) : prove(button));
      const answer = { id: key.id, rawId: text(key.rawId), type: key.type, response, clientExtensionResults: {} };
      button.form.elements[button.dataset.passkey].value = JSON.stringify(answer);
      button.form.submit();
    } catch {
      told.hidden = false; // cancelled, none there, or no signal
    }
    button.disabled = false;
  });
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", show); else show();
})();
