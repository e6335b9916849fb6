// A tap is answered before the server is: the button looks done at once, and as it was when the act fails (a toast says so).
(() => {
  const CLICK = 500; // ms after the finger is lifted within which the browser makes a click of it
  const AT_MOST = 100; // ms that sending waits for the answer to be seen
  const underway = new WeakSet(), goes = new WeakSet();
  const mine = (target) => target.closest?.("[data-customer] form button");
  const asItWas = (button) => { if (!underway.has(button)) delete button.dataset.sent; };

  // Here does not even wait for the click, which on a slow phone comes two frames after the finger is lifted.
  let pressed = null;
  document.addEventListener("pointerdown", (event) => { pressed = event.isPrimary && !event.button ? mine(event.target) : null; }, { passive: true });
  document.addEventListener("pointercancel", () => { pressed = null; });
  document.addEventListener("pointerup", (event) => {
    const button = pressed;
    pressed = null;
    if (!button?.matches("[data-testid=here]") || mine(event.target) !== button) return;
    button.dataset.sent = "";
    setTimeout(() => asItWas(button), CLICK);
  }, { passive: true });

  // The work of sending would hold back the frame that shows the answer: it is sent once that is painted.
  const sendOncePainted = (form, button) => {
    let sent = false;
    const send = (event) => {
      if (sent) return;
      sent = true;
      removeEventListener("pagehide", send);
      const go = () => { goes.add(button); form.requestSubmit(button); };
      if (event?.type === "pagehide" || !self.keepAct) go(); else self.keepAct(form, button).then(go, go);
    };
    requestAnimationFrame(() => setTimeout(send));
    setTimeout(send, AT_MOST); // nothing is painted where nobody looks
    addEventListener("pagehide", send);
  };
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || !((mine(button) && !button.closest("dialog")) || self.isAct?.(event.target, button))) return;
    if (goes.has(button)) { // on its second way through here
      goes.delete(button);
      return;
    }
    if (!underway.has(button)) { // else once is enough
      underway.add(button);
      button.dataset.sent = "";
      if (button.matches("[data-testid=here]")) navigator.vibrate?.(10);
      else if (!self.isAct?.(event.target, button)) return;
      sendOncePainted(event.target, button);
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);
  const over = (button) => { underway.delete(button); asItWas(button); };
  document.addEventListener("htmx:finally:request", (event) => {
    const { ctx } = event.detail;
    if (ctx.waits || !ctx.sourceElement?.matches?.("form")) return; // one that waits shows when the finger is lifted
    ctx.sourceElement.querySelectorAll("[data-sent]").forEach(over);
  });
  addEventListener("pageshow", () => document.querySelectorAll("[data-sent]").forEach(over));
})();
