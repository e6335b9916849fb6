// Every act has an id of its own, made here, so that sent twice it is done once. It stays with its form until the form goes.
// (crypto.randomUUID is missing on plain http in a LAN; getRandomValues is not.)
(() => {
  const uuid = () => {
    const b = crypto.getRandomValues(new Uint8Array(16));
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    const hex = [...b].map((n) => n.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.querySelector("[name=action]")) return;
    const key = document.createElement("input");
    key.type = "hidden";
    key.name = "action";
    key.value = uuid();
    form.append(key);
  }, true);
})();
