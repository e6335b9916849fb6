// The note sheet opens over the page it was asked from; chips alone are kept when it is closed.
(() => {
  const sheet = () => document.getElementById("sheet");
  let opener;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-testid=note-add]");
    if (link) opener = link;
    if (event.target.closest("#sheet [data-close]") || event.target === sheet()) {
      event.preventDefault();
      close();
    }
  });
  const close = () => {
    const form = sheet().querySelector("[data-note]");
    if (form && form.querySelector("[name=chip]:checked")) form.requestSubmit();
    else sheet().close();
  };
  document.addEventListener("cancel", (event) => {
    if (event.target === sheet()) { event.preventDefault(); close(); }
  }, true);
  document.addEventListener("htmx:after:swap", (event) => {
    const dialog = sheet();
    if (!dialog) return;
    const target = event.detail.ctx && event.detail.ctx.target;
    if (target === dialog && dialog.firstElementChild) {
      if (!dialog.open) dialog.showModal();
    } else if (dialog.open && dialog.contains(event.target) && event.detail.ctx.response && event.detail.ctx.response.status < 400) {
      dialog.close();
    }
  });
  document.addEventListener("close", (event) => {
    if (event.target !== sheet()) return;
    sheet().replaceChildren();
    if (opener && opener.isConnected) opener.focus();
  }, true);
})();
